// Accuracy and loss after each epoch, with the start network's under the same recipe on the same axes.
import { percent, percentTick, percentWithUnit, whole } from "../domain/format.js";
import { isFinal } from "../domain/feed.js";
import { curveOf, hasValidation } from "../domain/final_training.js";
import { byId, element, setText } from "../lib/dom.js";
import { Chart, room, token } from "./chart.js";

const LINES = [
  { stroke: () => token("--accent"), width: 2.2, points: { show: false } },
  { stroke: () => token("--ink-3"), width: 1.8, dash: [5, 4], points: { show: false } },
];
const KINDS = {
  accuracy: {
    values: curveOf,
    y: { format: percentTick },
    say: (value) => percentWithUnit(value),
    range: (ys) => room(lowCut(ys), { least: 0.02, max: 1.002 }),
  },
  loss: {
    values: ({ history = [] }) => history.map(({ loss }) => loss),
    y: { format: (value) => String(Number(value.toPrecision(3))) },
    say: (value) => value.toFixed(4),
    range: (ys) => room(ys, { least: 0.02, min: 0 }),
  },
};

/** First epochs are often near chance, and would flatten what follows. */
function lowCut(values) {
  const known = values.filter((value) => value != null);
  const sorted = [...known].sort((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)] ?? 0;
  return known.length < 8 ? known : known.filter((value) => value >= middle - 0.3);
}

export function finalCurves() {
  const charts = { accuracy: drawing("accuracy"), loss: drawing("loss") };
  return (state) => {
    const { training, comparison } = state;
    setText(
      byId("accuracy-caption"),
      hasValidation(training)
        ? "validation images, % after each epoch"
        : "training images as they were seen, % after each epoch",
    );
    byId("legend").hidden = !comparison;
    for (const draw of Object.values(charts)) draw(state);
  };
}

function drawing(name) {
  const { values, say, range, y } = KINDS[name];
  const box = byId(`${name}-chart`);
  const now = { epochs: 1, curves: [], names: [] };
  let chart = null;
  let drawn = "";
  return ({ training, comparison }) => {
    const curves = [values(training), comparison ? values(comparison) : []];
    const length = Math.max(curves[0].length, curves[1].length);
    const key = curves.map((curve) => `${curve.length} ${curve.at(-1)}`).join();
    if (!length) {
      if (isFinal(training.state))
        setText(box.querySelector(".waiting"), "It ended before an epoch was complete.");
      return;
    }
    if (key === drawn) return;
    drawn = key;
    Object.assign(now, {
      curves,
      epochs: training.epochs,
      names: [training.name, comparison?.name],
    });
    chart ??= new Chart(box, {
      series: LINES,
      y,
      x: {
        format: (value) => (value >= 1 && Number.isInteger(value) ? whole(value) : ""),
        space: 44,
      },
      xRange: () => [Math.min(1, now.epochs - 1), Math.max(2, now.epochs)],
      yRange: ([, one, other]) => range([...one, ...other]),
      draw: (plot) => lastPoints(plot, now.curves),
      nearest: (index) => tip(now, index, say),
    });
    const filled = curves.map((curve) =>
      Array.from({ length }, (_, index) => curve[index] ?? null),
    );
    const end = curves[0].findLast((value) => value != null);
    const label = `${name === "accuracy" ? "Accuracy" : "Loss"} after each of ${curves[0].length} epochs`;
    chart.setData(
      [Array.from({ length }, (_, index) => index + 1), ...filled],
      end == null
        ? label
        : `${label}, at last ${name === "accuracy" ? `${percent(end)} %` : end.toFixed(4)}`,
    );
  };
}

/** Dots where the curves are now: after one epoch there is no line yet. */
function lastPoints(plot, curves) {
  curves.forEach((curve, index) => {
    const at = curve.findLastIndex((value) => value != null);
    if (at < 0) return;
    plot.ctx.fillStyle = token(index ? "--ink-3" : "--accent");
    plot.ctx.beginPath();
    plot.ctx.arc(
      plot.valToPos(at + 1, "x", true),
      plot.valToPos(curve[at], "y", true),
      3.5 * devicePixelRatio,
      0,
      7,
    );
    plot.ctx.fill();
  });
}

function tip({ curves, names }, index, say) {
  const lines = curves
    .map(
      (curve, which) =>
        curve[index] != null &&
        element("div", {}, `${names[which]}: `, element("b", {}, say(curve[index]))),
    )
    .filter(Boolean);
  return lines.length ? { text: [element("div", {}, `Epoch ${index + 1}`), ...lines] } : null;
}
