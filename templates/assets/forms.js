// Small kindnesses for forms: a button pressed twice sends once (the server would refuse the second
// anyway), the first wrong field gets the focus, and a page restored by the back button is asked
// for again, so that nothing stays visible after locking or signing out.

export function guardForms() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || form.method !== "post") return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    form.setAttribute("aria-busy", "true");
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
  document.querySelector(".field.bad input, .field.bad select, .field.bad textarea")?.focus();
}
