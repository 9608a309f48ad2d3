/*
 * Keeps the list of calls true while it stays open: every quarter of a minute the part that changes is fetched from the
 * page's own address. The child in hand is left alone, so that nothing typed is lost. Dialling tells the others who is
 * calling. Without this file the page is as old as it says, and the buttons do the same.
 */
const part = () => document.getElementById("calls-live");
const panel = document.getElementById("call-now");
const SECONDS = 15;
let isAsking = false;

async function refresh() {
  const old = part();
  if (!old || document.hidden || isAsking) return;
  isAsking = true;
  try {
    const answer = await fetch(location.href, { credentials: "same-origin", headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("calls-live");
    if (!fresh) return;
    const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
    old.replaceWith(fresh);
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  } catch {
    // No network: try again in a moment.
  } finally {
    isAsking = false;
  }
}

if (part()?.dataset.isToday) {
  setInterval(refresh, SECONDS * 1000);
  document.addEventListener("visibilitychange", refresh);
}

panel?.addEventListener("click", (event) => {
  if (!event.target.closest("[data-dial]") || !panel.dataset.claim) return;
  const body = new URLSearchParams({
    pupil: panel.dataset.pupil,
    csrfmiddlewaretoken: panel.querySelector('input[name="csrfmiddlewaretoken"]').value,
  });
  fetch(panel.dataset.claim, { method: "POST", body, credentials: "same-origin", keepalive: true }).catch(() => {});
});
