import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  changedKeys,
  describe,
  difference,
  growthStages,
  growthSteps,
  notation,
  startCell,
  transformed,
} from "../../static/js/domain/cell.js";

const read = (name) => JSON.parse(readFileSync(new URL(`fixtures/${name}`, import.meta.url)));
const { start, cells } = read("cells.json");

test("the transformations of the engine's cells give the engine's cells", () => {
  for (const { cell, transformations } of cells) {
    assert.deepEqual(transformations.reduce(transformed, start), cell);
  }
});

test("the notation is the engine's", () => {
  for (const { cell, notation: expected } of cells) assert.equal(notation(cell), expected);
});

test("the start cell is the engine's", () => assert.deepEqual(startCell(), start));

test("every step changes something, and the last is the cell", () => {
  for (const { cell, transformations } of cells) {
    const steps = growthSteps(start, transformations);
    assert.equal(steps.length, transformations.length + 1);
    assert.ok(steps.slice(1).every(({ changed }) => changed.size > 0));
    assert.deepEqual(steps.at(-1).cell, cell);
  }
});

test("stages end where a motif is complete", () => {
  for (const { cell, transformations } of cells) {
    const stages = growthStages(start, transformations);
    assert.deepEqual([stages[0].cell, stages.at(-1).cell], [start, cell]);
    for (const { step } of stages.slice(1, -1))
      assert.notEqual(transformations[step].type, "replace_identity");
  }
});

test("three branches from one edge: two are new", () => {
  const wide = transformed(start, { type: "set_merge", node: [], merge: "add", branches: 3 });
  assert.deepEqual(difference(start, wide), { added: ["1", "2"], removed: [], replaced: [] });
  assert.deepEqual(difference(wide, start), { added: [], removed: ["1", "2"], replaced: [] });
});

test("a replaced identity is the only change", () => {
  const deep = transformed(start, { type: "insert_node", branch: [0] });
  const other = transformed(deep, {
    type: "replace_identity",
    branch: [0, 0],
    operation: "sep_conv_5x5",
  });
  assert.deepEqual([...changedKeys(deep, other)], ["0.0"]);
  assert.equal(notation(other), "[G3x3 -> [sep5]]");
});

test("what is inserted goes between a branch and what was below it", () => {
  const deep = [[0], [0, 0], [0]].reduce(
    (cell, branch) => transformed(cell, { type: "insert_node", branch }),
    start,
  );
  assert.equal(notation(deep), "[G3x3 -> [identity -> [identity -> [identity]]]]");
});

test("under concat a separable edge gets the whole input, a pool its part", () => {
  const grow = (operation) =>
    transformed(startCell(operation), {
      type: "set_merge",
      node: [],
      merge: "concat",
      branches: 2,
    });
  assert.equal(grow("sep_conv_3x3").root.allocation, "replicate");
  assert.equal(grow("max_pool_3x3").root.allocation, "split");
  assert.equal(grow("group_conv_3x3").root.allocation, "split");
});

test("transformations of layers leave the cell alone", () => {
  assert.equal(transformed(start, { type: "widen", layer: "stage1", width: 8 }), start);
});

test("transformations read as sentences that count from one", () => {
  assert.equal(
    describe({ type: "set_merge", node: [1], merge: "add", branches: 2 }),
    "2 paths at 2, joined by their mean",
  );
  assert.equal(
    describe({ type: "replace_identity", branch: [0, 1], operation: "max_pool_3x3" }),
    "Path 1.2 becomes Max pool 3×3",
  );
});
