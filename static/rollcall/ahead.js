/* Choosing who takes part: a count, a button for a whole class, and classes closed until they are wanted. */
(() => {
  "use strict";

  const place = document.querySelector("[data-pupils]");
  if (!place) return;
  const count = place.querySelector("[data-count]");
  const boxes = [...place.querySelectorAll("input[type=checkbox]")];

  function refresh() {
    const chosen = boxes.filter((box) => box.checked).length;
    count.textContent = chosen ? `– ${chosen} chosen` : "";
  }

  for (const details of place.querySelectorAll("details")) {
    const own = [...details.querySelectorAll("input[type=checkbox]")];
    if (!own.some((box) => box.checked)) details.open = false;
    const all = document.createElement("button");
    all.type = "button";
    all.className = "govuk-button govuk-button--secondary ahead-class__all";
    all.textContent = "Choose the whole class";
    all.addEventListener("click", () => {
      const wanted = own.some((box) => !box.checked);
      for (const box of own) box.checked = wanted;
      refresh();
    });
    details.querySelector("[data-class]").before(all);
  }
  place.addEventListener("change", refresh);
  refresh();
})();
