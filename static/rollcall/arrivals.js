/*
 * Makes the hatch quick. Every form works without this file: here the list of pupils becomes a field to type letters in,
 * the mark that an arrival means is said before it is saved, and Enter goes on.
 */
(() => {
  const SHOWN = 8;
  const plain = (text) => text.normalize("NFD").replace(/\p{Diacritic}/gu, "").toLowerCase();
  const make = (tag, attributes = {}, text = "") => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.textContent = text;
    return element;
  };

  // --- finding a pupil ------------------------------------------------------------------------------------------------

  class Finder {
    constructor(select) {
      this.select = select;
      this.kind = select.dataset.finder;
      this.options = [...select.options].filter((option) => option.value).map((option) => ({
        option,
        words: plain(option.text).split(/[^\p{L}\p{N}]+/u),
      }));
      this.id = select.id;
      select.id = `${this.id}-list`;
      select.hidden = true;
      this.box = make("div", { class: "finder" });
      this.input = make("input", {
        class: select.className.replace("govuk-select", "govuk-input finder__input").replace("govuk-select--error", "govuk-input--error"),
        id: this.id, type: "text", role: "combobox", autocomplete: "off", spellcheck: "false", "aria-autocomplete": "list",
        "aria-expanded": "false", "aria-controls": `${this.id}-found`,
      });
      if (select.getAttribute("aria-describedby")) this.input.setAttribute("aria-describedby", select.getAttribute("aria-describedby"));
      this.list = make("ul", { class: "finder__list", id: `${this.id}-found`, role: "listbox", "aria-label": "Pupils found" });
      this.list.hidden = true;
      this.said = make("div", { class: "govuk-visually-hidden", role: "status" });
      this.box.append(this.input, this.list, this.said);
      select.before(this.box);
      this.found = [];
      this.active = -1;
      if (this.kind !== "many" && select.value) this.input.value = select.selectedOptions[0].text;
      this.input.addEventListener("input", () => this.search());
      this.input.addEventListener("keydown", (event) => this.key(event));
      this.input.addEventListener("blur", () => this.close());
      // Before the field loses the focus, so that the list is still there to be chosen from.
      this.list.addEventListener("mousedown", (event) => {
        event.preventDefault();
        const line = event.target.closest("[role=option]");
        if (line) this.choose(Number(line.dataset.place));
      });
    }

    search() {
      if (this.kind !== "many") this.put("");
      const typed = plain(this.input.value).split(/[^\p{L}\p{N}]+/u).filter(Boolean);
      this.found = typed.length
        ? this.options.filter((one) => typed.every((part) => one.words.some((word) => word.startsWith(part)))).slice(0, SHOWN)
        : [];
      this.list.replaceChildren(...this.found.map((one, place) => {
        const line = make("li", { class: "finder__option", id: `${this.id}-found-${place}`, role: "option", "data-place": place, "aria-selected": "false" }, one.option.text);
        const group = one.option.parentElement.label;
        if (group && group.startsWith("Marked in")) line.append(make("span", { class: "visually-quiet" }, " marked in already"));
        return line;
      }));
      this.list.hidden = !this.found.length;
      this.input.setAttribute("aria-expanded", String(!this.list.hidden));
      this.move(this.found.length ? 0 : -1);
      this.said.textContent = typed.length && !this.found.length ? "No pupil found" : "";
      this.box.classList.toggle("finder--empty", typed.length > 0 && !this.found.length);
    }

    move(place) {
      this.active = place;
      [...this.list.children].forEach((line, number) => line.setAttribute("aria-selected", String(number === place)));
      if (place < 0) this.input.removeAttribute("aria-activedescendant");
      else this.input.setAttribute("aria-activedescendant", `${this.id}-found-${place}`);
    }

    key(event) {
      const open = !this.list.hidden;
      if (event.key === "ArrowDown" && open) this.move(Math.min(this.active + 1, this.found.length - 1));
      else if (event.key === "ArrowUp" && open) this.move(Math.max(this.active - 1, 0));
      else if (event.key === "Escape" && open) this.close();
      else if (event.key === "Enter" && open) this.choose(this.active);
      else if (event.key === "Tab" && open && !event.shiftKey) { this.choose(this.active, { stay: true }); return; }
      else if (event.key === "Enter" && this.kind === "many") { /* nothing typed: nothing is sent */ }
      else return;
      event.preventDefault();
    }

    close() {
      this.list.hidden = true;
      this.input.setAttribute("aria-expanded", "false");
      this.input.removeAttribute("aria-activedescendant");
    }

    put(value) {
      this.select.value = value;
      this.select.dispatchEvent(new Event("change", { bubbles: true }));
    }

    choose(place, { stay = false } = {}) {
      const { option } = this.found[place];
      this.close();
      if (this.kind === "many") {
        this.input.value = "";
        option.selected = true;
        this.select.dispatchEvent(new Event("change", { bubbles: true }));
        return;
      }
      this.input.value = option.text;
      this.put(option.value);
      if (this.kind === "submit") this.select.form.requestSubmit();
      else if (!stay) document.getElementById("id_reason")?.focus();
    }

    pick(value) {
      const one = this.options.find(({ option }) => option.value === value);
      if (!one) return;
      this.found = [one];
      this.choose(0);
    }
  }

  const finders = [...document.querySelectorAll("select[data-finder]")].map((select) => new Finder(select));
  const finder = finders[0];

  // --- the time and the mark -------------------------------------------------------------------------------------------

  // The same texts that the server reads: 9:12, 0912, 9.12am.
  function minutesOf(text) {
    const typed = text.trim().toLowerCase().replaceAll(" ", "");
    const afternoon = typed.endsWith("pm");
    let digits = typed.replace(/(am|pm)$/, "").replaceAll(".", ":");
    if (!digits.includes(":") && /^\d{3,4}$/.test(digits)) digits = `${digits.slice(0, -2)}:${digits.slice(-2)}`;
    const parts = /^(\d{1,2}):(\d{2})$/.exec(digits);
    if (!parts) return null;
    const hours = Number(parts[1]) + (afternoon && Number(parts[1]) < 12 ? 12 : 0);
    return hours < 24 && Number(parts[2]) < 60 ? hours * 60 + Number(parts[2]) : null;
  }

  const form = document.getElementById("arrival-form");
  const written = document.getElementById("desk-data");
  if (form && written && finder) {
    const data = JSON.parse(written.textContent);
    const proposal = document.getElementById("proposal");
    const rule = proposal.textContent;
    const clock = (total) => `${((Math.floor(total / 60) + 11) % 12) + 1}:${String(total % 60).padStart(2, "0")}${total < 720 ? "am" : "pm"}`;

    const judge = () => {
      const option = finder.select.selectedOptions[0];
      const at = minutesOf(form.elements.arrived_at.value);
      if (!option || !option.value || at === null) return null;
      const half = form.elements.half.value || (data.afternoon && at >= minutesOf(data.afternoon) ? "PM" : "AM");
      const times = data.times[`${half} ${option.dataset.year}`] || data.times[half];
      if (!times) return null;
      const [lateAfter, closes] = times.map(minutesOf);
      const byTimes = at <= lateAfter ? "Present" : at <= closes ? "L" : "U";
      const key = half.toLowerCase();
      const known = option.dataset[key] || "";
      const kind = option.dataset[`${key}Kind`] || "open";
      return { half, at, byTimes, known, kind, seen: option.dataset[`${key}Seen`] || "", late: Math.max(0, at - lateAfter) };
    };

    const paint = () => {
      const found = judge();
      proposal.classList.toggle("hatch-form__proposal--asks", false);
      if (!found) {
        proposal.textContent = rule;
        delete proposal.dataset.says;
        return;
      }
      proposal.dataset.says = "";
      form.elements.seen.value = found.seen;
      const chosen = form.elements.code;
      const late = found.late ? `, ${found.late} minute${found.late === 1 ? "" : "s"} late` : "";
      const same = found.known === found.byTimes || (found.byTimes === "Present" && ["/", "\\"].includes(found.known));
      let text = `${found.byTimes}: ${clock(found.at)}${late}`;
      if (chosen.value === "keep") text = `Late book only; the mark stays ${found.known || "empty"}`;
      else if (chosen.value !== "auto") text = `Mark: ${chosen.selectedOptions[0].text}${late}`;
      else if (found.kind === "attended" && !same) {
        text = `Marked ${found.known} already: choose to keep that mark, or another`;
        proposal.classList.toggle("hatch-form__proposal--asks", true);
        form.querySelector("details").open = true;
      } else if (found.kind === "fixed" || (found.kind === "explained" && found.byTimes === "U")) text = `The mark stays ${found.known}${late}`;
      else if (found.known && found.kind === "open") text += ` (${found.known} until now)`;
      proposal.textContent = text;
    };

    form.addEventListener("input", paint);
    form.addEventListener("change", paint);
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !event.target.matches("select")) return;
      event.preventDefault();
      form.requestSubmit(document.getElementById("sign-in"));
    });
    for (const button of document.querySelectorAll("[data-pick]")) {
      button.hidden = false;
      button.addEventListener("click", () => {
        form.elements.arrived_at.value = button.dataset.time;
        finder.pick(button.dataset.pick);
      });
    }
    paint();
    form.dataset.ready = "";
  }

  // --- the late gate ---------------------------------------------------------------------------------------------------

  const list = document.getElementById("gate-list");
  if (list && finder) {
    const { select } = finder;
    const times = JSON.parse(document.getElementById("gate-times").textContent);
    const started = document.getElementById("id_started_at");
    const opened = Date.now();
    // The page's time goes on while it stays open; the phone's own clock may be wrong.
    const now = () => {
      const total = minutesOf(select.dataset.now) + Math.floor((Date.now() - opened) / 60000);
      return `${Math.floor(total / 60)}:${String(total % 60).padStart(2, "0")}`;
    };

    const show = () => {
      const chosen = [...select.selectedOptions];
      for (const line of [...list.children]) if (!chosen.some((option) => option.value === line.dataset.pupil)) line.remove();
      for (const option of chosen) {
        if ([...list.children].some((line) => line.dataset.pupil === option.value)) continue;
        const line = make("li", { class: "gate-list__line", "data-pupil": option.value });
        const label = make("label", { class: "gate-list__name", for: `seen-${option.value}` }, option.text);
        const time = make("input", { class: "govuk-input gate-list__time", id: `seen-${option.value}`, name: `seen_${option.value}`, type: "text", autocomplete: "off" });
        time.value = times[option.value] || now();
        const remove = make("button", { class: "govuk-button govuk-button--secondary gate-list__remove", type: "button" }, "Remove");
        remove.append(make("span", { class: "govuk-visually-hidden" }, ` ${option.text}`));
        remove.addEventListener("click", () => {
          option.selected = false;
          show();
          finder.input.focus();
        });
        line.append(label, time, remove);
        list.append(line);
      }
      list.hidden = !list.children.length;
    };
    select.addEventListener("change", show);
    show();
    if (started && !started.value) started.value = now();
    select.form.dataset.ready = "";
  }

  // The desk goes on with the next child: the banner of the last act is read out, but does not keep the focus.
  if (finder && !document.querySelector(".govuk-error-summary")) {
    const begin = () => finder.input.focus({ preventScroll: true });
    window.addEventListener("load", () => setTimeout(begin, 0));
    begin();
  }
})();
