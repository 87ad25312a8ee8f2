import assert from "node:assert/strict";
import { test } from "node:test";
import {
  failureReasons,
  operationShares,
  paretoFront,
  quantile,
  runningBest,
  smooth,
  speed,
  timeLeft,
  windows,
} from "../../static/js/domain/stats.js";

test("the running best never falls and waits for the first value", () => {
  assert.deepEqual(runningBest([null, 0.2, 0.1, 0.5, null]), [null, 0.2, 0.2, 0.5, 0.5]);
});

test("the front leaves out who is beaten, and of equals the dearer", () => {
  // (3, .9) is beaten by (2, .9); (4, .8) by all but the first.
  assert.deepEqual(
    paretoFront([
      [1, 0.5],
      [3, 0.9],
      [2, 0.9],
      [4, 0.8],
      [5, 0.95],
    ]),
    [0, 2, 4],
  );
});

test("smoothing starts at the first value", () => {
  assert.deepEqual(smooth([null, 10, 20], 0.9), [null, 10, 11]);
});

test("quantiles lie between the values", () => {
  assert.deepEqual(
    [quantile([], 0.5), quantile([3, 1], 0.5), quantile([1, 2, 3, 4, 5], 0.25)],
    [null, 2, 2],
  );
});

test("the time left counts what runs and what is still to come, side by side", () => {
  const ended = [60, 80, 100].map((seconds) => ({ state: "completed", seconds }));
  const running = [
    { state: "running", eta_seconds: 30 },
    { state: "running", eta_seconds: 50 },
  ];
  // 10 - 3 - 2 = 5 are left: quartiles 70 and 90; (5 x 70 + 80) / 2 = 215, (5 x 90 + 80) / 2 = 265.
  const search = { max_trials: 10, config: { parallel: 2 } };
  assert.deepEqual(timeLeft(search, [...ended, ...running]), { low: 215, high: 265 });
});

test("the time left is not known before a trial has ended", () => {
  assert.equal(timeLeft({ max_trials: 10 }, [{ state: "running", eta_seconds: 5 }]), null);
  assert.deepEqual(timeLeft({ max_trials: 1 }, [{ state: "running", eta_seconds: 5 }]), {
    low: 5,
    high: 5,
  });
});

test("the speed is that of all that runs", () => {
  const trials = [
    { state: "running", worker: "a", images_per_second: 100 },
    { state: "running", worker: "b", images_per_second: 50 },
    { state: "completed", worker: "c", images_per_second: 9 },
  ];
  assert.deepEqual(speed({}, trials), { imagesPerSecond: 150, workers: 2 });
  assert.equal(speed({ start_progress: { images_per_second: 7 } }, []).imagesPerSecond, 7);
});

test("windows hold at least five and leave nobody out", () => {
  assert.deepEqual(windows([1, 2, 3]), [[1, 2, 3]]);
  assert.deepEqual(
    windows(Array.from({ length: 13 }, (_, index) => index)).map(({ length }) => length),
    [5, 8],
  );
  assert.equal(windows(Array.from({ length: 1000 }, () => 0)).flat().length, 1000);
});

test("shares are of all operations in a window", () => {
  const trials = [1, 2, 3].map((number) => ({
    number,
    operations: { conv_1x1: number, identity: 1 },
  }));
  const { numbers, shares } = operationShares(trials, ["identity", "max_pool_3x3", "conv_1x1"]);
  // 3 identities and 1 + 2 + 3 convolutions of 9.
  assert.deepEqual(
    [numbers, [...shares.keys()], shares.get("conv_1x1")[0]],
    [[2], ["identity", "conv_1x1"], 6 / 9],
  );
});

test("reasons of failed trials are counted by their first lines, the most frequent first", () => {
  const failed = (number, failure) => ({ number, state: "failed", failure });
  assert.deepEqual(
    failureReasons([
      failed(9, "diverged\nin epoch 2"),
      failed(2, "out of memory"),
      { number: 3, state: "completed", failure: "" },
      failed(4, "diverged"),
      failed(5, ""),
    ]),
    [
      { reason: "diverged", numbers: [4, 9] },
      { reason: "out of memory", numbers: [2] },
      { reason: "no reason was given", numbers: [5] },
    ],
  );
});
