/* Says how many pupils are ticked beside the button that settles them. Without this file the form works the same. */
const form = document.getElementById("settle-form");
const words = document.getElementById("settle-count");

function paint() {
  const ticked = form.querySelectorAll('input[name="day"]:checked').length;
  words.textContent = ticked ? `${ticked} ticked` : "";
}

if (form && words) {
  form.addEventListener("change", paint);
  paint();
}
