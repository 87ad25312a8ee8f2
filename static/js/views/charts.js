// Charts of accuracy: trial by trial, and against what a network costs.
import { COSTS } from "../domain/costs.js";
import { percent, percentTick, percentWithUnit, points, whole } from "../domain/format.js";
import { cellOf } from "../domain/notation.js";
import { paretoFront, runningBest } from "../domain/stats.js";
import { byId, element } from "../lib/dom.js";
import { Chart, across, dots, label, room, steps, token } from "./chart.js";
import { lazily, upper } from "./chart_parts.js";
import { glyph } from "./diagram.js";

function tipOf(trial, start, more = "") {
  const gain = start == null ? "" : ` · ${points(trial.accuracy - start)} points`;
  return [
    element("b", {}, `Trial ${trial.number}`), ` ${percentWithUnit(trial.accuracy)}${gain}${more}`,
    cellOf(trial) ? glyph(cellOf(trial)) : "",
  ];
}

export function accuracyChart(trialUrl) {
  const now = {};
  return lazily("accuracy", {
    has: ({ ended, start }) => ended.length || start != null,
    key: ({ ended, start, search }) => `${ended.length} ${start} ${search.max_trials} ${search.best_trial} ${search.trials_failed}`,
    make: (box) => new Chart(box, {
      series: [
        dots("--dot", 6),
        { stroke: () => token("--accent"), width: 2.2, paths: steps, points: { show: false } },
      ],
      xRange: () => [0, Math.max(now.search.max_trials, now.last) + 1],
      yRange: () => room([...upper(now.ended.map(({ accuracy }) => accuracy)), now.start], { least: 0.01, max: 1.002 }),
      x: { format: (value) => (value >= 1 && Number.isInteger(value) ? whole(value) : ""), space: 50 },
      y: { format: percentTick },
      draw: (plot) => {
        if (now.start != null) across(plot, now.start, `start network ${percent(now.start)}`);
        markBest(plot, now);
        rug(plot, now.failed);
      },
      nearest: (index) => {
        const trial = now.ended[index];
        return trial && { text: tipOf(trial, now.start), href: trialUrl(trial.number) };
      },
    }),
    update: (chart, { search, list, ended, start }) => {
      const failed = list.filter(({ state }) => state === "failed").map(({ number }) => number);
      Object.assign(now, { search, ended, start, failed, last: list.at(-1)?.number ?? 0 });
      const accuracies = ended.map(({ accuracy }) => accuracy);
      const numbers = ended.map(({ number }) => number);
      const best = runningBest(accuracies);
      const words = best.length ? `, best ${percent(best.at(-1))} %` : "";
      chart.sizeDots(ended.length);
      // One point more, so that the line of the best goes on to now.
      chart.setData([[...numbers, now.last], [...accuracies, null], [...best, best.at(-1) ?? null]],
        `Accuracy of ${ended.length} trials${words}${start == null ? "" : `, start network ${percent(start)} %`}`);
    },
  });
}

function markBest(plot, { ended }) {
  if (!ended.length) return;
  const best = ended.reduce((a, b) => (b.accuracy > a.accuracy ? b : a));
  const [x, y] = [plot.valToPos(best.number, "x", true), plot.valToPos(best.accuracy, "y", true)];
  const ratio = devicePixelRatio;
  const { ctx, bbox } = plot;
  if (x < bbox.left || x > bbox.left + bbox.width || y < bbox.top - 1) return;
  ctx.fillStyle = token("--accent");
  ctx.beginPath();
  ctx.arc(x, y, 4.5 * ratio, 0, 7);
  ctx.fill();
  const left = x > bbox.left + bbox.width * 0.6;
  const place = { align: left ? "right" : "left", colour: "--accent", bold: true };
  label(plot, `${percent(best.accuracy)} · trial ${best.number}`, x + (left ? -9 : 9) * ratio, Math.max(y - 7 * ratio, bbox.top + 2 * ratio), place);
}

/** Failed trials: ticks at the bottom. */
function rug(plot, numbers) {
  const { ctx, bbox } = plot;
  ctx.strokeStyle = token("--failed");
  ctx.lineWidth = 1.6 * devicePixelRatio;
  ctx.beginPath();
  for (const number of numbers) {
    const x = plot.valToPos(number, "x", true);
    ctx.moveTo(x, bbox.top + bbox.height);
    ctx.lineTo(x, bbox.top + bbox.height - 7 * devicePixelRatio);
  }
  ctx.stroke();
}

export function paretoChart(trialUrl) {
  const now = {};
  const choice = byId("pareto-cost");
  let [key, last] = ["parameters", null];
  const sized = ({ ended }) => ended.filter((trial) => trial[key]);
  const draw = lazily("pareto", {
    has: (context) => sized(context).length,
    key: (context) => `${key} ${sized(context).length} ${context.start}`,
    make: (box) => new Chart(box, {
      series: [
        dots("--dot", 6),
        { stroke: () => token("--accent"), width: 2, paths: steps, spanGaps: true, points: { show: false } },
        dots("--accent", 8),
      ],
      xRange: ([xs]) => room([...xs.filter(Boolean), now.startSize], { least: key === "parameters" ? 100 : 0, pad: 0.05 }),
      yRange: ([, ys]) => room([...upper(ys.filter((value) => value != null)), now.start], { least: 0.01, max: 1.002 }),
      x: { format: (value, ticks) => COSTS[key].tick(value, ticks), space: 70 }, y: { format: percentTick },
      draw: (plot) => markStart(plot, now),
      nearest: (index) => {
        const trial = now.trials[index];
        return trial && { text: tipOf(trial, null, ` · ${COSTS[key].text(trial[key])}`), href: trialUrl(trial.number) };
      },
    }),
    update: (chart, context) => {
      const trials = sized(context).sort((a, b) => a[key] - b[key]);
      Object.assign(now, { trials, start: context.start, startSize: context.search[COSTS[key].start] });
      chart.sizeDots(trials.length);
      const front = new Set(paretoFront(trials.map((trial) => [trial[key], trial.accuracy])));
      const sizes = trials.map((trial) => trial[key]);
      const onFront = trials.map(({ accuracy }, index) => (front.has(index) ? accuracy : null));
      const last = trials[Math.max(...front)].accuracy;
      chart.setData([[...sizes, sizes.at(-1)], [...trials.map(({ accuracy }) => accuracy), null], [...onFront, last], [...onFront, null]],
        `Accuracy against ${COSTS[key].title.toLowerCase()} of ${trials.length} trials; ${front.size} are beaten by no other`);
    },
  });
  choice.addEventListener("change", () => {
    key = choice.value;
    if (last) draw(last);
  });
  return (context) => {
    last = context;
    for (const option of choice.options) option.hidden = !context.ended.some((trial) => trial[option.value]);
    draw(context);
  };
}

/** The start network: a ring. */
function markStart(plot, { start, startSize }) {
  if (start == null || !startSize) return;
  const { ctx } = plot;
  ctx.lineWidth = 1.8 * devicePixelRatio;
  ctx.strokeStyle = token("--ink-2");
  ctx.fillStyle = token("--surface");
  ctx.beginPath();
  ctx.arc(plot.valToPos(startSize, "x", true), plot.valToPos(start, "y", true), 4 * devicePixelRatio, 0, 7);
  ctx.fill();
  ctx.stroke();
}
