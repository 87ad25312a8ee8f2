// `data-confirm="…"` on a form asks before it is sent; with `data-frees` the question ends with what
// its address says that is worth; `data-copy="#id"` on a button copies a text; a form with
// `data-once` cannot be sent twice.
import { getJson } from "./api.js";

function confirmBeforeSending(event) {
  const form = event.target;
  const question = form.dataset?.confirm;
  if (!question) return;
  if (form.dataset.frees === undefined) {
    if (!window.confirm(question)) event.preventDefault();
    return;
  }
  event.preventDefault();
  // Where that is not to be had, the question is asked without it.
  getJson(form.getAttribute("action"))
    .catch(() => null)
    .then((found) => {
      if (window.confirm([question, found?.text].filter(Boolean).join(" "))) form.submit();
    });
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
