// Events in words, for the log and the live region.
import { percentWithUnit, plural, points } from "./format.js";

const WORDS = {
  "search.created": () => "Search created",
  "search.started": () => "Search started",
  "start_network.interrupted": () => "Training of the start network was interrupted; it goes on from its last epoch",
  "start_network.completed": ({ accuracy }) => `Start network trained: ${percentWithUnit(accuracy)}`,
  "trial.created": ({ number, transformations }) =>
    `Trial ${number} proposed, grown in ${plural(transformations?.length ?? 0, "transformation")}`,
  "trial.started": ({ number, worker, attempt }) =>
    `Trial ${number} started on ${worker || "a worker"}${attempt > 1 ? `, attempt ${attempt}` : ""}`,
  "trial.completed": ({ number, accuracy, best }, start) =>
    `Trial ${number} completed: ${percentWithUnit(accuracy)}${gain(accuracy, start)}${best ? ", the best so far" : ""}`,
  "trial.failed": ({ number, failure }) => `Trial ${number} failed: ${failure}`,
  "trial.cancelled": ({ number }) => `Trial ${number} cancelled`,
  "trial.interrupted": ({ number }) => `Trial ${number} interrupted: its worker was lost; it is tried again`,
  "trial.retried": ({ number }) => `Trial ${number} is tried again`,
  "trial.pinned": ({ number }) => `Trial ${number} pinned`,
  "trial.unpinned": ({ number }) => `Trial ${number} unpinned`,
  "search.pause_requested": () => "Pause requested: the trials that run end first",
  "search.paused": () => "Search paused",
  "search.resumed": () => "Search resumed",
  "search.stop_requested": () => "Stop requested: the trials that run end first",
  "search.cancel_requested": () => "Cancel requested",
  "search.completed": ({ best_trial: trial, best_accuracy: best }) =>
    `Search completed${trial ? `: trial ${trial} is best with ${percentWithUnit(best)}` : ""}`,
  "search.failed": ({ failure }) => `Search failed: ${failure}`,
  "search.cancelled": () => "Search cancelled",
  "search.renamed": ({ name }) => `Renamed to ${name}`,
  "search.noted": () => "Note changed",
  "search.tagged": ({ tags }) => `Tags: ${tags.join(", ") || "none"}`,
  "search.budget_extended": ({ max_trials: most }) => `Budget is now ${plural(most, "trial")}`,
  "final_training.created": ({ name }) => `Final training “${name}” created`,
  "final_training.started": ({ name, worker, attempt }) =>
    `Final training “${name}” ${attempt > 1 ? "goes on" : "started"} on ${worker || "a worker"}`,
  "final_training.pause_requested": ({ name }) => `Pause of “${name}” requested: it stops at its next step`,
  "final_training.paused": ({ name }) => `Final training “${name}” paused after its last complete epoch`,
  "final_training.resumed": ({ name }) => `Final training “${name}” resumed`,
  "final_training.cancel_requested": ({ name }) => `Cancelling of “${name}” requested`,
  "final_training.cancelled": ({ name }) => `Final training “${name}” cancelled`,
  "final_training.completed": ({ name, test_accuracy: tested }) =>
    `Final training “${name}” completed: test accuracy ${percentWithUnit(tested)}`,
  "final_training.failed": ({ name, failure }) => `Final training “${name}” failed: ${failure}`,
  "final_training.interrupted": ({ name, reason }) => `Final training “${name}” ${INTERRUPTED[reason] ?? "interrupted"}`,
  "final_training.renamed": ({ name }) => `Final training renamed to “${name}”`,
};

const INTERRUPTED = {
  turn: "made way for others; it goes on in its turn",
  stopping: "interrupted: its worker was stopped; it goes on from its last complete epoch",
  lost: "interrupted: its worker was lost; it goes on from its last complete epoch",
  broken: "interrupted: one of its processes died; it goes on from its last complete epoch",
};

const gain = (accuracy, start) =>
  accuracy == null || start == null ? "" : ` (${points(accuracy - start)} points)`;

export const sentence = ({ kind, payload }, startAccuracy) =>
  WORDS[kind]?.(payload, startAccuracy) ?? kind;

/** How loud an event is: "failed", "warning", "best" or "". */
export function level({ kind, payload }) {
  if (kind.endsWith(".failed")) return "failed";
  if (kind.endsWith(".interrupted")) return payload.reason === "turn" ? "" : "warning";
  return payload.best || kind === "search.completed" || kind === "final_training.completed" ? "best" : "";
}
