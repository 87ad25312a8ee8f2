// What a search has found, drawn alike by its live page and by its report.
import { controlOf, isChild } from "../domain/control.js";
import { completed } from "../domain/stats.js";
import { byId } from "../lib/dom.js";
import { later } from "../lib/store.js";
import { bestView } from "./best.js";
import { accuracyChart, paretoChart } from "./charts.js";
import { headerView } from "./header.js";
import { tableView } from "./trial_table.js";

/**
 * Views of the search's state.
 * @param trialUrl (number) -> where a trial is shown
 * @param readTrial (number) -> the trial with its curve, or a promise of it
 * @param now () -> milliseconds
 */
export const findings = ({ trialUrl, readTrial, now }) => [
  headerView(trialUrl, now),
  later(
    ({ comparison }) => comparison,
    async () => (await import("./confirmed.js")).confirmedView(trialUrl),
  ),
  bestView(trialUrl),
  chartsView(trialUrl),
  later(
    ({ search }) => search.strategy === "grow",
    async () => (await import("./moves.js")).movesView(trialUrl),
  ),
  tableView(trialUrl, readTrial),
  later(
    ({ search }) => search.trials_failed,
    async () => (await import("./failures.js")).failuresView(trialUrl),
  ),
  later(
    () => byId("settings").open,
    async () => (await import("./settings.js")).settingsView(),
    byId("settings"),
  ),
];

/** Moves are what the strategy grow learns of; the others pick operations, by rewards. */
function showCards(grows) {
  byId("moves").hidden = !grows;
  for (const id of ["picks", "reward"]) byId(id).closest("section").hidden = grows;
}

/** Every chart reads the children in order, those that are completed, and the control. */
function chartsView(trialUrl) {
  const charts = [
    accuracyChart(trialUrl),
    paretoChart(trialUrl),
    later(
      ({ search }) => search.strategy !== "grow",
      async () => (await import("./strategy_charts.js")).strategyCharts(trialUrl),
    ),
  ];
  return ({ search, trials, partial, total }) => {
    showCards(search.strategy === "grow");
    const list = [...trials.values()].filter(isChild).sort((a, b) => a.number - b.number);
    const context = {
      search,
      list,
      partial,
      total,
      ended: completed(list),
      control: controlOf(trials),
      start: search.start_accuracy,
    };
    for (const chart of charts) chart(context);
  };
}
