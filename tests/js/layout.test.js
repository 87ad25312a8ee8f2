import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { branchesOf, startCell } from "../../static/js/domain/cell.js";
import { FULL, GLYPH, layoutCell } from "../../static/js/domain/layout.js";

const { cells } = JSON.parse(readFileSync(new URL("fixtures/cells.json", import.meta.url)));
const close = (got, expected) =>
  assert.ok(Math.abs(got - expected) < 1e-6, `expected ${expected}, got ${got}`);

test("drawings are as large as the engine's own", () => {
  for (const { cell, full, glyph } of cells) {
    const [large, small] = [layoutCell(cell, FULL), layoutCell(cell, GLYPH)];
    [large.width, large.height].forEach((value, index) => close(value, full[index]));
    [small.width, small.height].forEach((value, index) => close(value, glyph[index]));
  }
});

test("each branch has one wire and, but for the identity, one chip", () => {
  for (const { cell } of cells) {
    const branches = branchesOf(cell);
    const { wires, chips } = layoutCell(cell);
    assert.deepEqual(
      wires.map(({ key }) => key).filter((key) => !["in", "out"].includes(key)),
      branches.map(({ key }) => key),
    );
    assert.equal(chips.length, branches.filter(({ operation }) => operation !== "identity").length);
  }
});

test("chips do not overlap and stay inside", () => {
  for (const { cell } of cells) {
    const { chips, width, height } = layoutCell(cell);
    for (const [index, a] of chips.entries()) {
      assert.ok(
        a.x > 0 && a.x + a.width < width && a.y - a.height / 2 > 0 && a.y + a.height / 2 < height,
      );
      for (const b of chips.slice(index + 1)) {
        assert.ok(a.x + a.width <= b.x || b.x + b.width <= a.x || Math.abs(a.y - b.y) >= a.height);
      }
    }
  }
});

test("paths open and close where there are several", () => {
  const drawing = layoutCell(startCell());
  assert.deepEqual([drawing.allocations, drawing.merges], [[], []]);
  const split = {
    root: {
      merge: "concat",
      allocation: "split",
      branches: [{ operation: "conv_1x1" }, { operation: "identity" }],
    },
  };
  const { allocations, merges } = layoutCell(split);
  assert.deepEqual(
    [allocations.length, allocations[0].split, merges[0].merge],
    [1, true, "concat"],
  );
});

test("one chip: the sizes by hand", () => {
  // 2 x 24 pad + 10 gap + 54 chip + 10 gap wide; one row of 30 and 13 % of it above and below high.
  const { width, height, chips } = layoutCell(startCell());
  assert.deepEqual([width, height], [122, 30 + 2 * 3.9]);
  assert.deepEqual([chips[0].x, chips[0].y], [34, 18.9]);
});
