// Why a search that is completed has ended, as far as its state can tell.
import { isChild } from "./control.js";
import { plural } from "./format.js";

/** In words that follow a colon; empty where it is not known. */
export function endedBecause({ search, trials, log }) {
  const { state, strategy, config, max_trials: most, elapsed_seconds: seconds } = search;
  if (state !== "completed") return "";
  if (wasStopped(log)) return "it was stopped";
  const children = [...trials.values()].filter(isChild).length;
  if (children >= most) return `${plural(most, "trial")}, as its budget allows`;
  const budget = config?.budget ?? {};
  if (budget.max_seconds && seconds >= budget.max_seconds) return "its running time is spent";
  if (budget.max_epochs || budget.max_compute) return "its budget is spent";
  // Until the log has been read, nobody knows that it was not stopped.
  return log.length && strategy === "grow" ? "no move brought anything better any more" : "";
}

/** Whether the last thing that was asked of it is to stop. */
function wasStopped(log) {
  const asked = log.findLast(({ kind }) =>
    ["search.stop_requested", "search.budget_extended"].includes(kind),
  );
  return asked?.kind === "search.stop_requested";
}
