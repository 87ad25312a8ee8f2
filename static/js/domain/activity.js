// Events in words, for the log and the live region.
import { roleName } from "./control.js";
import { percentWithUnit, plural, withNoiseText } from "./format.js";
import { moveOf } from "./lineage.js";

const WORDS = {
  "search.created": () => "Search created",
  "search.started": () => "Search started",
  "start_network.started": ({ worker, attempt }) =>
    `Training of the start network ${attempt > 1 ? "goes on" : "started"} on ${worker}`,
  "start_network.failed": ({ failure }) => `The start network failed: ${failure}`,
  "start_network.cancelled": () => "Training of the start network cancelled",
  "start_network.interrupted": ({ reason, failure }) =>
    reason === "delayed"
      ? `The start network waits, and is tried again: ${failure}`
      : "Training of the start network was interrupted; it goes on from its last epoch",
  "start_network.completed": ({ accuracy, saturated }) =>
    `Start network trained: ${percentWithUnit(accuracy)}${saturated === false ? ", still learning" : ""}`,
  "trial.created": (trial) => `Trial ${trial.number} proposed${proposal(trial)}`,
  "trial.started": ({ number, worker, attempt }) =>
    `Trial ${number} started on ${worker || "a worker"}${attempt > 1 ? `, attempt ${attempt}` : ""}`,
  "trial.completed": ({ number, accuracy, best }, images) =>
    `Trial ${number} completed: ${
      best ? `${withNoiseText(accuracy, images)}, the best so far` : percentWithUnit(accuracy)
    }`,
  "trial.failed": ({ number, failure }) => `Trial ${number} failed: ${failure}`,
  "trial.cancelled": ({ number }) => `Trial ${number} cancelled`,
  "trial.interrupted": ({ number, reason, failure }) =>
    reason === "delayed"
      ? `Trial ${number} waits, and is tried again: ${failure}`
      : `Trial ${number} interrupted: its worker was ${reason === "stopping" ? "stopped" : "lost"}; it is tried again`,
  "trial.retried": ({ number }) => `Trial ${number} is tried again`,
  "trial.pinned": ({ number }) => `Trial ${number} pinned`,
  "trial.unpinned": ({ number }) => `Trial ${number} unpinned`,
  "comparison.created": () => "Winner, control and start network shall meet the test images",
  "comparison.started": ({ worker }) => `The test images are looked at on ${worker || "a worker"}`,
  "comparison.completed": () => "Winner, control and start network have met the test images",
  "comparison.failed": ({ failure }) => `The test images could not be looked at: ${failure}`,
  "comparison.interrupted": ({ failure }) =>
    `The look at the test images was interrupted; it is tried again${failure ? `: ${failure}` : ""}`,
  "comparison.cancelled": () => "The look at the test images was cancelled",
  "search.pause_requested": () => "Pause requested: the trials that run end first",
  "search.paused": ({ failure }) => (failure ? `Search paused: ${failure}` : "Search paused"),
  "search.resumed": () => "Search resumed",
  "search.stop_requested": () => "Stop requested: the trials that run end first",
  "search.cancel_requested": () => "Cancel requested",
  "search.completed": ({ best_trial: trial, best_accuracy: best }, images) =>
    `Search completed${trial ? `: trial ${trial} is best with ${withNoiseText(best, images)}` : ""}`,
  "search.failed": ({ failure }) => `Search failed: ${failure}`,
  "search.cancelled": () => "Search cancelled",
  "search.renamed": ({ name }) => `Renamed to ${name}`,
  "search.noted": () => "Note changed",
  "search.tagged": ({ tags }) => `Tags: ${tags.join(", ") || "none"}`,
  "search.budget_extended": ({ max_trials: most }) => `Budget is now ${plural(most, "trial")}`,
  "final_training.created": ({ name }) => `Final training “${name}” created`,
  "final_training.started": ({ name, worker, attempt }) =>
    `Final training “${name}” ${attempt > 1 ? "goes on" : "started"} on ${worker || "a worker"}`,
  "final_training.pause_requested": ({ name }) =>
    `Pause of “${name}” requested: it stops at its next step`,
  "final_training.paused": ({ name, failure }) =>
    `Final training “${name}” paused after its last complete epoch${failure ? `: ${failure}` : ""}`,
  "final_training.resumed": ({ name }) => `Final training “${name}” resumed`,
  "final_training.cancel_requested": ({ name }) => `Cancelling of “${name}” requested`,
  "final_training.cancelled": ({ name }) => `Final training “${name}” cancelled`,
  "final_training.completed": ({ name, test_accuracy: tested }) =>
    `Final training “${name}” completed: test accuracy ${percentWithUnit(tested)}`,
  "final_training.failed": ({ name, failure }) => `Final training “${name}” failed: ${failure}`,
  "final_training.interrupted": ({ name, reason, failure }) =>
    reason === "delayed"
      ? `Final training “${name}” waits, and is tried again: ${failure}`
      : `Final training “${name}” ${INTERRUPTED[reason] ?? "interrupted"}`,
  "final_training.renamed": ({ name }) => `Final training renamed to “${name}”`,
};

function proposal(trial) {
  const [role, move] = [roleName(trial)?.toLowerCase(), moveOf(trial)];
  if (role || move) return `${role ? ` as ${role}` : ""}${move ? `: ${move.toLowerCase()}` : ""}`;
  return `, grown in ${plural(trial.transformations?.length ?? 0, "transformation")}`;
}

const INTERRUPTED = {
  preempted: "made way for others; it goes on in its turn",
  stopping: "interrupted: its worker was stopped; it goes on from its last complete epoch",
  lost: "interrupted: its worker was lost; it goes on from its last complete epoch",
  broken: "interrupted: one of its processes died; it goes on from its last complete epoch",
};

/** @param validationImages how many there are, where that is known */
export const sentence = ({ kind, payload }, validationImages = null) =>
  WORDS[kind]?.(payload, validationImages) ?? kind;

/** How loud an event is: "failed", "warning", "best" or "". */
export function level({ kind, payload }) {
  if (kind.endsWith(".failed")) return "failed";
  if (kind.endsWith(".interrupted")) return payload.reason === "preempted" ? "" : "warning";
  if (kind.endsWith(".paused") && payload.failure) return "warning";
  return payload.best || kind === "search.completed" || kind === "final_training.completed"
    ? "best"
    : "";
}
