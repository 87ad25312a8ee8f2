// A form that the server's own rules judge while one types: the latest answer counts.

/**
 * @param {HTMLFormElement} form with `data-check`, the address that judges
 * @param {HTMLButtonElement} button that sends it, once
 * @param {(answer: any) => void} show
 * @param {(name: string) => void} onInput a field's name, before the server is asked
 * @param {number} delay in ms after the last keystroke
 */
export function checkedForm(form, button, show, onInput = () => {}, delay = 350) {
  let [timer, asked] = [0, 0];
  async function check() {
    asked += 1;
    const mine = asked;
    const response = await fetch(form.dataset.check, {
      method: "POST",
      body: new FormData(form),
    }).catch(() => null);
    if (response?.ok && mine === asked) show(await response.json());
  }
  form.addEventListener("input", ({ target }) => {
    onInput(/** @type {HTMLInputElement} */ (target).name);
    clearTimeout(timer);
    timer = setTimeout(check, delay);
  });
  form.addEventListener("submit", () => {
    button.disabled = true;
  });
  // A page that comes back from the browser's history must not keep its button locked.
  addEventListener("pageshow", () => {
    button.disabled = false;
  });
  check();
}
