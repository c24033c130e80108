// Numbers at scan stations and on touch screens: a keypad with keys that a finger in two gloves
// hits, and above it what is asked, its limits and its unit. Comma and point both stand for the
// decimal sign; the server reads either.

const KEYS = ["7", "8", "9", "4", "5", "6", "1", "2", "3", "0", ",", "-"];
const NUMBERS = 'input[inputmode="decimal"], input[inputmode="none"][data-number]';
let field = null;
let box = null;

export function keypad() {
  const touch = matchMedia("(pointer: coarse)").matches;
  if (!touch && !document.documentElement.classList.contains("station")) return;
  if (!document.querySelector(NUMBERS)) return;
  document.addEventListener("focusin", (event) => {
    if (box?.contains(event.target)) return;
    if (event.target.matches?.(NUMBERS) && !event.target.readOnly) open(event.target);
    else close();
  });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
  // A field that has the focus already: a finger on it asks for the keypad.
  document.addEventListener("click", (event) => {
    if (event.target.matches?.(NUMBERS) && !event.target.readOnly) open(event.target);
  });
}

function open(target) {
  field = target;
  field.dataset.number = "";
  field.inputMode = "none"; // the tablet's own keyboard would cover the page
  box ??= build();
  const label = document.querySelector('label[for="' + CSS.escape(field.id) + '"]');
  const limits = document.getElementById(field.id + "_hint")?.querySelector(".limits");
  say("asked", label?.textContent.replace("*", "").trim());
  say("limits", limits?.textContent);
  say("unit", field.parentElement.querySelector(".unit")?.textContent);
  box.hidden = false;
  document.body.classList.add("with-keypad");
  // At the side where the field is not.
  const place = field.getBoundingClientRect();
  box.classList.toggle("left", place.left + place.width / 2 > window.innerWidth / 2);
  field.scrollIntoView({ block: "center" });
}

function close() {
  if (!box || box.hidden) return;
  box.hidden = true;
  document.body.classList.remove("with-keypad");
  field = null;
}

function say(part, text) {
  box.querySelector("[data-part=" + part + "]").textContent = text ?? "";
}

function build() {
  const made = document.createElement("div");
  made.className = "keypad";
  made.setAttribute("role", "group");
  made.setAttribute("aria-label", "Keypad");
  const head = document.createElement("p");
  for (const part of ["asked", "limits", "unit"]) {
    const span = document.createElement("span");
    span.dataset.part = part;
    head.append(span);
  }
  const keys = document.createElement("div");
  keys.className = "keys";
  for (const key of KEYS) keys.append(button(key, () => type(key)));
  keys.append(button("\u232b", erase, "Delete the last character"));
  keys.append(button("OK", onwards, "Next entry", "primary"));
  made.append(head, keys);
  document.body.append(made);
  return made;
}

function button(text, act, name, kind) {
  const key = document.createElement("button");
  key.type = "button";
  key.textContent = text;
  if (name) key.setAttribute("aria-label", name);
  if (kind) key.className = kind;
  // The field keeps the focus: what is typed goes where the person looks.
  key.addEventListener("pointerdown", (event) => event.preventDefault());
  key.addEventListener("click", act);
  return key;
}

function type(text) {
  if (!field) return;
  const [from, to] = [field.selectionStart ?? field.value.length, field.selectionEnd ?? 0];
  field.setRangeText(text, from, Math.max(from, to), "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function erase() {
  if (!field) return;
  const to = field.selectionEnd ?? field.value.length;
  const from = field.selectionStart === to ? Math.max(0, to - 1) : field.selectionStart;
  field.setRangeText("", from, to, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

// The next number of the form; after the last one the keypad goes away.
function onwards() {
  const numbers = [...document.querySelectorAll(NUMBERS)];
  const next = numbers[numbers.indexOf(field) + 1];
  if (next) next.focus();
  else { field?.blur(); close(); }
}
