import assert from "node:assert/strict";
import { test } from "node:test";
import { matches, parseFilter } from "../../static/js/domain/filter.js";

const passes = (text, trial) => {
  const { filter, error } = parseFilter(text);
  assert.equal(error, undefined);
  return matches(filter, trial);
};
const trial = {
  accuracy: 0.94,
  balanced_accuracy: 0.8,
  parameters: 2_100_000,
  state: "completed",
  pinned: true,
  notation: "[G3x3 -> [sep5]]",
  move: "widen",
  parent: 7,
  role: "child",
};

test("an empty filter lets all pass", () => assert.equal(passes("  ", trial), true));

test("and binds closer than or", () => {
  assert.equal(passes("accuracy > 0.93 and parameters < 2e6", trial), false);
  assert.equal(passes("accuracy > 0.93 and parameters < 2e6 or pinned = true", trial), true);
  assert.equal(passes("accuracy > 0.93 and (parameters < 2e6 or pinned = true)", trial), true);
});

test("values may have units and short names", () => {
  assert.equal(passes("acc >= 94% and params > 2M", trial), true);
  assert.equal(passes("balanced > 0.79 and balanced_accuracy < 81%", trial), true);
  assert.equal(passes('state = completed and notation ~ "sep5"', trial), true);
});

test("moves, parents and roles are fields", () => {
  assert.equal(passes("move = widen and parent = 7 and role = child", trial), true);
  assert.equal(passes("move = path or parent > 7 or role != child", trial), false);
});

test("who has no value passes no comparison", () =>
  assert.equal(passes("accuracy < 1", { accuracy: null }), false));

test("faults are named", () => {
  assert.match(parseFilter("colour > 3").error, /Expected one of trial, accuracy/);
  assert.match(parseFilter("accuracy >").error, /expected a value/);
  assert.match(parseFilter("accuracy 3").error, /After accuracy expected/);
  assert.match(parseFilter("(accuracy > 3").error, /not closed/);
  assert.match(parseFilter("accuracy > 3 )").error, /Did not expect \)/);
  assert.match(parseFilter("accuracy > 3 §").error, /Cannot read/);
});
