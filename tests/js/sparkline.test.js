import assert from "node:assert/strict";
import { test } from "node:test";
import { historyPath } from "../../static/js/domain/sparkline.js";

test("the best so far is a step line over the trials that have ended", () => {
  // Best 0.90 after 1 trial and 0.94 after 5 of 10, the start network at 0.90: 3 pixels of edge.
  const { line, base } = historyPath(
    [
      [1, 0.9],
      [5, 0.94],
    ],
    10,
    0.9,
  );
  assert.equal(line, "M0 33H12V33H60V3H120");
  assert.equal(base, 33);
});

test("a single best is a line, and no start network is none", () => {
  assert.deepEqual(historyPath([[1, 0.5]], 2, null), { line: "M60 33H60V33H120", base: null });
});
