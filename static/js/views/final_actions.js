// Pause, resume, cancel, rename: each says "requested" until a worker has done it, and cannot be
// pressed twice meanwhile.
import { postJson, request } from "../lib/api.js";
import { byId, setText } from "../lib/dom.js";
import { confirmed } from "./actions.js";

const WORDS = {
  pause: ["Pause", "Pausing…"], resume: ["Resume", "Resuming…"], cancel: ["Cancel…", "Cancelling…"],
};

/** @param onAnswer (training JSON) what the API answered: the state after the request */
export function finalActions(apiUrl, onAnswer) {
  const buttons = Object.keys(WORDS).map((name) => [name, byId(`do-${name}`)]);
  const sent = new Set();
  let training = null;

  const send = async (name) => {
    if (sent.has(name)) return;
    sent.add(name);
    draw({ training });
    setText(byId("action-error"), "");
    try {
      onAnswer(await postJson(`${apiUrl}${name}/`));
    } catch (error) {
      setText(byId("action-error"), error.message);
    }
    sent.delete(name);
    draw({ training });
  };

  for (const [name, button] of buttons) {
    button.addEventListener("click", async () => {
      const dialog = byId(`confirm-${name}`);
      if (!dialog || (await confirmed(dialog))) send(name);
    });
  }
  rename(apiUrl, () => training, onAnswer);

  function draw(state) {
    ({ training } = state);
    for (const [name, button] of buttons) {
      const pending = sent.has(name) || training.requested === name;
      const [word, doing] = WORDS[name];
      setText(button, pending ? doing : name === "resume" && training.state === "failed" ? "Try again" : word);
      button.disabled = pending || !training.can[name];
      button.hidden = !training.can[name] && !pending;
    }
    byId("do-rename").hidden = !training.can.edit;
    byId("delete").hidden = !training.can.delete;
    const { checkpoint } = training;
    byId("to-checkpoint").hidden = byId("download").hidden = checkpoint == null;
    if (checkpoint == null) return;
    byId("to-checkpoint").href = `/checkpoints/${checkpoint}/`;
    byId("download").href = `/api/v1/checkpoints/${checkpoint}/download/`;
  }
  return draw;
}

function rename(apiUrl, current, onAnswer) {
  const dialog = byId("rename-dialog");
  const input = byId("rename-input");
  byId("do-rename").addEventListener("click", () => {
    input.value = current().name;
    setText(byId("rename-error"), "");
    dialog.showModal();
    input.select();
  });
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  dialog.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      onAnswer(await request("PATCH", apiUrl, { name: input.value }));
      dialog.close();
    } catch ({ message, fields }) {
      setText(byId("rename-error"), Object.values(fields ?? {})[0] ?? message);
    }
  });
}
