// Pause, resume, stop, cancel: each says "requested" until it has been done, and cannot be pressed
// twice meanwhile. Some ask first.
import { postJson } from "../lib/api.js";
import { byId, setText } from "../lib/dom.js";

/**
 * Buttons `do-<name>`, and dialogs `confirm-<name>` for those that ask first.
 * @param words by name: what the button says, and what while it is being done
 * @param onAnswer (JSON) what the API answered: the state after the request
 * @return draw(subject with `can` and `requested`, other words for some buttons)
 */
export function requestButtons(apiUrl, words, onAnswer) {
  const buttons = Object.keys(words).map((name) => [name, byId(`do-${name}`)]);
  const sent = new Set();
  let [subject, others] = [null, {}];

  const send = async (name) => {
    if (sent.has(name)) return;
    sent.add(name);
    draw(subject, others);
    setText(byId("action-error"), "");
    try {
      onAnswer(await postJson(`${apiUrl}${name}/`));
    } catch (error) {
      setText(byId("action-error"), error.message);
    }
    sent.delete(name);
    draw(subject, others);
  };

  for (const [name, button] of buttons) {
    button.addEventListener("click", async () => {
      const dialog = byId(`confirm-${name}`);
      if (!dialog || (await confirmed(dialog))) send(name);
    });
  }

  function draw(now, worded = {}) {
    [subject, others] = [now, worded];
    for (const [name, button] of buttons) {
      const pending = sent.has(name) || subject.requested === name;
      const [word, doing] = words[name];
      setText(button, pending ? doing : (worded[name] ?? word));
      button.disabled = pending || !subject.can[name];
      button.hidden = !subject.can[name] && !pending;
    }
  }
  return draw;
}

/** Whether the reader says yes; Escape says no. */
function confirmed(dialog) {
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
