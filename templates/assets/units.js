// Scanning several units on one page: Enter after a scan moves to the next empty field instead of
// sending the form, and each expected unit gets its tick. Sending stays a button.

const fields = [...document.querySelectorAll("[data-units] input[data-scan]")];

function mark() {
  const read = fields.map((field) => field.value.toUpperCase().replace(/[^0-9A-Z]/g, ""));
  for (const unit of document.querySelectorAll("[data-unit]")) {
    const found = read.some((text) => text.startsWith(unit.dataset.unit));
    unit.classList.toggle("done", found);
  }
}

for (const field of fields) {
  field.addEventListener("change", mark);
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || field.value === "") return;
    event.preventDefault();
    mark();
    const next = fields.find((other) => other.value === "");
    (next ?? document.querySelector("[data-after-units]"))?.focus();
  });
}
mark();
