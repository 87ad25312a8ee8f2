// What a network grew from: its parent's network, and that from another, back to the start network,
// whose number is 0. A trial's transformations begin with its parent's cell.
import { changedKeys, growthStages, notation, startCell } from "./cell.js";
import { plural } from "./format.js";
import { cellOf } from "./notation.js";

/** What a network of the strategy grow may do to become another; the order of tables. */
export const MOVES = ["rest", "path", "widen", "deepen"];

const capital = (text) => text.replace(/^./, (letter) => letter.toUpperCase());

const parentName = ({ parent }) => (parent ? `trial ${parent}` : "the start network");

/** "Widen of trial 7"; nothing where the strategy makes no moves. */
export function moveOf(trial) {
  const { move, role, repeats } = trial;
  if (role === "confirmation" && repeats) return `Trial ${repeats} once more`;
  return move ? `${capital(move)} of ${parentName(trial)}` : "";
}

/** What a step changes, in a few words; null where its transformations are not known. */
export function stepWords({ move, transformations }) {
  if (!transformations) return null;
  if (!transformations.length) return move ? "trained on as it is" : "unchanged";
  const widened = transformations.filter(({ type }) => type === "widen");
  const deepened = transformations.filter(({ type }) => type === "deepen");
  const others = transformations.length - widened.length - deepened.length;
  return [
    widened.length === 1 && `${widened[0].layer} gets ${widened[0].width} channels`,
    widened.length > 1 && `${plural(widened.length, "layer")} wider`,
    deepened.length === 1 && `a layer after ${deepened[0].layer}`,
    deepened.length > 1 && plural(deepened.length, "further layer"),
    others && plural(others, "transformation"),
  ]
    .filter(Boolean)
    .join(", ");
}

/** The cell that a search starts from: its skeleton's, or one that has grown already. */
export const startCellOf = (config) =>
  config?.start_cell ?? startCell(config?.search_space?.start_edge);

/**
 * A trial's ancestors, the first one first, as far back as they are known.
 * @param find (number) -> the trial, or undefined
 * @returns {{ancestors: any[], isWhole: boolean}} and whether the first grew from the start network
 */
export function lineOf(trial, find) {
  const ancestors = [];
  for (let number = trial.parent; number; number = ancestors[0].parent) {
    const found = find(number);
    if (!found) return { ancestors, isWhole: false };
    ancestors.unshift(found);
  }
  return { ancestors, isWhole: true };
}

/**
 * How a trial's cell grew: [{step, cell, changed, name, caption, own}], from the start cell over its
 * ancestors' cells to its own. A step that leaves the cell as it is has no stage of its own.
 * `step` counts from the start network, 0, over each ancestor and each of the trial's own
 * transformations; `own` is what the trial itself has changed.
 */
export function growthOf(trial, { ancestors, isWhole }, start) {
  const known = ancestors.filter(cellOf);
  const before = [
    ...(isWhole ? [{ cell: start, name: "start cell", caption: "start" }] : []),
    ...known.map((one) => ({
      cell: cellOf(one),
      name: `trial ${one.number}`,
      caption: `trial ${one.number}`,
    })),
  ];
  const own = ownStages(trial, before.at(-1)?.cell);
  return [
    ...before.map((stage, index) => ({ ...stage, step: index })),
    ...own.map((stage) => ({ ...stage, step: before.length - 1 + stage.step })),
  ].reduce(withStage, []);
}

function ownStages(trial, parent) {
  const { transformations } = trial;
  const end = cellOf(trial);
  if (parent && transformations) {
    return growthStages(parent, transformations)
      .slice(1)
      .map(({ step, cell }) => ({
        step,
        cell,
        name: `after ${plural(step, "transformation")}`,
        caption: `+${step}`,
        own: true,
      }));
  }
  return end ? [{ step: 1, cell: end, name: "as it is", caption: "now", own: true }] : [];
}

/** One that draws the same as the stage before it only moves that one on. */
function withStage(stages, stage) {
  const last = stages.at(-1);
  if (last && notation(last.cell) === notation(stage.cell))
    return [...stages.slice(0, -1), { ...last, step: stage.step }];
  const changed = last ? changedKeys(last.cell, stage.cell) : new Set();
  return [...stages, { own: false, ...stage, changed }];
}

/** Where a trial's cells stand, if they stand as the start network's do: else it is not known. */
export const sitesOf = (sites, trial, { ancestors, isWhole }) =>
  isWhole && ![...ancestors, trial].some(({ move }) => move === "widen" || move === "deepen")
    ? sites
    : null;
