/* Dialling tells the others who is calling. Without this file the button beside the number does the same. */
const panel = document.getElementById("call-now");

panel?.addEventListener("click", (event) => {
  if (!event.target.closest("[data-dial]") || !panel.dataset.claim) return;
  const body = new URLSearchParams({
    pupil: panel.dataset.pupil,
    csrfmiddlewaretoken: panel.querySelector('input[name="csrfmiddlewaretoken"]').value,
  });
  fetch(panel.dataset.claim, { method: "POST", body, credentials: "same-origin", keepalive: true }).catch(() => {});
});
