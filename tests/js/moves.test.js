import assert from "node:assert/strict";
import { test } from "node:test";
import { movesOf } from "../../static/js/domain/moves.js";

const trial = (number, parent, move, accuracy, more = {}) => [
  number,
  {
    number,
    parent,
    move,
    accuracy,
    multiply_adds: 100,
    state: "completed",
    role: "child",
    ...more,
  },
];
const search = { start_accuracy: 0.8, config: { measure: "accuracy" } };
const near = (found, expected) => assert.ok(Math.abs(found - expected) < 1e-12, `${found}`);

test("a move's gains are over its parents, for each unit of training", () => {
  const trials = new Map([
    trial(1, 0, "widen", 0.84, { multiply_adds: 200 }),
    trial(2, 0, "rest", 0.82, { role: "control" }),
    trial(3, 1, "path", 0.83),
    trial(4, 1, "path", 0.86),
  ]);
  const [rest, path, widen, deepen] = movesOf(search, trials);
  // The start network is as good as its first rest, which trained as long as the others.
  near(widen.tries[0].gain, (0.84 - 0.82) / 2);
  assert.deepEqual(rest.tries, [{ number: 2, gain: 0 }]);
  assert.deepEqual(
    path.tries.map(({ number }) => number),
    [3, 4],
  );
  near(path.mean, (0.83 - 0.84 + 0.86 - 0.84) / 2);
  assert.deepEqual(deepen, { move: "deepen", tries: [], mean: null });
});

test("without a rest, the start network is what it was", () => {
  const [, path] = movesOf(search, new Map([trial(1, 0, "path", 0.83)]));
  near(path.mean, 0.03);
});

test("what has not ended, failed, or confirms, is no try", () => {
  const trials = new Map([
    trial(1, 0, "path", null, { state: "running" }),
    trial(2, 0, "path", null, { state: "failed" }),
    trial(3, 0, "path", 0.9, { role: "confirmation" }),
    trial(4, 9, "path", 0.9), // a parent that is not there yet
  ]);
  assert.ok(movesOf(search, trials).every(({ tries }) => !tries.length));
});

test("where classes count alike, moves are judged by that", () => {
  const own = {
    config: { measure: "balanced_accuracy" },
    start_accuracy: 0.9,
    start_balanced_accuracy: 0.5,
  };
  const [, path] = movesOf(own, new Map([trial(1, 0, "path", 0.9, { balanced_accuracy: 0.6 })]));
  near(path.mean, 0.1);
});
