// `data-confirm="…"` on a form asks before it is sent; `data-copy="#id"` on a button copies a text;
// a form with `data-once` cannot be sent twice.

function confirmBeforeSending(event) {
  const question = event.target.dataset?.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
}

function lockSentForm(event) {
  const form = event.target;
  if (event.defaultPrevented || form.dataset?.once === undefined) return;
  // After the event: a button that is disabled within it would not be sent along.
  setTimeout(() =>
    form.querySelectorAll("button").forEach((button) => {
      button.disabled = true;
    }),
  );
}

async function copy(event) {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  const source = document.querySelector(button.dataset.copy);
  await navigator.clipboard.writeText(source.textContent.trim());
  button.textContent = "Copied";
}

export function startDialogs() {
  document.addEventListener("submit", confirmBeforeSending);
  document.addEventListener("submit", lockSentForm);
  document.addEventListener("click", copy);
  // A page that comes back from the browser's history must not keep its buttons locked.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted)
      document.querySelectorAll("form[data-once] button").forEach((button) => {
        /** @type {HTMLButtonElement} */ (button).disabled = false;
      });
  });
}
