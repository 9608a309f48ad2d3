/*
 * Marks that wait for the connection, and sending them: on a register, and on whatever page is opened next.
 *
 * One item of localStorage for each mark, under an id of the person that tells nothing: ids, codes and times, never a
 * name. Text that people type themselves (nature of an activity, reason) may hold names and stays in this page's memory;
 * such a mark is kept without its text and asks for it again. Why it is so: docs/adr/0010.
 */
(() => {
  "use strict";

  const script = document.getElementById("outbox-script");
  const person = script.dataset.person;
  const PREFIX = "rollcall.mark.";
  const OWN = `${PREFIX}${person}.`;
  const AT_ONCE = 100;
  const EVERY = 20000;
  const PATIENCE = 10000;

  const inMemory = new Map(); // key -> record with its texts
  const listeners = [];
  let token = document.querySelector("input[name=csrfmiddlewaretoken]")?.value || "";
  let connection = "up"; // up, down, signed-out, other-person
  let isKept = true; // whether the browser lets us keep anything
  let counter = Date.now();

  // --- keeping ---------------------------------------------------------------------------------------------------------

  function uuid() {
    if (crypto.randomUUID) return crypto.randomUUID(); // only on https and this machine
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  }

  const hasText = ({ nature, reason, seen }) => Boolean(nature || reason || seen.nature);

  function keep(record) {
    const { entry } = record;
    inMemory.set(entry.key, record);
    const bare = { ...entry, nature: "", reason: "", seen: { ...entry.seen, nature: "" } };
    try {
      localStorage.setItem(OWN + entry.key, JSON.stringify({ ...record, entry: bare, lacksText: hasText(entry) }));
      isKept = true;
    } catch {
      isKept = false; // full or forbidden: the marks are still sent, and leaving the page is warned of
    }
  }

  function drop(key) {
    inMemory.delete(key);
    try {
      localStorage.removeItem(OWN + key);
    } catch {
      // nothing was kept there
    }
  }

  /* Everything of this person, oldest first. */
  function all() {
    const found = new Map(inMemory);
    try {
      for (let place = 0; place < localStorage.length; place += 1) {
        const name = localStorage.key(place);
        if (!name.startsWith(OWN) || found.has(name.slice(OWN.length))) continue;
        const record = JSON.parse(localStorage.getItem(name));
        if (record && record.entry) found.set(record.entry.key, record);
      }
    } catch {
      // forbidden: what is in memory is all there is
    }
    return [...found.values()].sort((one, other) => one.order - other.order);
  }

  const waiting = () => all().filter((record) => record.state === "waiting");
  const parked = () => all().filter((record) => record.state === "parked");
  const sendable = () => waiting().filter((record) => !record.lacksText || inMemory.has(record.entry.key));

  function isAnybodysWaiting() {
    try {
      return Object.keys(localStorage).some((name) => name.startsWith(PREFIX));
    } catch {
      return false;
    }
  }

  function add(record) {
    counter += 1;
    const kept = { order: counter, state: "waiting", isTried: false, ...record };
    kept.entry = { key: uuid(), reason: "", ...record.entry };
    keep(kept);
    tell({ type: "kept" });
    return kept;
  }

  function park(record, outcome) {
    // The sentence may name a colleague, so it is told and not kept.
    keep({ ...record, state: "parked", why: outcome.state });
  }

  // --- sending ---------------------------------------------------------------------------------------------------------

  async function ask(address, options = {}) {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), PATIENCE);
    try {
      return await fetch(address, { credentials: "same-origin", redirect: "manual", cache: "no-store", signal: stop.signal, ...options });
    } finally {
      clearTimeout(timer);
    }
  }

  /* Who is signed in now, with a fresh token: after signing in again the page's own is worthless. */
  async function refresh() {
    const answer = await ask(script.dataset.address);
    if (answer.type === "opaqueredirect") return "signed-out";
    if (!answer.ok) return "down";
    const said = await answer.json();
    token = said.token;
    return said.person === person ? "up" : "other-person";
  }

  function post(records) {
    const { address, page } = records[0];
    return ask(address, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": token },
      body: JSON.stringify({ page, entries: records.map((record) => record.entry) }),
    });
  }

  /* Send marks of one page of one register; return what the connection is afterwards. */
  async function send(records) {
    for (const record of records) if (!record.isTried) keep(Object.assign(record, { isTried: true }));
    let answer = await post(records);
    if (answer.status === 403) {
      const standing = await refresh();
      if (standing !== "up") return standing;
      answer = await post(records);
    }
    if (answer.type === "opaqueredirect") return "signed-out";
    if (answer.status === 409) return "other-person";
    if (answer.status >= 500 || answer.status === 429 || answer.status === 408) return "down";
    if (answer.ok) {
      const { outcomes } = await answer.json();
      settle(records, outcomes);
      return "up";
    }
    if (records.length > 1 && answer.status !== 403 && answer.status !== 404) {
      // One of them cannot be read: the others must not wait behind it.
      for (const record of records) {
        const standing = await send([record]);
        if (standing !== "up") return standing;
      }
      return "up";
    }
    const said = answer.headers.get("Content-Type")?.includes("json") ? (await answer.json()).message : "";
    const message = said || (answer.status === 404 ? "This register does not exist any more." : "You may not change this register any more.");
    settle(records, records.map((record) => ({ key: record.entry.key, state: "refused", message, mark: null })));
    return "up";
  }

  function settle(records, outcomes) {
    const done = [];
    for (const record of records) {
      const outcome = outcomes.find((one) => one.key === record.entry.key);
      if (!outcome) continue;
      if (outcome.state === "saved") drop(record.entry.key);
      else park(record, outcome);
      done.push({ record, outcome });
    }
    tell({ type: "settled", done });
  }

  function batches(records) {
    const found = [];
    for (const record of records) {
      const last = found.at(-1);
      if (last && last.length < AT_ONCE && last[0].address === record.address && last[0].page === record.page) last.push(record);
      else found.push([record]);
    }
    return found;
  }

  let isDraining = null;
  let isAskedAgain = false;

  /* Send everything that waits, oldest first; several windows take turns where the browser can make them. */
  function drain() {
    if (isDraining) {
      isAskedAgain = true;
      return isDraining;
    }
    const work = async () => {
      do {
        isAskedAgain = false;
        try {
          for (const records of batches(sendable())) {
            connection = await send(records);
            if (connection !== "up") break;
          }
        } catch {
          connection = "down"; // the only sign of a lost network that never lies
        }
      } while (isAskedAgain && connection === "up");
    };
    isDraining = (navigator.locks ? navigator.locks.request("rollcall-outbox", work) : work()).finally(() => {
      isDraining = null;
      tell({ type: "drained" });
    });
    return isDraining;
  }

  function drainIfWaiting() {
    if (sendable().length) drain();
  }

  function tell(event) {
    for (const listener of listeners) listener(event);
    showNotice();
  }

  window.addEventListener("online", drainIfWaiting);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") drainIfWaiting();
  });
  setInterval(drainIfWaiting, EVERY);

  // Another window of the same person sent or parked something of ours.
  window.addEventListener("storage", (event) => {
    if (!event.key || !event.key.startsWith(OWN)) return;
    const key = event.key.slice(OWN.length);
    const mine = inMemory.get(key);
    if (!event.newValue) {
      inMemory.delete(key);
      if (mine) tell({ type: "settled", done: [{ record: mine, outcome: { key, state: "saved", message: "", mark: null } }] });
      else tell({ type: "kept" });
    } else if (!mine || JSON.parse(event.newValue).state === "parked") {
      if (mine) mine.state = "parked";
      tell({ type: "kept" });
    }
  });

  // --- the notice above a page's content ------------------------------------------------------------------------------

  const marks = (count) => `${count} mark${count === 1 ? "" : "s"}`;
  const here = window.location.pathname;
  let sentBefore = 0;
  let sentHere = false; // the page was drawn before these marks arrived
  let notice = null;

  function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
    made.append(...children);
    return made;
  }

  function waitingWords(count) {
    const where = isKept ? "Kept in this browser" : "Keep this page open, for this browser keeps nothing";
    if (connection === "signed-out") return `${marks(count)} cannot be sent: you are signed out. ${where} until you sign in again.`;
    if (connection === "other-person") return `${marks(count)} cannot be sent: somebody else is signed in here. ${where} until you sign in again.`;
    return `${marks(count)} ${count === 1 ? "waits" : "wait"} for the connection. ${where} until it is back.`;
  }

  const WHY = {
    conflict: "somebody else marked it meanwhile",
    closed: "typed after the register closed: ask the office",
    reason: "the register has closed: a change needs a reason",
    refused: "it could not be saved",
  };

  /* A register that is not open for changes lists what was not saved, with names that only the page knows. */
  function parkedLines(records) {
    return records.map((record) => {
      const row = document.querySelector(`[data-pupil="${record.entry.pupil}"]`);
      const typed = new Date(record.entry.typed).toLocaleTimeString("en-GB", { hour: "numeric", minute: "2-digit", hour12: true });
      const button = element("button", { type: "button", class: "outbox__discard" }, "Remove from this list");
      button.addEventListener("click", () => {
        drop(record.entry.key);
        tell({ type: "kept" });
      });
      const code = record.entry.code || "no mark";
      return element("li", {}, `${row ? row.dataset.name : "A pupil"}: ${code}, typed ${typed.replace(" ", "")} – ${WHY[record.why]}. `, button);
    });
  }

  function showNotice() {
    const isRegister = Boolean(document.getElementById("register-form"));
    const others = (record) => !isRegister || record.register !== here;
    const left = waiting().filter(others);
    const faulty = parked().filter(others);
    const parts = [];
    if (left.length && connection !== "up") parts.push(element("p", { class: "govuk-body" }, waitingWords(left.length)));
    const texts = left.filter((record) => record.lacksText && !inMemory.has(record.entry.key));
    for (const register of new Set([...texts, ...faulty].map((record) => record.register))) {
      const found = faulty.filter((record) => record.register === register);
      const open = texts.filter((record) => record.register === register);
      if (register === here && found.length) {
        parts.push(element("p", { class: "govuk-body" }, `${marks(found.length)} of yours ${found.length === 1 ? "was" : "were"} not saved in this register:`));
        parts.push(element("ul", { class: "govuk-list" }, ...parkedLines(found)));
      } else {
        const link = element("a", { class: "govuk-link", href: register }, "Open the register");
        const words = found.length ? `${marks(found.length)} ${found.length === 1 ? "was" : "were"} not saved. ` : `${marks(open.length)} ${open.length === 1 ? "needs" : "need"} a nature or reason. `;
        parts.push(element("p", { class: "govuk-body" }, words, link));
      }
    }
    if (sentBefore) {
      const words = `${marks(sentBefore)} that waited ${sentBefore === 1 ? "was" : "were"} saved. `;
      const link = sentHere ? [element("a", { class: "govuk-link", href: here }, "Show this register again")] : [];
      parts.push(element("p", { class: "govuk-body" }, words, ...link));
    }
    if (!notice && !parts.length) return;
    if (!notice) {
      notice = element("section", { class: "outbox", role: "status", "aria-label": "Marks that wait" });
      document.getElementById("main-content")?.prepend(notice);
    }
    notice.hidden = !parts.length;
    // Said once, not again with every try.
    if (notice.textContent !== parts.map((part) => part.textContent).join("")) notice.replaceChildren(...parts);
  }

  listeners.push(({ type, done }) => {
    if (type !== "settled") return;
    // An open register shows its own marks itself.
    const isOpen = Boolean(document.getElementById("register-form"));
    for (const { record, outcome } of done) {
      if (outcome.state !== "saved" || (isOpen && record.register === here)) continue;
      sentBefore += 1;
      sentHere = sentHere || record.register === here;
    }
  });

  // --- signing out -----------------------------------------------------------------------------------------------------

  for (const form of document.querySelectorAll('form[action$="/accounts/logout/"], form[action=""][method="post"]')) {
    if (!new URL(form.action, window.location).pathname.endsWith("/accounts/logout/")) continue;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (sendable().length) await drain();
      const left = waiting().length;
      if (left && !form.dataset.isWarned) {
        form.dataset.isWarned = "true";
        warn(form, left);
        return;
      }
      leave(form);
    });
  }

  function leave(form) {
    // The answer to signing out wipes what the browser keeps, unless marks of anybody wait there.
    if (isAnybodysWaiting()) form.append(element("input", { type: "hidden", name: "marks_wait", value: "1" }));
    form.submit(); // not requestSubmit(): it would ask here again
  }

  function warn(form, left) {
    const out = element("button", { type: "button", class: "govuk-button govuk-button--secondary" }, "Sign out all the same");
    const stay = element("button", { type: "button", class: "govuk-button" }, "Stay signed in");
    const words = `${marks(left)} ${left === 1 ? "is" : "are"} not saved yet: there is no connection. What waits stays in this browser and is sent when you sign in here again.`;
    const box = element("div", { class: "outbox outbox--warning", role: "alert", tabindex: "-1" }, element("p", { class: "govuk-body" }, words), element("div", { class: "govuk-button-group" }, stay, out));
    out.addEventListener("click", () => leave(form));
    stay.addEventListener("click", () => {
      delete form.dataset.isWarned;
      box.remove();
    });
    document.getElementById("main-content")?.prepend(box);
    stay.focus();
  }

  // --- "g" and a key ---------------------------------------------------------------------------------------------------

  let isJumping = 0;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1) return;
    // Not while something takes letters itself: a field, a list, the cells of a register.
    if (event.target.closest("input, select, textarea, [contenteditable], [role=grid], [role=dialog], .register--grid")) return;
    const key = event.key.toLowerCase();
    const address = script.getAttribute(`data-jump-${key}`);
    if (key === "g") isJumping = Date.now();
    else if (/^[a-z]$/.test(key) && address && Date.now() - isJumping < 2000) window.location.assign(address);
    else isJumping = 0;
  });

  window.rollcallOutbox = {
    person,
    add,
    all,
    drop,
    keep,
    drain,
    waiting,
    parked,
    sendable,
    inMemory,
    listen: (listener) => listeners.push(listener),
    get connection() {
      return connection;
    },
    set connection(value) {
      connection = value;
    },
    get isKept() {
      return isKept;
    },
    refresh,
  };

  showNotice();
  drainIfWaiting();
})();
