// Charts of accuracy: trial by trial, and against what a network costs.
import { COSTS } from "../domain/costs.js";
import { gainOf } from "../domain/control.js";
import { percent, percentTick, percentWithUnit, whole } from "../domain/format.js";
import { cellOf } from "../domain/notation.js";
import { paretoFront, runningBest } from "../domain/stats.js";
import { byId, element, setText } from "../lib/dom.js";
import { Chart, across, band, dots, label, room, steps, token } from "./chart.js";
import { lazily, upper } from "./chart_parts.js";
import { glyph } from "./diagram.js";

function tipOf(trial, control, more = "") {
  const { text } = gainOf(trial.accuracy, { control: control?.mean });
  const gain = text && ` · ${text}`;
  return [
    element("b", {}, `Trial ${trial.number}`),
    ` ${percentWithUnit(trial.accuracy)}${gain}${more}`,
    cellOf(trial) ? glyph(cellOf(trial)) : "",
  ];
}

export function accuracyChart(trialUrl) {
  /** @type {any} what was last drawn */
  const now = {};
  return lazily("accuracy", {
    has: ({ ended, start }) => ended.length || start != null,
    key: ({ ended, start, control, search }) =>
      `${ended.length} ${start} ${control?.mean} ${search.max_trials} ${search.best_trial} ${search.trials_failed}`,
    make: (box) =>
      new Chart(box, {
        series: [
          dots("--dot", 6),
          { stroke: () => token("--accent"), width: 2.2, paths: steps, points: { show: false } },
        ],
        xRange: () => [0, Math.max(now.search.max_trials, now.last) + 1],
        yRange: () =>
          room([...upper(now.ended.map(({ accuracy }) => accuracy)), now.start, ...reach(now)], {
            least: 0.01,
            max: 1.002,
          }),
        x: {
          format: (value) => (value >= 1 && Number.isInteger(value) ? whole(value) : ""),
          space: 50,
        },
        y: { format: percentTick },
        draw: (plot) => {
          if (now.control) band(plot, reach(now), now.control.mean, controlText(now));
          if (now.start != null)
            across(plot, now.start, `start network ${percent(now.start)}`, {
              below: isClose(plot, now),
            });
          markBest(plot, now);
          rug(plot, now.failed);
        },
        nearest: (index) => {
          const trial = now.ended[index];
          return trial && { text: tipOf(trial, now.control), href: trialUrl(trial.number) };
        },
      }),
    update: (chart, { search, list, ended, start, control }) => {
      const failed = list.filter(({ state }) => state === "failed").map(({ number }) => number);
      Object.assign(now, { search, ended, start, control, failed, last: list.at(-1)?.number ?? 0 });
      const accuracies = ended.map(({ accuracy }) => accuracy);
      const numbers = ended.map(({ number }) => number);
      const best = runningBest(accuracies);
      const words = best.length ? `, best ${percent(best.at(-1))} %` : "";
      chart.sizeDots(ended.length);
      setText(byId("accuracy-caption"), caption(accuracies, failed));
      // One point more, so that the line of the best goes on to now.
      chart.setData(
        [
          [...numbers, now.last],
          [...accuracies, null],
          [...best, best.at(-1) ?? null],
        ],
        [
          `Accuracy of ${ended.length} trials${words}`,
          start != null && `start network ${percent(start)} %`,
          control && `${controlText(now)} %`,
        ]
          .filter(Boolean)
          .join(", "),
      );
    },
  });
}

/**
 * From where to where the controls lie: their mean, with the standard deviation on both sides.
 * @returns {any}
 */
const reach = ({ control }) =>
  control ? [control.mean - control.spread, control.mean + control.spread] : [];

/** Whether the words of the control and of the start network below it would run into each other. */
const isClose = (plot, { control, start }) =>
  control &&
  start <= control.mean &&
  plot.valToPos(start, "y") - plot.valToPos(control.mean, "y") < 18;

const controlText = ({ control: { mean, spread } }) =>
  `control ${percent(mean, 1)}${spread == null ? "" : ` ± ${percent(spread, 1)}`}`;

function caption(accuracies, failed) {
  const below = accuracies.length - upper(accuracies).length;
  return [
    "validation, % · each dot a trial",
    failed.length && "red ticks: failed",
    below && `${whole(below)} below the axis`,
  ]
    .filter(Boolean)
    .join(" · ");
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
  label(
    plot,
    `${percent(best.accuracy)} · trial ${best.number}`,
    x + (left ? -9 : 9) * ratio,
    Math.max(y - 7 * ratio, bbox.top + 2 * ratio),
    place,
  );
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
  /** @type {any} what was last drawn */
  const now = {};
  const choice = byId("pareto-cost");
  let [key, last] = ["parameters", null];
  const sized = ({ ended }) => ended.filter((trial) => trial[key]);
  const draw = lazily("pareto", {
    has: (context) => sized(context).length,
    key: (context) => `${key} ${sized(context).length} ${context.start}`,
    make: (box) =>
      new Chart(box, {
        series: [
          dots("--dot", 6),
          {
            stroke: () => token("--accent"),
            width: 2,
            paths: steps,
            spanGaps: true,
            points: { show: false },
          },
          dots("--accent", 8),
        ],
        xRange: ([xs]) =>
          room([...xs.filter(Boolean), now.startSize], {
            least: key === "parameters" ? 100 : 0,
            pad: 0.05,
          }),
        yRange: ([, ys]) =>
          room([...upper(ys.filter((value) => value != null)), now.start], {
            least: 0.01,
            max: 1.002,
          }),
        x: { format: (value, ticks) => COSTS[key].tick(value, ticks), space: 70 },
        y: { format: percentTick },
        draw: (plot) => markStart(plot, now),
        nearest: (index) => {
          const trial = now.trials[index];
          return (
            trial && {
              text: tipOf(trial, null, ` · ${COSTS[key].text(trial[key])}`),
              href: trialUrl(trial.number),
            }
          );
        },
      }),
    update: (chart, context) => {
      const trials = sized(context).sort((a, b) => a[key] - b[key]);
      Object.assign(now, {
        trials,
        start: context.start,
        startSize: context.search[COSTS[key].start],
      });
      chart.sizeDots(trials.length);
      const front = new Set(paretoFront(trials.map((trial) => [trial[key], trial.accuracy])));
      const sizes = trials.map((trial) => trial[key]);
      const onFront = trials.map(({ accuracy }, index) => (front.has(index) ? accuracy : null));
      const last = trials[Math.max(...front)].accuracy;
      const cost = COSTS[key].title.toLowerCase();
      chart.setData(
        [
          [...sizes, sizes.at(-1)],
          [...trials.map(({ accuracy }) => accuracy), null],
          [...onFront, last],
          [...onFront, null],
        ],
        `Accuracy against ${cost} of ${trials.length} trials; ${front.size} are beaten by no other`,
      );
    },
  });
  choice.addEventListener("change", () => {
    key = choice.value;
    if (last) draw(last);
  });
  return (context) => {
    last = context;
    for (const option of choice.options)
      option.hidden = !context.ended.some((trial) => trial[option.value]);
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
  ctx.arc(
    plot.valToPos(startSize, "x", true),
    plot.valToPos(start, "y", true),
    4 * devicePixelRatio,
    0,
    7,
  );
  ctx.fill();
  ctx.stroke();
}
