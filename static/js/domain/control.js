// The control: the start network trained on, unchanged, just as the children are. What growing has
// gained is a gain over it; over the start network it would be the further training.
import { points } from "./format.js";

export const isChild = ({ role = "child" }) => role === "child";

/** What a trial is where it is no child. */
export const roleName = ({ role }) => ({ control: "Control", confirmation: "Confirmation" })[role];

let last = [null, null];

/**
 * Accuracies of the controls as {mean, spread, count}; null while none has been completed. Of a
 * chain, in which each goes on from the one before, the last counts. `spread` is the standard
 * deviation, null of a single one.
 */
export function controlOf(trials) {
  if (last[0] !== trials) last = [trials, reckon([...trials.values()])];
  return last[1];
}

function reckon(trials) {
  const ended = trials.filter(
    ({ role, state, accuracy }) => role === "control" && state === "completed" && accuracy != null,
  );
  if (!ended.length) return null;
  const goneOn = new Set(ended.map(({ parent }) => parent));
  const found = ended.filter(({ number }) => !goneOn.has(number)).map(({ accuracy }) => accuracy);
  const mean = found.reduce((all, value) => all + value) / found.length;
  const squares = found.reduce((all, value) => all + (value - mean) ** 2, 0);
  return {
    mean,
    spread: found.length > 1 ? Math.sqrt(squares / (found.length - 1)) : null,
    count: found.length,
  };
}

/**
 * A gain in words, and whether it is one: as the test images say it, or on validation images so
 * far. Nothing where there is no control.
 * @param {{gain?: any, control?: number}} against `gain` of the comparison, with `difference` and
 *   `verdict`; `control` the mean accuracy of the controls
 */
export function gainOf(accuracy, against) {
  const { gain = null, control = null } = against;
  if (gain?.verdict === "alike")
    return { text: "cannot be told apart from the control", ahead: false };
  if (!gain && (accuracy == null || control == null)) return { text: "", ahead: false };
  const difference = gain ? gain.difference : accuracy - control;
  const side = difference < 0 ? "against" : "over";
  return {
    text: `${points(difference, 1)} points ${side} the control${gain ? " on test images" : " so far"}`,
    ahead: difference > 0,
  };
}
