/*
 * Makes the heat map of a pupil's marks a grid: one tab stop, arrows, a selection, and the amendment of what is selected.
 *
 * The table is complete without this file, and the cards of weeks below it link to each mark's history. Nothing of a
 * pupil is kept here beyond the page: what is sent is one form, and the server judges it again.
 */
(() => {
  "use strict";

  const table = document.getElementById("heat");
  const source = document.getElementById("heat-data");
  if (!table || !source) return;

  const data = JSON.parse(source.textContent);
  const form = document.getElementById("amend-form");
  const hint = document.getElementById("heat-hint");
  const cells = [...table.querySelectorAll(".heat__cell")];
  if (!cells.length) return;
  const PRESENT = { AM: "/", PM: "\\" };
  const TWO_SIGNS = /^[CJY]$/;

  // --- one session ---------------------------------------------------------------------------------------------------

  class Session {
    constructor(cell) {
      this.cell = cell;
      this.number = Number(cell.dataset.n);
      const [id, on = "", half = "", code = "", bits = ""] = data.sessions[this.number];
      Object.assign(this, { id, on, half, code, bits });
      this.label = cell.querySelector(".mark").title;
      this.when = this.label.split(":")[0];
      this.painted = cell.innerHTML;
    }

    /* What this session would become, or why it cannot. */
    judged(entered) {
      const code = entered === "/" || entered === "\\" ? PRESENT[this.half] : entered;
      const rule = data.codes[code];
      const is = (letter) => this.bits.includes(letter);
      if (!is("h")) return { closed: true };
      if (code === this.code && !rule.nature && code !== "L" && code !== "U") return { same: true };
      let fault = "";
      if (!is("r")) fault = "not on roll";
      else if (!is("b")) fault = "not opened yet";
      else if (rule.half && rule.half !== this.half) fault = `${code} is for ${rule.half} only`;
      else if ((rule.from && this.on < rule.from) || (rule.to && this.on > rule.to)) fault = `${code} was not in use`;
      else if (rule.age === "compulsory" && !is("c")) fault = `${code} is for compulsory school age only`;
      else if (rule.age === "non_compulsory" && is("c")) fault = `${code} is for pupils outside compulsory school age only`;
      else if (code === "C2" && !is("t")) fault = "C2 needs a part-time timetable";
      return fault ? { fault } : { code, rule };
    }
  }

  const sessions = cells.map((cell) => new Session(cell)).sort((one, other) => one.number - other.number);
  const byCell = new Map(sessions.map((session) => [session.cell, session]));
  const rows = [...table.tBodies[0].rows];

  // --- the grid: one tab stop, arrows move and stop at the edges ---------------------------------------------------------

  let focused = sessions.find((session) => session.bits.includes("b") && !session.code) || sessions.at(-1);
  const begun = sessions.filter((session) => session.code);
  if (begun.length) focused = begun.at(-1);
  let anchor = null;

  table.setAttribute("role", "grid");
  table.setAttribute("aria-multiselectable", String(data.mayAmend));
  for (const row of [...table.tHead.rows, ...rows]) row.setAttribute("role", "row");
  for (const head of table.tHead.querySelectorAll("th")) head.setAttribute("role", "columnheader");
  for (const row of rows) row.cells[0].setAttribute("role", "rowheader");
  for (const cell of table.querySelectorAll("td")) cell.setAttribute("role", "gridcell");
  for (const { cell } of sessions) cell.tabIndex = -1;
  focused.cell.tabIndex = 0;
  if (hint) hint.hidden = false;
  if (hint) table.setAttribute("aria-describedby", "marks-summary heat-hint");

  function selected() {
    if (!anchor) return [focused];
    const [from, to] = [anchor.number, focused.number].sort((one, other) => one - other);
    return sessions.filter((session) => session.number >= from && session.number <= to);
  }

  function showSelection() {
    const chosen = anchor ? new Set(selected()) : new Set();
    for (const session of sessions) {
      if (chosen.has(session)) session.cell.setAttribute("aria-selected", "true");
      else session.cell.removeAttribute("aria-selected");
    }
  }

  function focusOn(session, { extend = false } = {}) {
    if (extend && data.mayAmend) anchor = anchor || focused;
    else anchor = null;
    focused.cell.tabIndex = -1;
    focused = session;
    focused.cell.tabIndex = 0;
    focused.cell.focus(); // known already as the focused one, so that the selection stays
    showSelection();
  }

  /* The next cell with a session in a direction; where there is none the focus stays. */
  function neighbour(down, right) {
    let row = rows.indexOf(focused.cell.parentElement);
    let column = focused.cell.cellIndex;
    for (;;) {
      row += down;
      column += right;
      const cell = rows[row]?.cells[column];
      if (!cell || column < 1) return focused;
      if (byCell.has(cell)) return byCell.get(cell);
    }
  }

  function farthest(down, right) {
    const before = focused;
    let found = focused;
    for (;;) {
      focused = found;
      const next = neighbour(down, right);
      if (next === found) break;
      found = next;
    }
    focused = before;
    return found;
  }

  const MOVES = {
    ArrowUp: () => neighbour(-1, 0),
    ArrowDown: () => neighbour(1, 0),
    ArrowLeft: () => neighbour(0, -1),
    ArrowRight: () => neighbour(0, 1),
    Home: () => farthest(0, -1),
    End: () => farthest(0, 1),
    PageUp: () => farthest(-1, 0),
    PageDown: () => farthest(1, 0),
  };

  function openHistory(session) {
    if (session.cell.querySelector(".mark--none") && !session.code && !data.mayAmend) return;
    window.location.assign(data.history.replace(/0\/$/, `${session.id}/`));
  }

  table.addEventListener("keydown", (event) => {
    const cell = event.target.closest(".heat__cell");
    if (!cell || event.altKey || event.metaKey) return;
    if (event.ctrlKey && (event.key === "Home" || event.key === "End")) {
      event.preventDefault();
      focusOn(sessions.at(event.key === "Home" ? 0 : -1), { extend: event.shiftKey });
    } else if (event.ctrlKey && event.key === "Enter" && form) {
      event.preventDefault();
      openPanel("");
      codeList.focus();
    } else if (event.ctrlKey) {
      return;
    } else if (MOVES[event.key]) {
      event.preventDefault();
      closePanel();
      focusOn(MOVES[event.key](), { extend: event.shiftKey });
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (form && !form.hidden) reasonOrNature().focus();
      else openHistory(focused);
    } else if (event.key === "Escape") {
      closePanel();
      anchor = null;
      showSelection();
    } else if (form && data.singleKeys && event.key.length === 1 && event.key !== " ") {
      event.preventDefault();
      typeCode(event.key.toUpperCase());
    }
  });

  // The focus may also come by a pointer or by assistive technology.
  table.addEventListener("focusin", (event) => {
    const session = byCell.get(event.target.closest(".heat__cell"));
    if (!session || session === focused) return;
    focused.cell.tabIndex = -1;
    focused = session;
    focused.cell.tabIndex = 0;
    anchor = null;
    showSelection();
  });

  let pressed = null; // where a selection by pointer began
  table.addEventListener("pointerdown", (event) => {
    const session = byCell.get(event.target.closest(".heat__cell"));
    if (!session || event.button !== 0) return;
    pressed = session;
    closePanel();
    if (event.shiftKey) focusOn(session, { extend: true });
  });
  table.addEventListener("pointerover", (event) => {
    const session = byCell.get(event.target.closest(".heat__cell"));
    if (!pressed || !session || session === focused || !(event.buttons & 1)) return;
    if (focused !== pressed && !anchor) focusOn(pressed);
    focusOn(session, { extend: true });
  });
  table.addEventListener("click", (event) => {
    const session = byCell.get(event.target.closest(".heat__cell"));
    const wasDrag = anchor !== null;
    pressed = null;
    if (!session || wasDrag || event.shiftKey) return;
    focusOn(session);
  });
  table.addEventListener("dblclick", (event) => {
    const session = byCell.get(event.target.closest(".heat__cell"));
    if (session) openHistory(session);
  });

  table.dataset.ready = "";
  if (!form) return;

  // --- amending what is selected ------------------------------------------------------------------------------------------

  const what = document.getElementById("amend-what");
  const codeList = document.getElementById("amend-code");
  const reason = document.getElementById("amend-reason");
  const nature = document.getElementById("amend-nature");
  const arrived = document.getElementById("amend-arrived");
  const lines = document.getElementById("amend-lines");
  const save = document.getElementById("amend-save");
  let code = "";
  let planned = [];

  function typeCode(sign) {
    const longer = TWO_SIGNS.test(code) && data.codes[code + sign] ? code + sign : "";
    const entered = longer || sign;
    if (!data.codes[entered] && !TWO_SIGNS.test(entered)) {
      openPanel("");
      what.textContent = `${entered} is not a code for a mark.`;
      return;
    }
    openPanel(entered);
    // C is a code and the beginning of two others: it waits for a digit or Enter.
    if (data.codes[entered] && (longer || !TWO_SIGNS.test(entered))) reasonOrNature().focus();
  }

  function reasonOrNature() {
    return data.codes[code]?.nature && !nature.value ? nature : reason;
  }

  function openPanel(entered) {
    code = entered;
    form.hidden = false;
    codeList.value = code === "\\" ? "/" : code;
    if (codeList.selectedIndex < 0) codeList.value = "";
    preview();
    form.scrollIntoView({ block: "nearest" }); // below the map, so that both are in sight
  }

  function closePanel() {
    if (form.hidden) return;
    form.hidden = true;
    code = "";
    reason.value = "";
    nature.value = "";
    arrived.value = "";
    unpaint();
  }

  function unpaint() {
    for (const session of sessions) {
      if (!session.cell.classList.contains("heat__cell--becomes")) continue;
      session.cell.classList.remove("heat__cell--becomes");
      session.cell.innerHTML = session.painted;
    }
  }

  function preview() {
    unpaint();
    const chosen = selected();
    // J and Y alone were withdrawn: after that they only begin a code.
    const known = data.codes[code];
    const rule = known?.to && chosen[0].on > known.to ? undefined : known;
    const range = chosen.length === 1 ? chosen[0].when : `${chosen.length} sessions, ${chosen[0].when} to ${chosen.at(-1).when}`;
    document.getElementById("amend-nature-field").hidden = !rule?.nature;
    document.getElementById("amend-arrived-field").hidden = code !== "L" && code !== "U";
    planned = [];
    lines.replaceChildren();
    save.disabled = true;
    save.textContent = "Amend";
    if (!rule) {
      const words = TWO_SIGNS.test(code) ? `${code}, and which digit?` : known ? `${code} was withdrawn.` : "choose the code that is to stand.";
      what.textContent = `${range}: ${words}`;
      return;
    }
    const judged = chosen.map((session) => ({ session, ...session.judged(code) }));
    planned = judged.filter((one) => one.code);
    const refused = judged.filter((one) => one.fault);
    const closed = judged.filter((one) => one.closed).length;
    const same = judged.filter((one) => one.same).length;
    for (const { session, code: becomes, rule: how } of planned) paint(session, becomes, how);
    const parts = [
      planned.length ? `${planned.length} become${planned.length === 1 ? "s" : ""} ${code === "\\" ? "/" : code}, ${rule.name}` : "nothing changes",
      closed ? `${closed} skipped, school closed` : "",
      same ? `${same} so already` : "",
      refused.length ? `${refused.length} cannot: ${[...new Set(refused.map((one) => one.fault))].join(", ")}` : "",
    ].filter(Boolean);
    what.textContent = `${range}: ${parts.join(" · ")}`;
    lines.replaceChildren(
      ...judged.map(({ session, code: becomes, fault, closed: isClosed }) => {
        const line = document.createElement("li");
        const outcome = becomes ? `becomes ${becomes}` : fault ? `stays: ${fault}` : isClosed ? "skipped" : "stays";
        line.textContent = `${session.label} – ${outcome}`;
        return line;
      }),
    );
    save.disabled = !planned.length;
    save.textContent = planned.length === 1 ? "Amend 1 mark" : `Amend ${planned.length} marks`;
  }

  function paint(session, becomes, rule) {
    const mark = document.createElement("span");
    mark.className = `mark mark--${rule.look} mark--small`;
    mark.title = `${session.when}: becomes ${rule.name}`;
    const letter = document.createElement("span");
    letter.setAttribute("aria-hidden", "true");
    letter.textContent = becomes;
    const words = document.createElement("span");
    words.className = "govuk-visually-hidden";
    words.textContent = `${mark.title}, not saved yet`;
    mark.append(letter, words);
    session.cell.classList.add("heat__cell--becomes");
    session.cell.replaceChildren(mark);
  }

  codeList.addEventListener("change", () => {
    code = codeList.value;
    preview();
  });

  reason.addEventListener("keydown", (event) => {
    const chosen = data.reasons[Number(event.key) - 1];
    if (reason.value === "" && /^[1-9]$/.test(event.key) && chosen && !event.ctrlKey && !event.altKey && !event.metaKey) {
      event.preventDefault();
      reason.value = chosen;
    }
  });
  for (const preset of form.querySelectorAll("[data-reason]")) {
    preset.addEventListener("click", () => {
      reason.value = preset.dataset.reason;
      reason.focus();
    });
  }

  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      event.preventDefault();
      closePanel();
      focused.cell.focus();
    }
  });
  document.getElementById("amend-cancel").addEventListener("click", () => {
    closePanel();
    focused.cell.focus();
  });

  let isSent = false;
  form.addEventListener("submit", (event) => {
    const missing = !planned.length ? codeList : data.codes[code].nature && !nature.value.trim() ? nature : !reason.value.trim() ? reason : null;
    if (missing || isSent) {
      event.preventDefault();
      if (missing) {
        what.textContent = missing === reason ? "An amendment needs a reason." : missing === nature ? "Say what the activity or circumstance is." : what.textContent;
        missing.focus();
      }
      return;
    }
    isSent = true;
    const chosen = selected();
    const fields = form.elements;
    fields.first_on.value = chosen[0].on;
    fields.first_half.value = chosen[0].half;
    fields.last_on.value = chosen.at(-1).on;
    fields.last_half.value = chosen.at(-1).half;
    fields.seen.value = planned.map(({ session }) => `${session.id}=${session.code}`).join(",");
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) window.location.reload(); // the marks of a page out of the cache may be old ones
  });
})();
