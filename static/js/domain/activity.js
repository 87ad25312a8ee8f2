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
};

const gain = (accuracy, start) =>
  accuracy == null || start == null ? "" : ` (${points(accuracy - start)} points)`;

export const sentence = ({ kind, payload }, startAccuracy) =>
  WORDS[kind]?.(payload, startAccuracy) ?? kind;

/** How loud an event is: "failed", "warning", "best" or "". */
export function level({ kind, payload }) {
  if (kind.endsWith(".failed")) return "failed";
  if (kind.endsWith(".interrupted")) return "warning";
  return payload.best || kind === "search.completed" ? "best" : "";
}
