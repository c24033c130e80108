// The wedge listener. A scanner types fast and ends with Enter or Tab; a person does not. Wherever
// the focus is, a burst of quick keystrokes is taken as one scan, the typing is undone in the field
// that happened to have the focus, and the server is asked what the code means.
// Fields marked data-scan="here" keep their scan (for instance: "scan the vial you put away") and
// hand the focus on to the next entry that is missing. Fields marked data-takes="/materials/" get
// the scans of things whose page stands there, wherever the focus is; data-takes="USER:" those of
// badges.
import { show, close, isOpen } from "./band.js";

const GAP_MS = 45; // a person's quickest pair of keys is slower than this
const PAUSE_MS = 1500; // in a field for scans, a pause shorter than this does not end a scan
const SHORTEST = 4; // characters; anything shorter is a person
const LONGEST = 400; // longer than any code we print; the rest is noise
const AGAIN_MS = 2000; // the same code within this time is the same scan
const TWICE = { verdict: "check", title: "Already scanned",
  text: "The same code came twice within two seconds. It counts once." };
const EDITS = /^(Backspace|Delete|Escape|Home|End|Arrow.+)$/;

let burst = null;
let last = { code: "", at: -AGAIN_MS };

export function listen() {
  document.addEventListener("keydown", onKey, { capture: true });
  const box = document.querySelector("form.scanbox");
  box?.addEventListener("submit", (event) => {
    const code = box.elements.code.value.trim();
    if (!code) return;
    event.preventDefault();
    box.elements.code.value = "";
    ask(code);
  });
}

function onKey(event) {
  if (event.key === "Control") return; // it may begin the separator of a code: Ctrl+]
  if (separator(event)) event.preventDefault();
  else if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey) { burst = null; return; }
  if (event.key === "Enter" || event.key === "Tab") return onEnd(event);
  const character = typed(event);
  if (character === null) {
    if (EDITS.test(event.key)) burst = null; // a person corrects what stands there
    return;
  }
  const now = event.timeStamp;
  if (!burst || now - burst.at > gap(burst.field) || place(event) !== burst.field) {
    burst = begin(event, now);
  }
  burst.text += character;
  burst.at = now;
  if (burst.text.length > LONGEST) burst = null;
}

function gap(field) {
  return field?.dataset.scan === "here" ? PAUSE_MS : GAP_MS;
}

function place(event) {
  const field = event.target;
  return field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement ? field : null;
}

function begin(event, now) {
  const field = place(event);
  return { text: "", at: now, field, before: field ? field.value : "" };
}

function onEnd(event) {
  const done = burst;
  burst = null;
  if (!done || event.timeStamp - done.at > gap(done.field) * 2 || done.text.length < SHORTEST
    || place(event) !== done.field) {
    if (event.key === "Enter" && isTyped(event.target) && onwards(event.target)) event.preventDefault();
    return;
  }
  if (done.field?.dataset.scan === "here" && !done.field.form?.matches("[data-run]")) {
    if (twice(done.text)) {
      event.preventDefault();
      done.field.value = done.before;
    } else if (enter(done.field, done.text, done.before)) {
      event.preventDefault();
    }
    return; // with nothing missing, Enter sends the form: what the page was made for
  }
  if (done.field?.type === "password") return; // a badge and PIN reader may type here
  event.preventDefault();
  event.stopPropagation();
  if (done.field) done.field.value = done.before;
  if (!person(done.text) && !next(done.text)) ask(done.text);
}

// On a page made for one scan after the other, each of them is the answer to what it asks, wherever
// the focus is; the trigger pulled twice is one scan, also when the page changed in between.
function next(text) {
  const entry = document.querySelector("form[data-run] [data-scan]");
  if (!entry) return false;
  const [code, at] = JSON.parse(sessionStorage.getItem("run") ?? '["", 0]');
  sessionStorage.setItem("run", JSON.stringify([text, Date.now()]));
  if (code === text && Date.now() - at < AGAIN_MS) {
    show({ ...TWICE, seen: text });
    return true;
  }
  if (isOpen()) close();
  entry.value = text;
  entry.form.requestSubmit();
  return true;
}

