// Counts <time data-until="2026-11-22T08:00:00Z"> down by the server's clock. The text the server
// wrote stays right for readers without scripts: it names the moment, this adds the time left. From
// data-warn on it says that the end is near. Where a state ends, a page without entries (data-again)
// is asked for again, so that its words change as well.

const AGAIN_MS = 1500;

export function countDown() {
  const clocks = [...document.querySelectorAll("[data-until]")];
  if (clocks.length === 0) return;
  const served = Date.parse(document.documentElement.dataset.now);
  const offset = Number.isNaN(served) ? 0 : served - Date.now();
  const opened = Date.now() + offset;
  const crossed = (moment, now) => moment > opened && now > moment + AGAIN_MS;
  const tick = () => {
    const now = Date.now() + offset;
    for (const clock of clocks) {
      const until = Date.parse(clock.dataset.until);
      const warn = Date.parse(clock.dataset.warn);
      const left = until - now;
      const soon = left >= 0 && now >= warn;
      clock.textContent = (left < 0 ? "late by " : soon ? "only " : "") + words(Math.abs(left));
      clock.classList.toggle("late", left < 0);
      clock.classList.toggle("soon", soon);
      const passed = crossed(until, now) || crossed(warn, now);
      if (passed && "again" in clock.dataset) location.reload();
    }
  };
  tick();
  setInterval(tick, 1000);
}

function words(ms) {
  const seconds = Math.floor(ms / 1000);
  const days = Math.floor(seconds / 86400);
  const hours = Math.floor((seconds % 86400) / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const two = (number) => String(number).padStart(2, "0");
  if (days > 0) return days + " d " + hours + " h";
  if (hours > 0) return hours + " h " + two(minutes) + " min";
  return two(minutes) + ":" + two(seconds % 60);
}
