// New order: asks the server for the amounts whenever the dose part changes. The numbers are computed
// in one place only, by the same rule that will check the order; this puts them on screen.

const form = document.getElementById("order-form");
const part = document.getElementById("dose-part");
const error = document.getElementById("dose-error");
const sums = document.getElementById("dose-sums");
const total = document.getElementById("dose-total");
let asked = 0;

function dosePart() {
  const query = new URLSearchParams({ protocol: form.elements.protocol.value });
  for (const field of part.querySelectorAll("[name]")) {
    const isChoice = field.type === "checkbox" || field.type === "radio";
    if (!isChoice || field.checked) query.append(field.name, field.value);
  }
  return query;
}

function line(entry, isResult) {
  const row = document.createElement("div");
  row.className = isResult ? "sum result" : "sum";
  for (const [name, text] of [["what", entry.title], ["value", entry.result], ["how", entry.formula]]) {
    const part = document.createElement("span");
    part.className = name;
    part.textContent = text;
    row.append(part);
  }
  return row;
}

function put(answer) {
  error.hidden = answer.error === null;
  error.querySelector("span").textContent = answer.error ?? "";
  total.textContent = answer.total;
  for (const kind of ["volume", "size"]) {
    for (const cell of document.querySelectorAll(`[data-${kind}]`)) {
      const row = answer.rows.find((one) => one.name === cell.dataset[kind]);
      cell.textContent = row ? row[kind] : kind === "volume" ? "–" : "";
    }
  }
  const list = document.createElement("div");
  list.className = "sums";
  answer.lines.forEach((entry, index) => list.append(line(entry, index === answer.lines.length - 1)));
  sums.replaceChildren(list);
}

async function recompute() {
  const mine = ++asked;
  try {
    const reply = await fetch("/orders/new/dose?" + dosePart(), {
      headers: { accept: "application/json" }, redirect: "error",
    });
    const answer = await reply.json();
    if (mine === asked && Array.isArray(answer.rows)) put(answer);
  } catch {
    // Without an answer the server still computes and checks when the form is sent.
  }
}

part?.addEventListener("input", recompute);
