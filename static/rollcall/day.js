/*
 * Keeps the day board true while it stays open: every half minute the part that changes is fetched from the page's own
 * address and put in place. The focus stays on the same link or button. Without this file the page is as old as it says.
 */
const part = () => document.getElementById("day-live");
const SECONDS = 30;
let isAsking = false;

async function refresh() {
  const old = part();
  if (!old || document.hidden || isAsking) return;
  isAsking = true;
  try {
    const answer = await fetch(location.href, { credentials: "same-origin", headers: { Accept: "text/html" } });
    // Signed out, or no longer allowed: what stands here keeps saying when it was true.
    if (!answer.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("day-live");
    if (!fresh) return;
    const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
    old.replaceWith(fresh);
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  } catch {
    // No network: try again in half a minute.
  } finally {
    isAsking = false;
  }
}

if (part()?.dataset.isToday) {
  setInterval(refresh, SECONDS * 1000);
  document.addEventListener("visibilitychange", refresh);
}
