/*
 * Makes reports quick by keyboard. Every form works without this file: here chosen children stand below the field, those
 * who may have called come with them, and single keys go from report to report for people who have them on.
 */
const make = (tag, attributes = {}, text = "") => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.textContent = text;
  return element;
};

// --- writing down a report -----------------------------------------------------------------------------------------------

const form = document.getElementById("report-form");
// arrivals.js, which runs later than a module may, gives the list of pupils another id.
const select = form?.querySelector("select[name=pupils]");

if (form && select) {
  const list = document.getElementById("children");
  const callers = document.getElementById("callers");
  let asked = "";

  const show = () => {
    const chosen = [...select.selectedOptions];
    list.replaceChildren(...chosen.map((option) => {
      const line = make("li", { class: "report-children__child" }, option.text);
      const remove = make("button", { class: "report-children__remove", type: "button" }, "Remove");
      remove.append(make("span", { class: "govuk-visually-hidden" }, ` ${option.text}`));
      remove.addEventListener("click", () => {
        option.selected = false;
        select.dispatchEvent(new Event("change", { bubbles: true }));
        document.getElementById("id_pupils")?.focus();
      });
      line.append(remove);
      return line;
    }));
    list.hidden = !chosen.length;
    ask(chosen.map((option) => option.value));
  };

  async function ask(ids) {
    const query = ids.map((id) => `pupil=${id}`).join("&");
    if (query === asked) return;
    asked = query;
    const chosen = callers.querySelector("input:checked")?.value;
    try {
      const answer = await fetch(`${form.dataset.callers}?${query}`, { credentials: "same-origin", headers: { Accept: "text/html" } });
      if (!answer.ok || answer.redirected || query !== asked) return;
      const found = new DOMParser().parseFromString(await answer.text(), "text/html").body;
      callers.replaceChildren(...found.childNodes);
      const again = chosen && callers.querySelector(`input[value="${CSS.escape(chosen)}"]`);
      if (again) again.checked = true;
      form.dataset.callersFor = query;
    } catch {
      asked = ""; // No network: the button below asks the server.
    }
  }

  for (const button of form.querySelectorAll("[data-without-script]")) button.hidden = true;
  select.addEventListener("change", show);
  show();
  // Whoever names somebody else means no contact on record.
  form.querySelector("#id_caller").addEventListener("input", (event) => {
    if (event.target.value.trim()) for (const radio of callers.querySelectorAll("input")) radio.checked = false;
  });
  // Enter in a list goes on as it does in a field.
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches("select")) return;
    event.preventDefault();
    form.requestSubmit(document.getElementById("record-accept"));
  });
  form.dataset.ready = "";
}

// --- the queue -----------------------------------------------------------------------------------------------------------

const keys = document.getElementById("report-keys");
const fresh = document.querySelector("[data-key=n]");

if (fresh) {
  const rows = () => [...document.querySelectorAll("[data-report]")].filter((row) => row.querySelector("[data-accept]"));
  const here = () => rows().findIndex((row) => row.contains(document.activeElement));
  if (keys) keys.hidden = false;
  const go = (place) => rows()[Math.max(0, Math.min(place, rows().length - 1))]?.querySelector("[data-accept] button")?.focus();

  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest("input:not([type=checkbox]), textarea, select")) return;
    if (event.key === "n") fresh.click();
    else if (event.key === "j") go(here() + 1);
    else if (event.key === "k") go(here() < 0 ? 0 : here() - 1);
    else if (event.key === "a" && here() >= 0) rows()[here()].querySelector("[data-accept]").requestSubmit();
    else return;
    event.preventDefault();
  });
  document.documentElement.dataset.reportsReady = "";
}
