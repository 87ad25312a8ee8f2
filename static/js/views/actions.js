// Pause, resume, stop, cancel: each says "requested" until the search has done it, and cannot be
// pressed twice meanwhile. Stop and cancel ask first.
import { postJson } from "../lib/api.js";
import { byId, setText } from "../lib/dom.js";

const WORDS = {
  pause: ["Pause", "Pausing…"], resume: ["Resume", "Resuming…"],
  stop: ["Stop…", "Stopping…"], cancel: ["Cancel…", "Cancelling…"],
};
const ASKED = { pause: "pause", stop: "stop", cancel: "cancel" };

/** @param onAnswer (search JSON) what the API answered: the state after the request */
export function actionsView(apiUrl, onAnswer) {
  const buttons = Object.keys(WORDS).map((name) => [name, byId(`do-${name}`)]);
  const sent = new Set();
  let search = null;

  const send = async (name) => {
    if (sent.has(name)) return;
    sent.add(name);
    draw({ search });
    setText(byId("action-error"), "");
    try {
      onAnswer(await postJson(`${apiUrl}${name}/`));
    } catch (error) {
      setText(byId("action-error"), error.message);
    }
    sent.delete(name);
    draw({ search });
  };

  for (const [name, button] of buttons) {
    button.addEventListener("click", async () => {
      const dialog = byId(`confirm-${name}`);
      if (!dialog || (await confirmed(dialog))) send(name);
    });
  }

  function draw(state) {
    search = state.search;
    for (const [name, button] of buttons) {
      const pending = sent.has(name) || search.requested === ASKED[name];
      const [word, doing] = WORDS[name];
      setText(button, pending ? doing : word);
      button.disabled = pending || !search.can[name];
      button.hidden = !search.can[name] && !pending;
    }
    byId("download").hidden = !search.can.download;
  }
  return draw;
}

/** Whether the reader says yes; Escape says no. */
export function confirmed(dialog) {
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
