// How a trial did: accuracy after each epoch, accuracy of each class, which classes it confuses.
import { naturalOrder } from "../domain/class_names.js";
import { percent, percentTick, percentWithUnit, whole } from "../domain/format.js";
import { byId, element } from "../lib/dom.js";
import { Chart, across, room, token } from "./chart.js";

export function evidenceView() {
  let chart = null;
  let drawn = "";
  const now = {};
  return (state) => {
    const { trial, search } = state;
    const curve = trial.curve ?? [];
    Object.assign(now, {
      curve,
      start: search.start_accuracy,
      most: Math.max(curve.length, trial.epochs ?? search.config?.recipe?.epochs ?? 0),
    });
    if (curve.length && drawn !== curve.join()) {
      chart ??= makeCurve(now);
      drawn = curve.join();
      chart.setData(
        [curve.map((_, index) => index + 1), curve],
        `Accuracy after each of ${curve.length} epochs, at last ${percent(curve.at(-1))} %`,
      );
    }
    if (state.confusion && !byId("confusion").dataset.drawn) drawClasses(state);
  };
}

function makeCurve(now) {
  return new Chart(byId("curve"), {
    series: [
      {
        stroke: () => token("--accent"),
        width: 2.2,
        points: { show: true, size: 7, width: 0, fill: () => token("--accent") },
      },
    ],
    xRange: () => [0.5, Math.max(2, now.most) + 0.5],
    yRange: ([, ys]) => room([...ys, now.start], { least: 0.02, max: 1.002 }),
    x: { format: (value) => (Number.isInteger(value) ? whole(value) : ""), space: 40 },
    y: { format: percentTick },
    draw: (plot) =>
      now.start != null && across(plot, now.start, `start network ${percent(now.start)}`),
    nearest: (index) => ({
      text: [element("b", {}, `Epoch ${index + 1}`), ` ${percentWithUnit(now.curve[index])}`],
    }),
  });
}

/** Accuracy of each class, and the confusion matrix; `caption` says of which images. */
export function drawClasses(
  { confusion, per_class_accuracy: shares, class_names: names },
  caption = "Validation images of each class, and what they were taken for",
) {
  byId("confusion").dataset.drawn = "";
  const order = naturalOrder(shares.map((_, index) => names[index] ?? String(index)));
  byId("classes").replaceChildren(
    ...order.map((index) => classBar(names[index] ?? String(index), shares[index], index)),
  );
  const sums = confusion.map((row) => row.reduce((all, count) => all + count, 0));
  const label = (name) => element("th", { scope: "col", title: name }, element("span", {}, name));
  const head = element(
    "tr",
    {},
    element("td", { class: "corner" }, "is ↓ taken for →"),
    order.map((index) => label(names[index])),
  );
  const rows = order.map((actual) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, names[actual]),
      order.map((guess) =>
        matrixCell({
          count: confusion[actual][guess],
          share: confusion[actual][guess] / (sums[actual] || 1),
          hit: actual === guess,
          names: [names[actual], names[guess]],
        }),
      ),
    ),
  );
  byId("confusion").replaceChildren(
    element(
      "table",
      { class: "matrix" },
      element("caption", { class: "visually-hidden" }, caption),
      element("thead", {}, head),
      element("tbody", {}, rows),
    ),
  );
}

function matrixCell({ count, share, hit, names: [actual, guess] }) {
  const made = element(
    "td",
    { class: hit ? "hit" : "miss", title: `${actual} taken for ${guess}: ${count}` },
    count ? String(count) : "",
  );
  // Misses are few: the root makes a single one visible.
  made.style.setProperty("--share", hit ? share : Math.sqrt(share));
  if ((hit ? share : Math.sqrt(share)) > 0.55) made.classList.add("strong");
  return made;
}

function classBar(name, share, index) {
  const bar = element("progress", { max: 1, value: share ?? 0, "aria-label": name });
  return element(
    "li",
    { title: `${name}, index ${index}` },
    element("span", {}, name),
    bar,
    element("b", {}, share == null ? "–" : `${percent(share, 1)} %`),
  );
}
