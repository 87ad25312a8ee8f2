// What came of it on the test images, beside the start network under the same recipe.
import {
  duration,
  percentWithUnit,
  points,
  shortCount,
  stateName,
  whole,
} from "../domain/format.js";
import { isFinal } from "../domain/feed.js";
import { byId, element, refill, setText } from "../lib/dom.js";
import { drawClasses } from "./evidence.js";
import { rateText } from "./final_head.js";

export function finalResult() {
  let drawn = null;
  return ({ training, comparison }) => {
    table(training, comparison);
    facts(training);
    if (training.confusion && drawn !== training.id) {
      drawn = training.id;
      drawClasses(training, "Test images of each class, and what they were taken for");
    } else if (!training.confusion && isFinal(training.state) && training.state !== "completed") {
      for (const node of document.querySelectorAll("#classes .waiting, #confusion .waiting"))
        setText(node, "It was not trained to the end.");
    }
  };
}

const verdict = (gain, times) =>
  `${points(gain)} points ${gain < 0 ? "against" : "over"} the start network, ` +
  `with ${times.toFixed(2)} times its parameters, at the same recipe.`;

function table(training, comparison) {
  const shown = [training, comparison].map(
    (one) => one && [one.state, one.test_accuracy, one.accuracy, one.name, one.epochs_done],
  );
  refill(byId("result-rows"), JSON.stringify(shown), () => {
    const best = Math.max(training.test_accuracy ?? 0, comparison?.test_accuracy ?? 0);
    return [row(training, false, best), comparison && row(comparison, true, best)];
  });
  const both = training.test_accuracy != null && comparison?.test_accuracy != null;
  const gain = both ? training.test_accuracy - comparison.test_accuracy : null;
  setText(
    byId("verdict"),
    both
      ? verdict(gain, training.parameters / comparison.parameters)
      : comparison
        ? "The comparison is complete when both have been trained."
        : "No start network was trained with this recipe.",
  );
  byId("verdict").classList.toggle("up", both && gain >= 0);
}

function row(one, isOther, best) {
  const name = isOther ? element("a", { href: `/final-trainings/${one.id}/` }, one.name) : one.name;
  const tested =
    one.test_accuracy == null
      ? `${stateName(one.state)}, epoch ${one.epochs_done} of ${one.epochs}`
      : [element("b", {}, percentWithUnit(one.test_accuracy)), foldsText(one.fold_accuracies)];
  const seconds = one.state === "completed" ? duration(one.seconds ?? one.elapsed_seconds) : "–";
  return element(
    "tr",
    { class: one.test_accuracy === best ? "better" : "" },
    element("th", { scope: "row" }, name),
    element("td", { class: "n", dataset: { name: "test" } }, tested),
    element("td", { class: "n" }, percentWithUnit(one.accuracy)),
    element("td", { class: "n", title: whole(one.parameters) }, shortCount(one.parameters)),
    element("td", { class: "n", title: whole(one.multiply_adds) }, shortCount(one.multiply_adds)),
    element("td", { class: "n" }, seconds),
  );
}

/** How far the accuracies of the folds lie apart. */
function foldsText(found) {
  if (!found?.length) return "";
  const mean = found.reduce((sum, one) => sum + one, 0) / found.length;
  const squares = found.reduce((sum, one) => sum + (one - mean) ** 2, 0);
  const text = ` ± ${(100 * Math.sqrt(squares / (found.length - 1))).toFixed(1)}, ${found.length} folds`;
  const title = `Standard deviation of ${found.map((one) => percentWithUnit(one)).join(", ")}`;
  return element("small", { title }, text);
}

const WEIGHTS = {
  scratch: "from scratch",
  grown: "grown from the trial's",
  adopted: "those that the network was brought with",
};
const WIDTHS = { alpha: "alpha", growth: "growth", growths: "growth", channels: "width" };
const joined = (value) => [value].flat().join("-");

function networkText(skeleton) {
  if (skeleton.blocks == null)
    return [skeleton.family, skeleton.model, skeleton.sites && `${skeleton.sites.length} sites`]
      .filter(Boolean)
      .join(", ");
  const name = Object.keys(WIDTHS).find((key) => skeleton[key] != null);
  return [
    skeleton.family,
    `${joined(skeleton.blocks)} blocks a stage`,
    `${WIDTHS[name]} ${joined(skeleton[name])}`,
    `groups ${skeleton.groups}`,
    skeleton.order,
  ].join(", ");
}

function facts({
  config,
  dataset,
  weights,
  worker,
  attempt,
  workers_lost: lost,
  max_rounds: most,
}) {
  const { skeleton, recipe, cutout, data, seed } = config;
  const times = most > 1 ? `, ${most} times at most` : "";
  const rows = [
    ["Network", networkText(skeleton)],
    ["Weights", WEIGHTS[weights]],
    [
      "Recipe",
      `${whole(recipe.epochs)} epochs${times}, batches of ${recipe.batch_size} images, ` +
        `learning rate ${rateText(recipe.learning_rate)} along a cosine, ` +
        `weight decay ${recipe.weight_decay}`,
    ],
    ["Drop path", skeleton.drop_path ? String(skeleton.drop_path) : "none"],
    ["Cutout", cutout == null ? "what suits the data set" : cutout ? `${cutout} pixels` : "none"],
    [
      "Data",
      `${dataset}, ${data.validation ? whole(data.validation) : "no"} validation images held out` +
        (data.folds > 1
          ? `; measured in ${data.folds} folds, one after the other, of which the first is kept`
          : ""),
    ],
    ["Seed", String(seed)],
    [
      "Worker",
      worker ? `${worker}, attempt ${attempt}${lost ? `, ${lost} lost` : ""}` : "none yet",
    ],
  ];
  refill(byId("facts"), JSON.stringify(rows), () =>
    rows.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]),
  );
}
