import assert from "node:assert/strict";
import { test } from "node:test";
import { indexed, naturalOrder } from "../../static/js/domain/class_names.js";

const kept = (...names) => names.map((name) => ({ name, kept: true }));

test("an index is the place of a name sorted as text", () => {
  const found = indexed(kept("1", "2", "10"));
  assert.deepEqual(
    found.map(({ index }) => index),
    [0, 2, 1],
  );
});

test("classes of one name are merged, and what is left out has no index", () => {
  const found = indexed([...kept("oak", "oak", "fir"), { name: "elm", kept: false }]);
  assert.deepEqual(found, [
    { index: 1, merged: true },
    { index: 1, merged: true },
    { index: 0, merged: false },
    { index: null, merged: false },
  ]);
});

test("names sort by code point, and a prefix comes first", () => {
  const found = indexed(kept("\u{1F600}", "\uFF01", "oak", "oaks"));
  assert.deepEqual(
    found.map(({ index }) => index),
    [3, 2, 0, 1],
  );
});

test("numbers sort as numbers, and the index stays", () => {
  assert.deepEqual(naturalOrder(["1", "10", "2"]), [0, 2, 1]);
  assert.deepEqual(naturalOrder(["oak 10", "Oak 9", "elm"]), [2, 1, 0]);
});
