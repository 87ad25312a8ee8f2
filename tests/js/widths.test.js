import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { branchFacts, parametersOf, parts } from "../../static/js/domain/widths.js";

const { cases } = JSON.parse(readFileSync(new URL("fixtures/widths.json", import.meta.url)));

test("widths and parameters of every path are the engine's", () => {
  for (const { cell, sites, facts } of cases)
    assert.deepEqual(Object.fromEntries(branchFacts(cell, sites)), facts);
});

test("a width that does not divide gives larger parts first", () => {
  assert.deepEqual(parts(7, 2), [4, 3]);
});

test("parameters are counted by hand", () => {
  // 8 * 9 depthwise, 8 * 4 pointwise, 2 * 8 of the norm before.
  assert.equal(parametersOf("sep_conv_3x3", 8, 4, 1, true), 120);
  // 8 / 2 * 4 * 9, and 2 * 4 of the norm after.
  assert.equal(parametersOf("group_conv_3x3", 8, 4, 2, false), 152);
  assert.equal(parametersOf("max_pool_3x3", 8, 8, 1, true), 0);
});
