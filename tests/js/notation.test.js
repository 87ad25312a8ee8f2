import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { cellOf, operationsOf, parseCell } from "../../static/js/domain/notation.js";

const { cells } = JSON.parse(readFileSync(new URL("fixtures/cells.json", import.meta.url)));

test("the engine's notation gives the engine's cells", () => {
  for (const { cell, notation } of cells) assert.deepEqual(parseCell(notation), cell);
});

test("what is no cell is null", () => {
  for (const text of ["", "add[", "add[sep3", "[nonsense]", "[sep3] more", "add[sep3, ]"])
    assert.equal(parseCell(text), null);
});

test("a trial's own tree comes before its notation, and the notation is read once", () => {
  const own = { root: {} };
  assert.equal(cellOf({ cell: own, notation: "[sep3]" }), own);
  const trial = { notation: "[G3x3 -> [sep5]]" };
  assert.equal(cellOf(trial), cellOf(trial));
  assert.equal(cellOf({}), null);
});

test("operations are counted from the notation, the root's edges left out", () => {
  assert.deepEqual(operationsOf("add[G3x3 -> concat/split[avg3, conv1x1], G3x3 -> [avg3]]"), {
    avg_pool_3x3: 2,
    conv_1x1: 1,
  });
  assert.deepEqual(operationsOf("[G3x3]"), {});
});
