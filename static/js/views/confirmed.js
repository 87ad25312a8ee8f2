// The confirmed result: start network, control and winner on test images that nobody chose by.
// Loaded when there is one; it goes away where the search goes on.
import { milliseconds } from "../domain/exports.js";
import {
  percentWithUnit,
  plural,
  points,
  shortCount,
  whole,
  withNoiseText,
} from "../domain/format.js";
import { byId, element } from "../lib/dom.js";

/** @param trialUrl (number) -> where a trial is shown */
export function confirmedView(trialUrl) {
  let drawn = null;
  return ({ comparison }) => {
    byId("confirmed").hidden = !comparison;
    if (comparison && comparison !== drawn) draw(comparison, trialUrl);
    drawn = comparison;
  };
}

function draw(comparison, trialUrl) {
  const { winner, gain } = comparison;
  const over = gain ?? comparison.gain_over_start;
  byId("confirmed").dataset.verdict = gain?.verdict ?? "";
  byId("confirmed-caption").textContent = `${plural(winner.images, "test image")}, looked at once`;
  byId("confirmed-body").replaceChildren(
    element(
      "div",
      {},
      element("p", { class: "sentence" }, comparison.sentence),
      networks(comparison, trialUrl),
      notes(comparison),
    ),
    element(
      "div",
      { class: "by-class" },
      element("h3", {}, "Each class ", element("small", {}, `points over ${otherName(gain)}`)),
      classes(comparison, over),
    ),
    ...pictures(comparison, over),
  );
}

const otherName = (gain) => (gain ? "the control" : "the start network");

/** @type {any[][]} a name, the text of a network, and a more exact one */
const MEASURES = [
  ["Accuracy", ({ accuracy, images }) => withNoiseText(accuracy, images)],
  ["Balanced accuracy", ({ balanced_accuracy: mean }) => percentWithUnit(mean, 1)],
  ["Parameters", ({ parameters }) => shortCount(parameters), ({ parameters }) => whole(parameters)],
  [
    "Multiply-adds",
    ({ multiply_adds: adds }) => shortCount(adds),
    (one) => whole(one.multiply_adds),
  ],
  ["Latency, one image", ({ latency_1: seconds }) => latency(seconds)],
  ["Latency, 64 images", ({ latency_64: seconds }) => latency(seconds)],
];

const latency = (seconds) => (seconds == null ? "" : `${milliseconds(seconds)} ms`);

function networks({ start, control, winner }, trialUrl) {
  const named = (name, { trial }) =>
    trial ? [`${name} `, element("a", { href: trialUrl(trial) }, `trial ${trial}`)] : [name];
  const sides = [
    ["Start network", start],
    ["Control", control],
    ["Winner", winner],
  ].filter(([, one]) => one);
  const rows = MEASURES.filter(([, text]) => text(winner)).map(([name, text, exact]) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, name),
      sides.map(([, one]) => element("td", { class: "n", title: exact?.(one) }, text(one))),
    ),
  );
  const heads = sides.map(([name, one]) =>
    element("th", { scope: "col", class: "n" }, named(name, one)),
  );
  return element(
    "table",
    { "aria-label": "Start network, control and winner" },
    element("thead", {}, element("tr", {}, element("td"), heads)),
    element("tbody", {}, rows),
  );
}

function notes({ gain, gain_over_start: over }) {
  const shown = gain ?? over;
  const between = `${points(over.low, 1)} to ${points(over.high, 1)}`;
  return element(
    "p",
    { class: "help" },
    [
      `Against ${otherName(gain)}, ${plural(shown.improved.count, "image")} changed from wrong to right ` +
        `and ${whole(shown.worsened.count)} from right to wrong (McNemar's exact test: ${chance(shown)}).`,
      `Over the start network it is ${points(over.difference, 1)} points (${between}), ` +
        "further training included. Ranges are 95 % intervals, ± is one standard error.",
    ].join(" "),
  );
}

const chance = ({ p_value: p }) => (p < 0.001 ? "p < 0.001" : `p = ${p.toFixed(3)}`);

/** Differences of the classes' recalls, the largest gain first. */
function classes({ class_names: names, class_images: images, winner }, { by_class: differences }) {
  const known = names
    .map((name, index) => ({ name, index, difference: differences[index] }))
    .filter(({ difference }) => difference != null)
    .sort((a, b) => b.difference - a.difference || a.index - b.index);
  const widest = Math.max(0.01, ...known.map(({ difference }) => Math.abs(difference)));
  const bar = (difference) => {
    const made = element("span", {
      class: difference < 0 ? "gain-bar less" : "gain-bar",
      "aria-hidden": "true",
    });
    made.style.setProperty("--share", String(Math.abs(difference) / widest));
    return made;
  };
  const items = known.map(({ name, index, difference }) =>
    element(
      "li",
      {
        title: `${percentWithUnit(winner.recalls[index], 1)} of ${plural(images[index], "image")}`,
      },
      element("span", {}, name),
      bar(difference),
      element("b", {}, points(difference, 1)),
    ),
  );
  return element("ol", { tabindex: "0", "aria-label": "Gain in each class, in points" }, items);
}

/** Some of the images that changed sides, each with what the network takes it for that errs. */
function pictures({ class_names: names }, { improved, worsened }) {
  const sides = [
    ["From wrong to right", improved, ({ other }) => `not ${names[other]}`],
    ["From right to wrong", worsened, ({ winner }) => `not ${names[winner]}`],
  ];
  return sides
    .filter(([, { pictures: found }]) => found?.length)
    .map(([title, { pictures: found, count }, error]) =>
      element(
        "div",
        { class: "changed" },
        element(
          "h3",
          {},
          `${title} `,
          element("small", {}, `${whole(found.length)} of ${plural(count, "image")}`),
        ),
        element(
          "ul",
          {},
          found.map((one) => picture(one.webp, names[one.label], error(one))),
        ),
      ),
    );
}

function picture(webp, name, error) {
  const canvas = element("canvas", { role: "img", "aria-label": name });
  paint(canvas, webp);
  return element("li", {}, canvas, element("span", {}, name), element("small", {}, error));
}

async function paint(canvas, webp) {
  const bytes = Uint8Array.from(atob(webp), (sign) => sign.charCodeAt(0));
  const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/webp" }));
  Object.assign(canvas, { width: bitmap.width, height: bitmap.height });
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
}
