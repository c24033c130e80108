// The answer to a scan in three channels: colour and shape over the whole screen, a sound, a
// vibration. It works muted and without colour: the shape and the sentence say the same.

const OK_MS = 500;
let timer = 0;

export function isOpen() {
  return Boolean(band()?.open);
}

export function close() {
  clearTimeout(timer);
  if (isOpen()) band().close();
}

/** Shows { verdict: "ok" | "check" | "stop", title, text, seen, go }. */
export function show(answer) {
  const box = band();
  if (!box) return;
  clearTimeout(timer);
  const verdict = ["ok", "check", "stop"].includes(answer.verdict) ? answer.verdict : "stop";
  box.className = "band " + verdict;
  part(box, "title", answer.title);
  part(box, "text", answer.text);
  part(box, "seen", printable(answer.seen));
  const go = box.querySelector("[data-part=go]");
  const target = sameHost(answer.go);
  go.hidden = !target || verdict === "ok";
  if (target) go.href = target;
  if (!box.open) box.showModal();
  sound(verdict);
  if (verdict === "ok" && target) location.assign(target);
  else if (verdict === "ok") timer = setTimeout(close, OK_MS);
}

function band() {
  return document.querySelector("dialog.band");
}

function part(box, name, text) {
  const element = box.querySelector("[data-part=" + name + "]");
  element.textContent = text ?? "";
  element.hidden = !text;
}

function printable(text) {
  return text ? text.replaceAll("\u001d", "\u241d") : "";
}

function sameHost(url) {
  if (!url) return null;
  const target = new URL(url, location.origin);
  return target.origin === location.origin ? target.href : null;
}

// ok: two rising notes; check: one long middle note; stop: three low notes.
const NOTES = { ok: [[880, 0, 0.08], [1320, 0.09, 0.12]], check: [[587, 0, 0.35]],
  stop: [[196, 0, 0.16], [196, 0.2, 0.16], [147, 0.4, 0.3]] };
let audio = null;

function sound(verdict) {
  navigator.vibrate?.(verdict === "ok" ? 40 : verdict === "check" ? [80, 60, 80] : [200, 80, 200]);
  if (document.documentElement.dataset.sound === "off") return;
  try {
    audio ??= new AudioContext();
    for (const [pitch, from, lasts] of NOTES[verdict]) note(pitch, audio.currentTime + from, lasts);
  } catch { /* no loudspeaker: shape, word and colour remain */ }
}

function note(pitch, from, lasts) {
  const tone = audio.createOscillator();
  const gain = audio.createGain();
  tone.frequency.value = pitch;
  gain.gain.setValueAtTime(0.18, from);
  gain.gain.exponentialRampToValueAtTime(0.001, from + lasts);
  tone.connect(gain).connect(audio.destination);
  tone.start(from);
  tone.stop(from + lasts);
}
