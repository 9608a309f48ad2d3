/*
 * Makes the desk quick. Every act is a plain form or link without this file; here the button counts what is selected,
 * arrows move between rows, and a step opens beside the list without losing one's place.
 */
const form = document.getElementById("desk-form");
const pane = document.getElementById("pane");
const desk = document.querySelector(".desk");

// --- selecting several steps ----------------------------------------------------------------------------------------

const button = document.getElementById("approve-selected");
const message = document.getElementById("desk-message");
const every = document.getElementById("select-all");
const boxes = form ? [...form.querySelectorAll(".step__box")] : [];

const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;

function paint() {
  const chosen = boxes.filter((box) => box.checked);
  const letters = chosen.reduce((sum, box) => sum + Number(box.dataset.letters), 0);
  const onlyLetters = chosen.every((box) => Number(box.dataset.letters) > 0);
  if (button) {
    if (!chosen.length) button.textContent = "Approve the selected steps";
    else button.textContent = `Approve ${onlyLetters ? plural(letters, "letter") : plural(chosen.length, "step")}`;
  }
  if (message) message.textContent = "";
  if (every) {
    every.checked = chosen.length > 0 && chosen.length === boxes.length;
    every.indeterminate = chosen.length > 0 && chosen.length < boxes.length;
  }
}

if (form) {
  form.addEventListener("change", (event) => {
    if (event.target === every) for (const box of boxes) box.checked = every.checked;
    paint();
  });
  form.addEventListener("submit", (event) => {
    if (boxes.some((box) => box.checked)) return;
    event.preventDefault();
    message.textContent = "Select a step first";
    if (boxes.length) boxes[0].focus();
  });
  paint();
}

// --- moving between rows ----------------------------------------------------------------------------------------------

const controls = (kind) => [...document.querySelectorAll(kind)];

document.addEventListener("keydown", (event) => {
  if (!["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key)) return;
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const kind = [".step__name", ".step__box"].find((one) => event.target.matches?.(one));
  if (!kind) return;
  const all = controls(kind);
  const here = all.indexOf(event.target);
  const next = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: all.length - 1 }[event.key];
  if (!all[next]) return;
  event.preventDefault();
  all[next].focus();
});

// --- opening a step beside the list -------------------------------------------------------------------------------------

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target !== pane) return;
  desk.classList.add("desk--open");
  const opened = event.detail.requestConfig?.elt;
  for (const link of controls(".step__name")) {
    const isCurrent = link === opened;
    link.toggleAttribute("aria-current", isCurrent);
    if (isCurrent) link.setAttribute("aria-current", "true");
    link.closest(".step").classList.toggle("step--current", isCurrent);
  }
  // The list has become narrower and its rows taller: bring the row back into sight. On a phone the step is all there is.
  pane.scrollTop = 0;
  const row = document.querySelector(".step--current");
  (row && row.offsetParent ? row : pane).scrollIntoView({ block: "nearest" });
  document.getElementById("pane-title")?.focus({ preventScroll: Boolean(row && row.offsetParent) });
});
