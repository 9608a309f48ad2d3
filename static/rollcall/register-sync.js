/*
 * Saves each mark of a register as it is typed, shows where it stands, and brings in what colleagues mark.
 *
 * The mark is painted first; the state beside it tells the truth. Sending, and keeping while there is no connection, is
 * the outbox's work (outbox.js).
 */
(() => {
  "use strict";

  const register = window.rollcallRegister;
  const outbox = window.rollcallOutbox;
  if (!register || !outbox) return;

  const { data, form, rows, same, make } = register;
  const { codes } = data;
  const summary = document.getElementById("unsaved");
  const others = document.getElementById("others");
  const reason = document.getElementById("reason");
  const here = window.location.pathname;
  const PAUSE = 350; // milliseconds: keys typed one after the other travel together
  const LOOK_EVERY = 3500;
  const byId = new Map(rows.map((row) => [row.id, row]));
  // The server's clock, kept by the difference to this device's: a wrong clock here must not date a mark.
  const ahead = Date.parse(data.now) - Date.now();

  const now = () => new Date(Date.now() + ahead).toISOString();
  const records = (row) => outbox.all().filter((record) => record.register === here && String(record.entry.pupil) === row.id);
  const valuesOf = ({ code, arrived, nature }) => ({ code, arrived, nature });

  // --- a mark that a person gave -----------------------------------------------------------------------------------------

  let timer = null;

  function sendSoon() {
    clearTimeout(timer);
    timer = setTimeout(() => outbox.drain(), PAUSE);
  }

  function isTime(text) {
    return text === "" || /^([01]\d|2[0-3]):[0-5]\d$/.test(text);
  }

  /* Hand the row's values to the outbox; what was typed before and not sent yet is replaced. */
  function submit(row, given = {}) {
    const wanted = row.values;
    row.insist = null; // whatever asked for a reason before, this is the mark that is meant now
    if (!isTime(wanted.arrived)) {
      row.problem = "refused";
      row.showNote("Enter the time of arrival like 9:12.");
      row.paint();
      return;
    }
    row.hideNote();
    row.problem = "";
    row.isTouched = true;
    for (const record of records(row)) {
      const isLost = record.lacksText && record.isTried && !outbox.inMemory.has(record.entry.key);
      if (record.state === "parked" || isLost) outbox.drop(record.entry.key);
    }
    const left = records(row);
    const last = left.at(-1);
    const replaced = last && !last.isTried ? last : null;
    if (row.needsNature) {
      row.paint();
      return; // it waits for its nature, and is "not saved yet"
    }
    // What this person sees is their own last mark, even while it is on its way.
    const before = replaced ? left.at(-2) : last;
    const seen = replaced ? replaced.entry.seen : before ? valuesOf(before.entry) : row.seen;
    if (same(wanted, seen) && !given.reason) {
      if (replaced) outbox.drop(replaced.entry.key);
      row.paint();
      return;
    }
    const isUnfinished = replaced && replaced.lacksText && replaced.entry.code === wanted.code;
    const entry = {
      ...(replaced ? { key: replaced.entry.key } : {}),
      session: data.session,
      pupil: Number(row.id),
      ...wanted,
      seen,
      typed: isUnfinished ? replaced.entry.typed : now(),
      reason: given.reason || (reason ? reason.value.trim() : ""),
    };
    const kept = { address: data.marks_url, register: here, page: isUnfinished ? replaced.page : data.page };
    if (replaced) outbox.keep({ ...replaced, ...kept, lacksText: false, entry });
    else outbox.add({ ...kept, entry });
    row.problem = outbox.connection === "up" ? "saving" : "waiting";
    row.paint();
  }

  register.onChange((touched) => {
    for (const row of touched) submit(row);
    sendSoon();
    refresh();
  });

  // --- what became of it ---------------------------------------------------------------------------------------------------

  outbox.listen(({ type, done }) => {
    if (type === "settled") {
      for (const { record, outcome } of done) {
        const row = record.register === here ? byId.get(String(record.entry.pupil)) : null;
        if (row) settle(row, record, outcome);
      }
    }
    if (type === "drained") showConnection();
    refresh();
  });

  function settle(row, record, outcome) {
    const isLast = !records(row).some(({ state, entry }) => state === "waiting" && entry.key !== record.entry.key);
    const wanted = valuesOf(record.entry);
    if (outcome.state === "saved") {
      const standing = outcome.mark ? valuesOf(outcome.mark) : wanted;
      row.stand(standing);
      if (!isLast) return;
      row.problem = "";
      // The server judged the time of arrival; what was typed since is left alone.
      if (same(row.values, wanted) && !same(wanted, standing) && !row.isEdited) row.write(standing);
    } else if (isLast) {
      if (outcome.mark && !(outcome.state === "refused")) row.stand(outcome.mark);
      showProblem(row, record, outcome);
    }
    row.paint();
  }

  function button(row, words, act) {
    const made = make("button", { type: "button", class: "entry-note__button" }, words);
    made.addEventListener("click", () => {
      act();
      refresh();
      if (!row.note) window.rollcallGrid.focusRow(row.index);
    });
    return made;
  }

  function named(code) {
    return code ? `${code} (${codes[code] ? codes[code].name : code})` : "no mark";
  }

  function showProblem(row, record, outcome) {
    const mine = valuesOf(record.entry);
    row.insist = null;
    const forget = () => {
      row.insist = null;
      for (const one of records(row)) outbox.drop(one.entry.key);
      row.hideNote();
      row.problem = "";
      row.write(row.seen);
      register.tell(row);
    };
    const insist = (given) => {
      row.insist = null;
      for (const one of records(row)) outbox.drop(one.entry.key);
      row.hideNote();
      row.problem = "";
      row.write(mine);
      submit(row, given);
      sendSoon();
    };
    const controls = [];
    row.problem = outcome.state === "conflict" ? "conflict" : "refused";
    let words = outcome.message;
    if (outcome.state === "conflict") {
      words = words || `${named(row.seen.code)} stands now; you entered ${named(mine.code)}.`;
      controls.push(button(row, "Keep theirs", forget), button(row, "Use mine", () => insist({})));
    } else if (outcome.state === "reason") {
      const why = make("input", { class: "govuk-input entry-note__reason", type: "text", id: `why-${row.id}`, maxlength: "500", autocomplete: "off" });
      const label = make("label", { for: `why-${row.id}` }, "Reason");
      row.insist = insist; // the reason of the whole page, typed later, serves this mark too
      const change = button(row, "Change the mark", () => (why.value.trim() ? insist({ reason: why.value.trim() }) : why.focus()));
      why.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" || event.ctrlKey) return;
        event.preventDefault();
        event.stopPropagation();
        change.click();
      });
      words = words || "The register has closed: say why the mark changes.";
      controls.push(label, why, change, button(row, "Leave it", forget));
    } else {
      if (outcome.state === "closed") words = words || "This register closed before you typed this. Ask the office to change the mark.";
      else words = words || "This mark could not be saved.";
      controls.push(button(row, "Put it back", forget));
    }
    row.showNote(words, ...controls);
    others.textContent = `${row.name}: ${words}`;
  }

  // --- the bar: how many are saved, and what waits for what --------------------------------------------------------------

  function showConnection() {
    const isUp = outbox.connection === "up";
    for (const row of rows) {
      const waits = records(row).some(({ state, lacksText, entry }) => state === "waiting" && !(lacksText && !outbox.inMemory.has(entry.key)));
      if (waits) row.problem = isUp ? "saving" : "waiting";
      else if (row.problem === "saving" || row.problem === "waiting") row.problem = "";
      row.paint();
    }
  }

  const counted = (number, one, many) => (number ? `${number} ${number === 1 ? one : many}` : "");

  function refresh() {
    register.refresh();
    const states = rows.map((row) => row.state);
    const count = (state) => states.filter((one) => one === state).length;
    const waiting = count("waiting");
    const because = { "signed-out": "for you to sign in", "other-person": "for you to sign in" }[outbox.connection] || "for the connection";
    const parts = [
      counted(count("conflict"), "differs from a colleague’s", "differ from a colleague’s"),
      counted(count("refused"), "not saved", "not saved"),
      counted(waiting, `waiting ${because}`, `waiting ${because}`),
      counted(count("changed"), "not saved yet", "not saved yet"),
    ].filter(Boolean);
    if (count("saving")) parts.push("saving");
    const isAllSaved = !parts.length && count("saved") > 0;
    summary.textContent = isAllSaved ? "· all saved" : parts.length ? `· ${parts.join(" · ")}` : "";
    summary.dataset.state = isAllSaved ? "saved" : waiting ? "waiting" : "";
    showSignIn();
  }

  let signIn = null;

  function showSignIn() {
    const isOut = outbox.connection === "signed-out" || outbox.connection === "other-person";
    if (!isOut) {
      signIn?.remove();
      signIn = null;
      return;
    }
    const words = outbox.connection === "signed-out" ? "You are signed out. " : "Somebody else is signed in here. ";
    if (signIn?.textContent.startsWith(words)) return;
    signIn?.remove();
    const link = make("a", { class: "govuk-link", href: `/accounts/login/?next=${encodeURIComponent(here)}`, target: "_blank", rel: "noopener" }, "Sign in again in a new tab");
    signIn = make("p", { class: "register-bar__sign-in", role: "alert" }, words, link, ": the marks wait here and are sent then.");
    document.querySelector(".register-bar").prepend(signIn);
  }

  // --- what colleagues mark --------------------------------------------------------------------------------------------------

  let number = "";
  let isLooking = false;

  async function look() {
    if (isLooking || document.visibilityState !== "visible") return;
    isLooking = true;
    try {
      const stop = new AbortController();
      const timeout = setTimeout(() => stop.abort(), 8000);
      const answer = await fetch(`${data.changes_url}${number === "" ? "" : `?since=${number}`}`, {
        credentials: "same-origin",
        redirect: "manual",
        cache: "no-store",
        signal: stop.signal,
      });
      const said = answer.status === 200 ? await answer.json() : null;
      clearTimeout(timeout);
      const standing = answer.type === "opaqueredirect" ? "signed-out" : answer.status >= 500 ? "down" : "up";
      await connect(standing);
      if (said) {
        number = said.number;
        take(said.marks);
      }
    } catch {
      await connect("down");
    } finally {
      isLooking = false;
    }
  }

  /* The look is the real ping: what waits is sent as soon as an answer comes. */
  async function connect(standing) {
    const was = outbox.connection;
    // Somebody is signed in again; only the outbox's own question tells whether it is the same person.
    if (was === "signed-out" || was === "other-person") outbox.connection = standing === "up" ? await outbox.refresh() : standing;
    else outbox.connection = standing;
    if (outbox.connection === "up" && outbox.sendable().length && was !== "up") outbox.drain();
    if (outbox.connection !== was) {
      showConnection();
      refresh();
    }
  }

  function take(marks) {
    const painted = [];
    for (const [id, mark] of Object.entries(marks)) {
      const row = byId.get(id);
      if (!row) continue;
      const theirs = valuesOf(mark);
      if (same(theirs, row.seen)) continue;
      const waiting = records(row).filter(({ state }) => state === "waiting");
      if (waiting.some(({ entry }) => same(valuesOf(entry), theirs))) continue; // our own, on its way back
      const isUntouched = !row.isChanged || (!row.seen.code && row.isOffered);
      if (same(row.values, theirs)) {
        row.stand(theirs);
        row.problem = "";
        row.hideNote();
        row.paint();
      } else if (isUntouched && !waiting.length && !row.isEdited && !row.note) {
        row.stand(theirs);
        row.write(theirs);
        row.isOffered = false;
        painted.push([row, mark]);
      } else if (!waiting.length) {
        const message = `${mark.by || "Somebody"} marked ${named(mark.code)}${mark.at ? ` at ${mark.at}` : ""}; you entered ${named(row.code)}.`;
        const record = { entry: { ...row.values, pupil: Number(row.id) } };
        row.stand(theirs);
        showProblem(row, record, { state: "conflict", message });
        row.paint();
      } // with marks on their way the server's answer tells of the conflict
    }
    if (painted.length === 1) {
      const [[row, mark]] = painted;
      others.textContent = `${mark.by || "Somebody"} marked ${row.name}: ${codes[mark.code] ? codes[mark.code].name : "no mark"}.`;
    } else if (painted.length) {
      others.textContent = `${painted.length} marks changed by ${[...new Set(painted.map(([, mark]) => mark.by || "somebody"))].join(" and ")}.`;
    }
    refresh();
  }

  // --- saving at once, and leaving -------------------------------------------------------------------------------------------

  async function saveAll() {
    const given = reason ? reason.value.trim() : "";
    if (given) for (const row of rows) row.insist?.({ reason: given });
    const left = rows.filter((row) => row.isChanged && !row.problem);
    for (const row of left) {
      row.isOffered = false;
      submit(row);
    }
    clearTimeout(timer);
    await outbox.drain();
    refresh();
    const needy = rows.find((row) => row.needsNature && row.isChanged);
    const wrong = rows.find((row) => row.note);
    if (needy) {
      window.rollcallGrid?.openNature(needy);
      register.say(`${needy.name}: say what the activity or circumstance is. It is not saved yet.`);
    } else if (wrong) {
      register.say(`${wrong.name}: ${wrong.note.querySelector("p").textContent}`);
      wrong.note.querySelector("input, button")?.focus();
    } else if (rows.some((row) => row.state === "waiting")) {
      register.say(`${rows.filter((row) => row.state === "waiting").length} marks wait ${outbox.connection === "down" ? "for the connection" : "for you to sign in"}. ${register.marked()}`);
    } else {
      const blanks = rows.filter((row) => !row.code).length;
      register.say(blanks ? `Saved. ${blanks} of ${rows.length} still to mark.` : `Saved. All ${rows.length} are marked.`);
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    saveAll();
  });

  // Only what no browser keeps is lost with the page: a mark without its nature, or with a text of one's own.
  window.addEventListener("beforeunload", (event) => {
    const texts = outbox.sendable().some((record) => record.lacksText || record.entry.nature || record.entry.reason);
    const unkept = !outbox.isKept && outbox.waiting().length > 0;
    const unfinished = rows.some((row) => row.isTouched && row.isChanged && row.needsNature);
    if (texts || unkept || unfinished) event.preventDefault();
  });

  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") look();
  });
  window.addEventListener("online", look);
  setInterval(look, LOOK_EVERY);

  // --- what was left here before ------------------------------------------------------------------------------------------------

  for (const row of rows) {
    row.isOffered = row.isChanged;
    const mine = records(row);
    const last = mine.at(-1);
    if (!last) continue;
    const isLost = last.lacksText && !outbox.inMemory.has(last.entry.key);
    row.isOffered = false;
    if (last.state === "parked") {
      if (last.lacksText) {
        const message = `You entered ${named(last.entry.code)}, which was not saved, and this browser keeps no words: enter it again.`;
        showProblem(row, last, { state: "refused", message });
      } else if (same(valuesOf(last.entry), row.seen)) outbox.drop(last.entry.key);
      else showProblem(row, last, { state: last.why, message: "" });
    } else {
      row.write({ ...valuesOf(last.entry), nature: isLost && same({ ...last.entry, nature: "" }, { ...row.seen, nature: "" }) ? row.seen.nature : last.entry.nature });
      if (!isLost) row.problem = "saving";
    }
    row.paint();
  }
  outbox.drain().then(look);
  refresh();

  window.rollcallSync = { saveAll, refresh, look };
})();