// A badge names a person: it goes into the entry of this page that asks for one, wherever the focus
// is. The password is still typed.
function person(text) {
  const entry = document.querySelector("[data-takes='USER:']");
  if (!entry || text.slice(0, 5).toUpperCase() !== "USER:") return false;
  const name = text.slice(5).toLowerCase();
  if (entry instanceof HTMLSelectElement && ![...entry.options].some((one) => one.value === name)) {
    show({ verdict: "stop", title: "Nobody to choose here", seen: text,
      text: "The person of this badge is not among those who can be chosen. Ask another person." });
    return true;
  }
  entry.value = name;
  entry.dispatchEvent(new Event("change", { bubbles: true }));
  if (!onwards(entry)) entry.form?.querySelector("input[type=password]")?.focus();
  return true;
}

// Puts a scan into a field, on a line of its own where there are several, and goes on to the next
// entry that is missing. Says whether there was one.
function enter(field, text, before) {
  const several = field instanceof HTMLTextAreaElement;
  const above = several ? before.trimEnd() : "";
  field.value = above ? above + "\n" + text : text;
  field.dispatchEvent(new Event("change", { bubbles: true }));
  return several || onwards(field);
}

// A code typed by a person into a field for scans.
function isTyped(field) {
  return field instanceof HTMLInputElement && field.dataset.scan === "here" && field.value !== "";
}

// Goes on to the next entry of the form that is missing; says whether there was one.
function onwards(field) {
  const missing = [...(field.form?.elements ?? [])].find(isMissing);
  missing?.focus();
  return Boolean(missing);
}

function isMissing(field) {
  const asked = field.required || field.dataset.scan === "here";
  return asked && field.value === "" && field.type !== "password" && field.offsetParent !== null;
}

// The field of this page that takes the thing whose page the server named.
function taker(go) {
  const fields = [...document.querySelectorAll("[data-takes]")];
  return fields.find((field) => go?.startsWith(field.dataset.takes)
    && (field instanceof HTMLTextAreaElement || field.value === ""));
}

// A scanner set to a US keyboard on a Slovenian (QWERTZ) computer swaps Y and Z and moves the signs.
// The physical key does not lie, so by default the key is read, not the letter; a station whose
// scanner follows the computer's own layout says so once on its station page.
function typed(event) {
  if (separator(event)) return "\u001d";
  if (event.key.length !== 1) return null;
  if (document.documentElement.dataset.scanner === "host") return event.key;
  return usKey(event) ?? event.key;
}

// How scanners type the group separator of GS1: as itself, or as Ctrl+].
function separator(event) {
  return event.key === "\u001d" || event.code === "GroupSeparator"
    || (event.ctrlKey && !event.altKey && !event.metaKey && event.code === "BracketRight");
}

const PLAIN = { Minus: "-", Equal: "=", BracketLeft: "[", BracketRight: "]", Backslash: "\\",
  Semicolon: ";", Quote: "'", Backquote: "`", Comma: ",", Period: ".", Slash: "/", Space: " " };
const SHIFTED = { Minus: "_", Equal: "+", BracketLeft: "{", BracketRight: "}", Backslash: "|",
  Semicolon: ":", Quote: '"', Backquote: "~", Comma: "<", Period: ">", Slash: "?", Space: " ",
  Digit1: "!", Digit2: "@", Digit3: "#", Digit4: "$", Digit5: "%", Digit6: "^", Digit7: "&",
  Digit8: "*", Digit9: "(", Digit0: ")" };

function usKey(event) {
  const code = event.code;
  if (!code) return null;
  if (code.startsWith("Key")) {
    const upper = event.shiftKey !== event.getModifierState("CapsLock");
    return upper ? code.slice(3) : code.slice(3).toLowerCase();
  }
  if (event.shiftKey && SHIFTED[code]) return SHIFTED[code];
  if (code.startsWith("Digit")) return code.slice(5);
  if (/^Numpad[0-9]$/.test(code)) return code.slice(6);
  return PLAIN[code] ?? null;
}

// The same code within two seconds is the same scan; a person is told.
function twice(code) {
  const now = performance.now();
  const same = code === last.code && now - last.at < AGAIN_MS;
  last = { code, at: now };
  if (same) show({ ...TWICE, seen: code });
  return same;
}

async function ask(code) {
  if (twice(code)) return;
  if (isOpen()) close();
  const url = "/scan?code=" + encodeURIComponent(code);
  try {
    const reply = await fetch(url, { headers: { accept: "application/json" }, redirect: "error" });
    const answer = await reply.json();
    const field = answer.verdict === "ok" ? taker(answer.go) : null;
    if (field) enter(field, code, field.value);
    show({ ...answer, go: field ? null : answer.go, seen: code });
  } catch {
    show({ verdict: "stop", title: "No answer from the server", seen: code,
      text: "The scan was not recorded. Check the network, then scan again." });
  }
}
