import assert from "node:assert/strict";
import { test } from "node:test";
import { notation, startCell } from "../../static/js/domain/cell.js";
import {
  growthOf,
  lineOf,
  moveOf,
  sitesOf,
  startCellOf,
  stepWords,
} from "../../static/js/domain/lineage.js";

const merge = { type: "set_merge", node: [0], merge: "add", branches: 2 };
const node = { type: "insert_node", branch: [0] };
const widen = (layer, width) => ({ type: "widen", layer, width });
const pathed = "[G3x3 -> add[identity, identity]]";

const trials = new Map(
  [
    { number: 1, parent: 0, move: "widen", notation: "[G3x3]", transformations: null },
    { number: 2, parent: 1, move: "path", notation: pathed, transformations: null },
    { number: 3, parent: 2, move: "rest", notation: pathed, transformations: [] },
    {
      number: 4,
      parent: 3,
      move: "path",
      notation: "[G3x3 -> add[identity -> add[identity, identity], identity]]",
      transformations: [
        { type: "insert_node", branch: [0, 0] },
        { type: "set_merge", node: [0, 0], merge: "add", branches: 2 },
      ],
    },
  ].map((trial) => [trial.number, trial]),
);
const find = (number) => trials.get(number);
const start = startCell();

test("a line goes back to the start network", () => {
  const { ancestors, isWhole } = lineOf(trials.get(4), find);
  assert.deepEqual(
    ancestors.map(({ number }) => number),
    [1, 2, 3],
  );
  assert.ok(isWhole);
  assert.deepEqual(lineOf(trials.get(1), find), { ancestors: [], isWhole: true });
});

test("a line ends where a parent is not there yet", () => {
  const line = lineOf(trials.get(4), (number) => (number > 1 ? trials.get(number) : undefined));
  assert.deepEqual(
    line.ancestors.map(({ number }) => number),
    [2, 3],
  );
  assert.equal(line.isWhole, false);
});

test("a child of a child grows from its parent's cell, not from the start cell", () => {
  const stages = growthOf(trials.get(4), lineOf(trials.get(4), find), start);
  assert.deepEqual(
    stages.map(({ cell }) => notation(cell)),
    ["[G3x3]", pathed, "[G3x3 -> add[identity -> add[identity, identity], identity]]"],
  );
  assert.deepEqual(
    stages.map(({ step, name, own }) => [step, name, own]),
    [
      [1, "start cell", false], // trial 1 has the same cell, trial 3 that of trial 2
      [3, "trial 2", false],
      [5, "after 2 transformations", true],
    ],
  );
  assert.deepEqual([...stages.at(-1).changed], ["0.0.0", "0.0.1"]);
  assert.equal(stages[0].changed.size, 0);
});

test("a child of the start network grows as it always did", () => {
  const trial = { number: 1, notation: "", transformations: [node, merge] };
  const stages = growthOf(trial, lineOf(trial, find), start);
  assert.deepEqual(
    stages.map(({ caption, step }) => [caption, step]),
    [
      ["start", 0],
      ["+2", 2],
    ],
  );
});

test("what is not known is not made up", () => {
  const line = { ancestors: [], isWhole: false };
  const stages = growthOf({ ...trials.get(4), transformations: [] }, line, start);
  assert.deepEqual(
    stages.map(({ cell, own }) => [notation(cell), own]),
    [["[G3x3 -> add[identity -> add[identity, identity], identity]]", true]],
  );
  assert.deepEqual(growthOf({ number: 9 }, line, start), []);
});

test("of a light trial, which has no transformations, its own cell is the end", () => {
  const stages = growthOf(trials.get(2), lineOf(trials.get(2), find), start);
  assert.deepEqual(
    stages.map(({ caption, step }) => [caption, step]),
    [
      ["start", 1],
      ["now", 2],
    ],
  );
});

test("a search begins with its start cell, which may have grown", () => {
  const grown = { version: 1, root: { merge: "none", branches: [] } };
  assert.equal(startCellOf({ start_cell: grown }), grown);
  assert.deepEqual(startCellOf({ start_cell: null }), start);
  assert.equal(notation(startCellOf({ search_space: { start_edge: "conv_3x3" } })), "[conv3x3]");
});

test("moves and steps in words", () => {
  assert.equal(moveOf({ move: "widen", parent: 7 }), "Widen of trial 7");
  assert.equal(moveOf({ move: "rest", parent: 0 }), "Rest of the start network");
  assert.equal(
    moveOf({ move: "path", parent: 2, role: "confirmation", repeats: 5 }),
    "Trial 5 once more",
  );
  assert.equal(moveOf({ move: "", parent: 0 }), "");
  assert.equal(stepWords({ transformations: [widen("stem", 12)] }), "stem gets 12 channels");
  assert.equal(
    stepWords({
      transformations: [widen("stem", 12), widen("a", 9), { type: "deepen", layer: "b" }],
    }),
    "2 layers wider, a layer after b",
  );
  assert.equal(stepWords({ transformations: [node, merge] }), "2 transformations");
  assert.equal(stepWords({ move: "rest", transformations: [] }), "trained on as it is");
  assert.equal(stepWords({ transformations: null }), null);
});

test("widths are known only where nothing on the line has changed them", () => {
  const sites = { sites: [] };
  const line = (number) => lineOf(trials.get(number), find);
  assert.equal(sitesOf(sites, trials.get(4), line(4)), null); // trial 1 was widened
  assert.equal(sitesOf(sites, { move: "path" }, { ancestors: [], isWhole: true }), sites);
  assert.equal(sitesOf(sites, { move: "path" }, { ancestors: [], isWhole: false }), null);
});
