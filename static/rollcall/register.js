/*
 * Moves through a class's register by keys in a grid (wide screens), and keeps it a list of large radio buttons on phones.
 *
 * The controls are those of the form (register-rows.js); this file reaches them quickly and never holds a mark itself.
 */
(() => {
  "use strict";

  const register = window.rollcallRegister;
  if (!register) return;

  const { data, form, table, rows, make, marked, say, tell, judgeArrival } = register;
  const { present, day, half, codes } = data;
  const find = document.getElementById("find");
  const wide = window.matchMedia("(min-width: 48rem)");
  const areSingleKeysOn = data.single_keys;
  const PAGE = 10;
  const columns = rows[0].cells.length;

  // --- changing and taking back ------------------------------------------------------------------------------------

  const done = [];
  /* Change rows together, so that one Ctrl+Z takes all of it back. */
  function change(touched, next) {
    done.push(touched.map((row) => [row, row.values]));
    for (const row of touched) row.write(next(row));
    register.changed(touched);
  }

  function undo() {
    const last = done.pop();
    if (!last) {
      say("Nothing to undo.");
      return;
    }
    for (const [row, values] of last) row.write(values);
    register.changed(last.map(([row]) => row));
    focusRow(last[0][0].index);
    if (last.length === 1) tell(last[0][0]);
    else say(`${last.length} marks undone. ${marked()}`);
  }

  /* What a row is to be with this code: an arrival stays with late marks only, the nature of a trip is the same for all. */
  function withCode(row, code) {
    const known = codes[code];
    const keepsArrival = Boolean(known && known.arrival);
    let nature = known && known.nature ? row.nature.value : "";
    if (known && known.nature && !nature) {
      const same = rows.find((other) => other.code === code && other.nature.value);
      if (same) nature = same.nature.value;
    }
    return { code, arrived: keepsArrival && row.code === code ? row.arrived.value : "", nature };
  }

  function setCode(targets, code) {
    const able = targets.filter((row) => code === "" || row.allows(code));
    if (able.length < targets.length) {
      const refusedFor = targets.find((row) => !able.includes(row));
      const standing = refusedFor.code ? `The mark stays ${refusedFor.code}.` : "The cell stays empty.";
      say(codes[code] ? `${code} is not possible for ${refusedFor.name}. ${standing}` : `${code} is not a code for a mark. ${standing}`);
    }
    if (!able.length) return false;
    change(able, (row) => withCode(row, code));
    if (able.length === targets.length) {
      if (able.length === 1) tell(able[0]);
      else say(`${able.length} pupils, ${codes[code] ? codes[code].name : "no mark"}. ${marked()}`);
    }
    return able.length === targets.length;
  }

  function fillBlanks() {
    const selected = selection();
    const blanks = (selected.length > 1 ? selected : rows).filter((row) => !row.code);
    if (!blanks.length) {
      say(`No blanks left. ${marked()}`);
      return;
    }
    change(blanks, () => ({ code: present, arrived: "", nature: "" }));
    say(`${blanks.length} blank${blanks.length === 1 ? "" : "s"} marked present. ${marked()}`);
  }

  // --- the grid: one tab stop, arrows move and stop at the edges ----------------------------------------------------

  let isGrid = false;
  let at = { row: 0, column: rows[0].column };
  let anchor = null; // where a selection of today's cells began
  let pending = ""; // J or Y, waiting for its digit
  let justSet = null; // the row whose code was typed by the key before this one: C, then 1 or 2, makes C1 or C2

  function selection() {
    if (!isGrid || anchor === null) return [rows[at.row]];
    const [first, last] = [Math.min(anchor, at.row), Math.max(anchor, at.row)];
    return rows.slice(first, last + 1);
  }

  function showSelection() {
    const selected = anchor === null ? [] : selection();
    for (const row of rows) {
      if (selected.includes(row)) row.cell.setAttribute("aria-selected", "true");
      else row.cell.removeAttribute("aria-selected");
    }
  }

  function dropPending() {
    if (!pending) return;
    pending = "";
    rows[at.row].paint();
  }

  function moveTo(row, column, { focus = true } = {}) {
    dropPending();
    rows[at.row].cells[at.column].tabIndex = -1;
    at = { row: Math.max(0, Math.min(rows.length - 1, row)), column: Math.max(0, Math.min(columns - 1, column)) };
    const cell = rows[at.row].cells[at.column];
    cell.tabIndex = 0;
    if (focus) cell.focus();
  }

  function focusRow(index) {
    if (isGrid) moveTo(index, rows[index].column);
    else rows[index].radios[0].focus();
  }

  function walk(row, column, extending) {
    if (extending && anchor === null) anchor = at.row;
    if (!extending) anchor = null;
    moveTo(row, extending ? rows[0].column : column);
    showSelection();
    if (anchor !== null) say(`${selection().length} selected`);
  }

  function select(first, last) {
    anchor = first;
    moveTo(last, rows[0].column);
    showSelection();
    say(`${selection().length} selected`);
  }

  function afterTyping(code, targets) {
    const needy = codes[code] && codes[code].nature ? targets.find((row) => !row.nature.value) : undefined;
    if (needy) {
      openDetails(needy, needy.nature);
      return;
    }
    anchor = null;
    showSelection();
    if (targets.length === 1) moveTo(at.row + 1, at.column);
  }

  function typeCode(code) {
    const targets = selection();
    const single = targets.length === 1 ? targets[0] : null;
    if (setCode(targets, code)) {
      afterTyping(code, targets);
      justSet = single;
    }
  }

  function typeKey(key) {
    const previous = justSet;
    justSet = null;
    if (key === "/" || key === "\\") {
      typeCode(present);
      return;
    }
    const letter = key.toUpperCase();
    if (pending) {
      const code = pending + letter;
      dropPending();
      typeCode(code);
      return;
    }
    if (/\d/.test(letter)) {
      const here = rows[at.row];
      const row = codes[here.code + letter] ? here : previous && codes[previous.code + letter] ? previous : null;
      if (row === here) typeCode(here.code + letter);
      else if (row) setCode([row], row.code + letter);
      else typeCode(letter);
      return;
    }
    if (!codes[letter] && Object.keys(codes).some((code) => code.length === 2 && code[0] === letter)) {
      pending = letter;
      rows[at.row].paint(pending);
      say(`${letter}: now the digit`);
      return;
    }
    typeCode(letter);
  }

  // --- details: nature of an activity, time of arrival ----------------------------------------------------------------

  let natureTargets = [];

  function openDetails(row, input) {
    natureTargets = selection();
    anchor = null;
    showSelection();
    if (input) input.closest(".detail").hidden = false;
    const open = input || [row.arrived, row.nature].find((one) => !one.closest(".detail").hidden);
    if (!open) {
      row.arrived.closest(".detail").hidden = false;
      row.arrived.focus();
      return;
    }
    open.focus();
    const label = open === row.nature ? "Say what the activity or circumstance is, then Enter" : "Time of arrival, then Enter";
    say(`${row.name}: ${label}`);
  }

  function closeDetails(row, { forward }) {
    const typed = row.nature.value;
    const also = natureTargets.filter((other) => other !== row && other.code === row.code && !other.nature.value);
    for (const other of also) other.write({ ...other.values, nature: typed });
    natureTargets = [];
    judgeArrival(row);
    moveTo(forward ? row.index + 1 : row.index, row.column);
    row.paint();
    register.changed([row, ...also]);
    tell(row);
  }

  // --- the list of codes in a cell: Enter takes it, Escape leaves the old mark -----------------------------------------------

  function openCodes(row) {
    const list = make("select", { class: "code-editor", "aria-label": `Code for ${row.name}` });
    list.append(make("option", { value: "" }, "No mark"));
    for (const [code, { name }] of Object.entries(codes)) {
      if (row.allows(code)) list.append(make("option", { value: code }, `${code} – ${name}`));
    }
    list.value = row.code;
    row.glyph.hidden = true;
    row.cell.append(list);
    let isOpen = true;
    const close = ({ take, stay }) => {
      if (!isOpen) return;
      isOpen = false;
      const code = list.value;
      list.remove();
      row.glyph.hidden = false;
      if (!stay) moveTo(row.index, row.column);
      if (!take || code === row.code) return;
      if (setCode([row], code)) afterTyping(code, [row]);
    };
    list.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.ctrlKey) close({ take: true });
      else if (event.key === "Escape") close({ take: false });
      else if (event.key === "Tab") return;
      else {
        event.stopPropagation();
        return;
      }
      event.preventDefault();
      event.stopPropagation();
    });
    // The change of this list is not that of the form's own list beside it.
    list.addEventListener("change", (event) => event.stopPropagation());
    list.addEventListener("blur", () => close({ take: true, stay: true }));
    list.focus();
    say(`${row.name}: choose a code, then Enter`);
  }

  // --- keys ------------------------------------------------------------------------------------------------------------

  const MOVES = {
    ArrowUp: () => [at.row - 1, at.column],
    ArrowDown: () => [at.row + 1, at.column],
    ArrowLeft: () => [at.row, at.column - 1],
    ArrowRight: () => [at.row, at.column + 1],
    PageUp: () => [at.row - PAGE, at.column],
    PageDown: () => [at.row + PAGE, at.column],
    Home: (event) => [event.ctrlKey ? 0 : at.row, 0],
    End: (event) => [event.ctrlKey ? rows.length - 1 : at.row, columns - 1],
  };

  function onGridKey(event) {
    const onToday = at.column === rows[at.row].column;
    const { key } = event;
    if (MOVES[key] && !event.altKey && !event.metaKey) {
      justSet = null;
      walk(...MOVES[key](event), event.shiftKey);
    } else if (key === "Enter" || key === "F2") {
      if (event.ctrlKey || event.metaKey) return;
      const row = rows[at.row];
      if (row.note && key === "Enter") row.note.querySelector("input, button")?.focus();
      else if (key === "F2" || (!areSingleKeysOn && !event.shiftKey)) openCodes(row);
      else openDetails(row);
    } else if (key === "Escape") {
      dropPending();
      anchor = null;
      showSelection();
    } else if ((event.ctrlKey || event.metaKey) && key.toLowerCase() === "z") {
      dropPending();
      undo();
    } else if ((event.ctrlKey || event.metaKey) && key.toLowerCase() === "a") {
      select(0, rows.length - 1);
    } else if (event.ctrlKey && key === " ") {
      select(0, rows.length - 1);
    } else if (event.shiftKey && key === " ") {
      select(at.row, at.row);
    } else if (event.ctrlKey || event.metaKey || event.altKey) {
      return;
    } else if (key === "Backspace" || key === "Delete") {
      if (pending) dropPending();
      else if (onToday) setCode(selection(), "");
    } else if (key.length === 1 && key !== " ") {
      if (!areSingleKeysOn) return; // the person speaks to the computer, or a key is hit by accident
      if (onToday) typeKey(key);
      else say(`Only the marks of ${day} ${half} can be changed here.`);
    } else {
      return;
    }
    event.preventDefault();
  }

  table.addEventListener("keydown", (event) => {
    const row = rows.find((one) => one.element.contains(event.target));
    if (!row || !isGrid) return;
    if (row.note?.contains(event.target)) {
      if (event.key !== "Escape") return;
      focusRow(row.index);
      event.preventDefault();
    } else if (event.target.matches("input[type=text]")) {
      if (event.key === "Enter" && !event.ctrlKey) closeDetails(row, { forward: true });
      else if (event.key === "Escape") closeDetails(row, { forward: false });
      else return;
      event.preventDefault();
    } else if (event.target === row.cells[at.column]) {
      onGridKey(event);
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.altKey && event.shiftKey && event.code === "KeyP") fillBlanks();
    else if (event.altKey && event.shiftKey && event.code === "KeyF" && isGrid) find.focus();
    else if ((event.ctrlKey || event.metaKey) && event.key === "Enter") form.requestSubmit();
    else if (event.key === "Enter" && form.contains(event.target) && event.target.matches("input")) {
      // Enter in a field is not "save thirty marks".
    } else return;
    event.preventDefault();
  });

  // --- find a pupil ------------------------------------------------------------------------------------------------------

  function matches() {
    const typed = find.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    if (!typed.length) return [];
    const found = rows.filter((row) => typed.every((part) => row.words.some((word) => word.startsWith(part))));
    // Surnames first: that is how the list is sorted and how names are called out.
    return found.sort((one, other) => Number(other.words[0].startsWith(typed[0])) - Number(one.words[0].startsWith(typed[0])));
  }

  find.addEventListener("input", () => {
    const found = matches();
    if (find.value.trim()) say(found.length ? `${found[0].name}${found.length > 1 ? `, and ${found.length - 1} more` : ""}` : "No pupil of that name");
  });

  find.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.ctrlKey) {
      const [first] = matches();
      if (first) {
        find.value = "";
        anchor = null;
        focusRow(first.index);
        say(first.name);
      }
    } else if (event.key === "Escape") {
      find.value = "";
      focusRow(at.row);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });

  // --- pointer -------------------------------------------------------------------------------------------------------------

  table.addEventListener("mousedown", (event) => {
    const row = rows.find((one) => one.cell.contains(event.target));
    if (!row || !isGrid || event.target.matches(".code-editor, .code-editor *")) return;
    event.preventDefault();
    walk(row.index, row.column, event.shiftKey);
  });

  table.addEventListener("focusin", (event) => {
    if (!isGrid) return;
    const row = rows.find((one) => one.element.contains(event.target));
    const column = row ? row.cells.indexOf(event.target) : -1;
    if (column >= 0 && (row.index !== at.row || column !== at.column)) moveTo(row.index, column, { focus: false });
  });

  for (const button of document.querySelectorAll("[data-code]")) {
    button.addEventListener("click", () => {
      moveTo(at.row, rows[at.row].column);
      typeCode(button.dataset.code);
    });
  }

  document.getElementById("fill").addEventListener("click", () => {
    fillBlanks();
    const first = rows.find((row) => !row.code);
    if (first) focusRow(first.index);
  });

  table.addEventListener("change", (event) => {
    const row = rows.find((one) => one.element.contains(event.target));
    if (!row) return;
    // Radios and list are one choice: whichever was touched last counts.
    if (row.note?.contains(event.target)) return;
    if (event.target.type === "radio") row.list.value = "";
    else if (event.target === row.list && row.list.value) for (const radio of row.radios) radio.checked = false;
    if (event.target === row.arrived) judgeArrival(row);
    if (event.target === row.list || event.target.type === "radio") {
      const { code } = row;
      row.write(withCode(row, code));
    }
    row.paint();
    register.changed([row]);
    if (event.target === row.list || event.target.type === "radio") tell(row);
  });

  // --- wide or narrow -------------------------------------------------------------------------------------------------------

  function arrange() {
    isGrid = wide.matches;
    table.classList.toggle("register--grid", isGrid);
    if (isGrid) {
      table.setAttribute("role", "grid");
      table.setAttribute("aria-multiselectable", "true");
      table.setAttribute("aria-describedby", "keys-hint");
    } else {
      for (const name of ["role", "aria-multiselectable", "aria-describedby"]) table.removeAttribute(name);
    }
    for (const row of rows) {
      for (const cell of row.cells) {
        if (isGrid) cell.tabIndex = -1;
        else cell.removeAttribute("tabindex");
      }
      for (const input of [row.arrived, row.nature]) {
        if (isGrid) input.tabIndex = -1;
        else input.removeAttribute("tabindex");
      }
      row.paint();
    }
    if (isGrid) rows[at.row].cells[at.column].tabIndex = 0;
    // The error summary links to radios, which a grid hides: there the cell takes the focus.
    for (const link of document.querySelectorAll(".govuk-error-summary a")) {
      link.dataset.href ??= link.getAttribute("href");
      const found = /^#mark-(\d+)-/.exec(link.dataset.href);
      link.setAttribute("href", found && isGrid ? `#cell-${found[1]}` : link.dataset.href);
    }
  }

  // --- the clock ----------------------------------------------------------------------------------------------------

  const closing = document.getElementById("closing");
  if (closing) {
    const began = performance.now();
    const minutes = Number(closing.dataset.minutes);
    setInterval(() => {
      const left = minutes - Math.floor((performance.now() - began) / 60000);
      closing.textContent = left > 0 ? `in ${left} minute${left === 1 ? "" : "s"}` : left === 0 ? "in less than a minute" : "now closed";
    }, 10000);
  }

  for (const element of form.querySelectorAll("[data-script]")) element.hidden = false;
  wide.addEventListener("change", arrange);
  window.rollcallGrid = {
    focusRow,
    openNature: (row) => {
      at = { row: row.index, column: row.column };
      openDetails(row, row.nature);
    },
  };
  arrange();
  register.refresh();
  const firstEmpty = rows.find((row) => !row.code);
  const problem = document.querySelector(".govuk-error-summary, .govuk-notification-banner");
  if (firstEmpty && isGrid) moveTo(firstEmpty.index, firstEmpty.column, { focus: !problem });
  form.dataset.ready = "true";
})();
