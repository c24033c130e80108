// Scanning several units on one page: each expected unit gets its tick when its label was read.

const fields = [...document.querySelectorAll("[data-units] input[data-scan]")];

function mark() {
  const read = fields.map((field) => field.value.toUpperCase().replace(/[^0-9A-Z]/g, ""));
  for (const unit of document.querySelectorAll("[data-unit]")) {
    const found = read.some((text) => text.startsWith(unit.dataset.unit));
    unit.classList.toggle("done", found);
  }
}

for (const field of fields) field.addEventListener("change", mark);
mark();
