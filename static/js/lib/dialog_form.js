// A dialog with one field: a button opens it, and what was refused stands beside the field.
import { byId, setText } from "./dom.js";

/**
 * The dialog `<name>-dialog`, which the button `do-<name>` opens.
 * @param {string} name
 * @param {() => any} fill what stands in the field at first
 * @param {(value: string) => Promise<any>} send
 * @param {(answer: any) => void} onAnswer what the API answered
 */
export function dialogForm(name, fill, send, onAnswer) {
  const dialog = byId(`${name}-dialog`);
  const [input, error] = [byId(`${name}-input`), byId(`${name}-error`)];
  byId(`do-${name}`).addEventListener("click", () => {
    input.value = fill();
    setText(error, "");
    dialog.showModal();
    input.select();
  });
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  dialog.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      onAnswer(await send(input.value));
      dialog.close();
    } catch ({ message, fields }) {
      setText(error, Object.values(fields ?? {})[0] ?? message);
    }
  });
}
