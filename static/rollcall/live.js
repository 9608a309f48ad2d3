/*
 * Keeps one part of a page true while it stays open: every so many seconds (`data-live`) the part is fetched from the
 * page's own address and put in place. The focus stays on the same link or button; what stands outside the part, such
 * as something half typed, is left alone. Without this file the page is as old as it says.
 */
const part = () => document.querySelector("[data-live]");
let isAsking = false;

async function refresh() {
  const old = part();
  if (!old || document.hidden || isAsking) return;
  isAsking = true;
  try {
    const answer = await fetch(location.href, { credentials: "same-origin", headers: { Accept: "text/html" } });
    // Signed out, or no longer allowed: what stands here keeps saying when it was true.
    if (!answer.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(old.id);
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

if (part()) {
  setInterval(refresh, Number(part().dataset.live) * 1000);
  document.addEventListener("visibilitychange", refresh);
}
