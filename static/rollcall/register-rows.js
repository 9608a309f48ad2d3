/*
 * The rows of a class's register: what each control says, how it is drawn, what is said aloud and counted.
 *
 * The page is a complete form without scripts; a mark is the row's radios and list, its time and its nature.
 * register-sync.js saves them as they change, register.js moves between them.
 */
(() => {
  "use strict";

  const form = document.getElementById("register-form");
  const table = document.getElementById("register");
  const source = document.getElementById("register-data");
  if (!form || !table || !source) return;

  const data = JSON.parse(source.textContent);
  const { present, day, half, times, codes } = data;
  const message = document.getElementById("message");
  const count = document.getElementById("count");
  const CLEAR = "clear";
  const STATES = {
    changed: "not saved yet",
    saving: "saving",
    saved: "saved",
    waiting: "waiting for the connection",
    conflict: "changed by somebody else",
    refused: "not saved",
  };

  const same = (one, other) => one.code === other.code && one.arrived === other.arrived && one.nature === other.nature;

  function make(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
    made.append(...children);
    return made;
  }

  class Row {
    constructor(element, index) {
      this.element = element;
      this.index = index;
      this.id = element.dataset.pupil;
      this.name = element.dataset.name;
      this.words = element.dataset.find.toLowerCase().split(/[\s'-]+/);
      this.refused = element.dataset.refused.split(" ");
      this.cells = [...element.cells];
      this.cell = document.getElementById(`cell-${this.id}`);
      this.column = this.cells.indexOf(this.cell);
      this.radios = [...element.querySelectorAll("input[type=radio]")];
      this.list = document.getElementById(`code-${this.id}`);
      this.arrived = document.getElementById(`arrived-${this.id}`);
      this.nature = document.getElementById(`nature-${this.id}`);
      this.glyph = element.querySelector(".register__glyph");
      this.stateMark = element.querySelector(".save-state");
      this.seenField = form.elements[`seen_${this.id}`];
      this.more = element.querySelector(".register__more");
      const [code, arrived, ...nature] = element.dataset.seen.split("|");
      this.seen = { code, arrived, nature: nature.join("|") };
      this.problem = ""; // saving, waiting, conflict or refused, as long as it lasts
      this.note = null;
    }

    get code() {
      const chosen = this.radios.find((radio) => radio.checked);
      if (chosen) return chosen.value;
      return this.list.value === CLEAR ? "" : this.list.value;
    }

    get values() {
      return { code: this.code, arrived: this.arrived.value.trim(), nature: this.nature.value.trim() };
    }

    get isChanged() {
      return !same(this.values, this.seen);
    }

    get needsNature() {
      return Boolean(codes[this.code] && codes[this.code].nature) && !this.nature.value.trim();
    }

    get isEdited() {
      return this.element.contains(document.activeElement) && document.activeElement.matches("input[type=text], select");
    }

    /* Whether the code may stand for this pupil in this session. */
    allows(code) {
      return Boolean(codes[code]) && !this.refused.includes(code);
    }

    write({ code, arrived, nature }) {
      const radio = this.radios.find((one) => one.value === code);
      for (const one of this.radios) one.checked = one === radio;
      // A mark given elsewhere, such as one that this list does not offer, is shown all the same.
      if (!radio && code && ![...this.list.options].some((option) => option.value === code)) {
        this.list.append(make("option", { value: code }, `${code} – ${codes[code] ? codes[code].name : code}`));
      }
      this.list.value = radio ? "" : code;
      this.arrived.value = arrived;
      this.nature.value = nature;
      this.paint();
    }

    /* What stands on the server now, as far as this page knows. */
    stand(values) {
      this.seen = { code: values.code, arrived: values.arrived, nature: values.nature };
      this.seenField.value = `${values.code}|${values.arrived}|${values.nature}`;
    }

    get state() {
      if (this.problem) return this.problem;
      if (this.isChanged) return "changed";
      return this.seen.code ? "saved" : "";
    }

    paint(pending = "") {
      const known = codes[this.code];
      this.glyph.className = `mark mark--${known ? known.look : "none"} register__glyph`;
      this.glyph.replaceChildren(
        make("span", { "aria-hidden": "true" }, pending ? `${pending}…` : this.code),
        make("span", { class: "govuk-visually-hidden" }, known ? known.name : "No mark"),
      );
      const wantsNature = Boolean(known && known.nature) || this.nature.value !== "";
      const wantsArrival = Boolean(known && known.arrival && this.code !== present) || this.arrived.value !== "";
      if (this.nature !== document.activeElement) this.nature.closest(".detail").hidden = !wantsNature;
      if (this.arrived !== document.activeElement) this.arrived.closest(".detail").hidden = !wantsArrival;
      const { state } = this;
      if (this.stateMark.dataset.state !== state) {
        this.stateMark.dataset.state = state;
        this.stateMark.replaceChildren(...(STATES[state] ? [make("span", { class: "govuk-visually-hidden" }, STATES[state])] : []));
      }
    }

    /* Show a sentence beside the mark, with what can be done about it. */
    showNote(text, ...controls) {
      this.hideNote();
      this.note = make("div", { class: "entry-note", id: `note-${this.id}` }, make("p", { class: "entry-note__words" }, text), ...controls);
      this.more.prepend(this.note);
    }

    hideNote() {
      const hadFocus = this.note && this.note.contains(document.activeElement);
      if (this.note) this.note.remove();
      this.note = null;
      return hadFocus;
    }
  }

  const rows = [...table.tBodies[0].rows].map((element, index) => new Row(element, index));
  const changeListeners = [];

  function marked() {
    return `${rows.filter((row) => row.code).length} of ${rows.length} marked`;
  }

  function say(text) {
    message.textContent = text;
  }

  function tell(row) {
    const known = codes[row.code];
    say(`${row.name}, ${day} ${half}, ${known ? known.name : "no mark"}. ${marked()}`);
  }

  /* Announce that a person changed these rows; whoever listens saves and counts. */
  function changed(touched) {
    for (const listener of changeListeners) listener(touched);
  }

  function refresh() {
    count.textContent = marked();
  }

  /* The school's own times decide what an arrival means; the server judges again. */
  function judgeArrival(row) {
    const typed = row.arrived.value.trim().replace(".", ":");
    const found = /^(\d{1,2}):?(\d{2})$/.exec(typed);
    if (!found || !(row.code === "" || (codes[row.code] && codes[row.code].arrival))) return;
    const minute = `${found[1].padStart(2, "0")}:${found[2]}`;
    const [lateAfter, closes] = times;
    const code = minute <= lateAfter ? present : minute <= closes ? "L" : "U";
    row.write({ ...row.values, code, arrived: minute });
    tell(row);
  }

  window.rollcallRegister = {
    data,
    form,
    table,
    rows,
    same,
    make,
    marked,
    say,
    tell,
    refresh,
    changed,
    judgeArrival,
    onChange: (listener) => changeListeners.push(listener),
  };
})();
