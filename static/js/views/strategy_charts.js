// Charts of the paper's strategies: what they pick, rewards with their baseline, and entropy. Loaded
// where a search has one of them.
import { percent, tick, whole } from "../domain/format.js";
import { operationsOf } from "../domain/notation.js";
import { OPERATIONS } from "../domain/operations.js";
import { operationShares, smooth } from "../domain/stats.js";
import { byId, element, setText } from "../lib/dom.js";
import { Chart, dots, label, room, token } from "./chart.js";
import { lazily, upper } from "./chart_parts.js";

const ORDER = Object.keys(OPERATIONS);
const PICKS = { random: "What random sampling picks", evolution: "What evolution picks" };
const OPACITY = { sep_conv_5x5: "b8", sep_conv_7x7: "90" };

/** All of them, as one view of what the charts read. */
export function strategyCharts(trialUrl) {
  const charts = [sharesChart(), rewardChart(trialUrl), entropyChart()];
  return (context) => charts.forEach((draw) => draw(context));
}

function sharesChart() {
  const now = {};
  const counts = new Map(); // by notation: a trial is another object after each change
  const counted = ({ number, notation }) => {
    if (!counts.has(notation)) counts.set(notation, operationsOf(notation));
    return { number, operations: counts.get(notation) };
  };
  const chosen = ({ list }) => list.filter(({ notation }) => notation);
  const colour = (name) => () => `${token(`--op-${OPERATIONS[name].hue}`)}${OPACITY[name] ?? "d9"}`;
  return lazily("picks", {
    has: (context) => chosen(context).length > 1,
    key: (context) => chosen(context).length,
    make: (box) =>
      new Chart(box, {
        // From the top of the stack down, so that each area covers what is above the next.
        series: [...ORDER].reverse().map((name) => ({
          fill: colour(name),
          stroke: () => token("--surface"),
          width: 1.2,
          points: { show: false },
        })),
        bands: ORDER.slice(1).map((_, index) => ({ series: [index + 1, index + 2] })),
        xRange: ([xs]) => [xs[0] ?? 0, xs.at(-1) ?? 1],
        yRange: () => [0, 1],
        x: { format: (value) => (Number.isInteger(value) ? whole(value) : ""), space: 60 },
        y: { format: (value) => percent(value, 0), splits: () => [0, 0.5, 1] },
        padding: [10, 54, 0, 0],
        draw: (plot) => nameAreas(plot, now.ends),
      }),
    update: (chart, context) => {
      setText(byId("picks-title"), PICKS[context.search.strategy] ?? "What the controller picks");
      const trials = chosen(context).map(counted);
      const { numbers, shares } = operationShares(trials, ORDER);
      const xs = [trials[0].number, ...numbers, trials.at(-1).number];
      const level = xs.map(() => 0);
      now.ends = [];
      const stacked = ORDER.map((name) => {
        const own = shares.get(name);
        if (!own) return [...level];
        const low = level.at(-1);
        [own[0], ...own, own.at(-1)].forEach((value, index) => (level[index] += value));
        now.ends.push({ name, place: (low + level.at(-1)) / 2 });
        return [...level];
      });
      const atTheEnd = [...shares].map(
        ([name, own]) => `${OPERATIONS[name].label} ${percent(own.at(-1), 0)} %`,
      );
      chart.setData(
        [xs, ...stacked.reverse()],
        `Share of each operation; at the end ${atTheEnd.join(", ")}`,
      );
    },
  });
}

/** Names at the right, moved apart where areas are thin. */
function nameAreas(plot, ends) {
  const { bbox } = plot;
  const least = (13 * devicePixelRatio) / bbox.height;
  let below = -Infinity;
  const places = ends.map(({ place }) => (below = Math.max(place, below + least)));
  let above = 1 + least / 2;
  for (let index = places.length - 1; index >= 0; index -= 1)
    above = places[index] = Math.min(places[index], above - least);
  places.forEach((place, index) =>
    label(
      plot,
      OPERATIONS[ends[index].name].label,
      bbox.left + bbox.width + 7 * devicePixelRatio,
      bbox.top + bbox.height * (1 - place) + 4 * devicePixelRatio,
      { colour: "--ink-2" },
    ),
  );
}

function rewardChart(trialUrl) {
  const now = {};
  const rewarded = ({ list }) => list.filter(({ reward }) => reward != null);
  return lazily("reward", {
    has: (context) => rewarded(context).length,
    key: (context) => rewarded(context).length,
    make: (box) =>
      new Chart(box, {
        series: [
          dots("--dot", 5),
          { stroke: () => token("--accent"), width: 2.2, points: { show: false }, spanGaps: true },
        ],
        xRange: ([xs]) => [(xs[0] ?? 1) - 0.5, Math.max(xs.at(-1) ?? 2, (xs[0] ?? 1) + 4) + 0.5],
        yRange: ([, rewards, base]) => room([...upper(rewards), ...base], { least: 0.1 }),
        x: { format: (value) => (Number.isInteger(value) ? whole(value) : ""), space: 60 },
        y: { format: tick },
        nearest: (index) => {
          const trial = now.trials[index];
          return {
            text: [element("b", {}, `Trial ${trial.number}`), ` reward ${trial.reward.toFixed(3)}`],
            href: trialUrl(trial.number),
          };
        },
      }),
    update: (chart, context) => {
      const trials = rewarded(context);
      now.trials = trials;
      chart.sizeDots(trials.length);
      const rewards = trials.map(({ reward }) => reward);
      const told = trials.map(({ diagnostics }) => diagnostics?.baseline ?? null);
      const base = told.some((value) => value != null) ? told : smooth(rewards);
      byId("reward-caption").textContent =
        base === told ? "and its baseline" : "and its moving average";
      chart.setData(
        [trials.map(({ number }) => number), rewards, base],
        `Reward of ${trials.length} trials, now about ${base.at(-1)?.toFixed(2)}`,
      );
    },
  });
}

function entropyChart() {
  const known = ({ list }) => list.filter(({ diagnostics }) => diagnostics?.entropy != null);
  return lazily("entropy", {
    has: (context) => known(context).length > 1,
    key: (context) => known(context).length,
    make: (box) =>
      new Chart(box, {
        series: [{ stroke: () => token("--ink-2"), width: 1.6, points: { show: false } }],
        xRange: ([xs]) => [xs[0], xs.at(-1)],
        yRange: ([, ys]) => room(ys, { least: 0.1 }),
        x: { format: () => "", size: 4 },
        y: { format: tick, space: 24 },
      }),
    update: (chart, context) => {
      const trials = known(context);
      byId("entropy-title").hidden = false;
      const values = trials.map(({ diagnostics }) => diagnostics.entropy);
      chart.setData(
        [trials.map(({ number }) => number), values],
        `Entropy of the choices, now ${values.at(-1).toFixed(2)}`,
      );
    },
  });
}
