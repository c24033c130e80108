// Proposing a master record: puts the text of a chosen file into the field that is sent, and goes to
// the line of a fault.

const text = document.getElementById("text");

document.getElementById("file")?.addEventListener("change", async (event) => {
  const [file] = event.target.files;
  if (file && text) text.value = await file.text();
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-line]");
  if (!link || !text) return;
  event.preventDefault();
  const lines = text.value.split("\n");
  const before = lines.slice(0, Number(link.dataset.line) - 1).join("\n").length;
  const start = before === 0 ? 0 : before + 1;
  text.focus();
  text.setSelectionRange(start, start + (lines[Number(link.dataset.line) - 1] ?? "").length);
  text.scrollTop = (text.scrollHeight / lines.length) * (Number(link.dataset.line) - 5);
});
