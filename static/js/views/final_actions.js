// What can be asked of a final training: pause, resume, cancel, rename.
import { request } from "../lib/api.js";
import { dialogForm } from "../lib/dialog_form.js";
import { byId } from "../lib/dom.js";
import { requestButtons } from "./request_buttons.js";

const WORDS = {
  pause: ["Pause", "Pausing…"],
  resume: ["Resume", "Resuming…"],
  cancel: ["Cancel…", "Cancelling…"],
};

/** @param onAnswer (training JSON) what the API answered: the state after the request */
export function finalActions(apiUrl, onAnswer) {
  const draw = requestButtons(apiUrl, WORDS, onAnswer);
  let training = null;
  dialogForm(
    "rename",
    () => training.name,
    (name) => request("PATCH", apiUrl, { name }),
    onAnswer,
  );

  return (state) => {
    ({ training } = state);
    draw(training, training.state === "failed" ? { resume: "Try again" } : {});
    byId("do-rename").hidden = !training.can.edit;
    byId("delete").hidden = !training.can.delete;
    const { checkpoint } = training;
    byId("to-checkpoint").hidden = byId("download").hidden = checkpoint == null;
    if (checkpoint == null) return;
    byId("to-checkpoint").href = `/checkpoints/${checkpoint}/`;
    byId("download").href = `/api/v1/checkpoints/${checkpoint}/download/`;
  };
}
