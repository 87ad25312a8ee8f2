import assert from "node:assert/strict";
import { test } from "node:test";
import { curveOf, elapsed, initialState, reduce, withEarlierLog } from "../../static/js/domain/final_training.js";

const AT = "2026-11-24T12:00:00+00:00";
const LATER = "2026-11-24T12:01:00+00:00";
const CAN = { pause: true, resume: false, cancel: true, delete: false, edit: true };
const one = (id, changes = {}) => ({
  id, name: `training ${id}`, state: "queued", requested: null, epochs: 3, epochs_done: 0, history: [], elapsed_seconds: 10,
  config: { data: { validation: 300 } }, can: CAN, ...changes,
});
const state = (training = {}, comparison = null) =>
  initialState({ training: one(7, training), comparison: comparison && one(8, comparison), sequence: 0 }, Date.parse(AT));
const events = (...pairs) => pairs.map(([kind, payload = {}, at = AT], index) =>
  ({ sequence: index + 1, kind: kind.includes(".") ? kind : `final_training.${kind}`, payload: { id: 7, ...payload }, at }));
const after = (given, ...pairs) => reduce(given, events(...pairs));
const epoch = (accuracy) => ({ accuracy, training_accuracy: accuracy - 0.1, loss: 1 - accuracy, learning_rate: 0.1 });
const progress = (from, ...history) => ["progress", {
  epoch: from + history.length, epochs: 3, step: 5, steps: 30, loss: 0.4, learning_rate: 0.05, images_per_second: 900, eta_seconds: 12,
  history_from: from, history,
}];

test("it starts, goes on epoch by epoch, and completes with its test accuracy", () => {
  const running = after(state(), ["started", { worker: "gpu0", attempt: 1 }], progress(0, epoch(0.5)), progress(1, epoch(0.7)));
  assert.deepEqual([running.training.state, running.training.epochs_done, running.training.learning_rate], ["running", 2, 0.05]);
  assert.deepEqual(curveOf(running.training), [0.5, 0.7]);
  assert.equal(running.stale, false);
  const done = reduce(running, [{
    sequence: 4, kind: "final_training.completed", at: LATER,
    payload: { id: 7, name: "training 7", accuracy: 0.8, test_accuracy: 0.79, test_images: 360, parameters: 5, multiply_adds: 6, seconds: 55, checkpoint: 3 },
  }]);
  assert.deepEqual([done.training.state, done.training.test_accuracy, done.training.checkpoint], ["completed", 0.79, 3]);
  assert.deepEqual([done.training.can.cancel, done.training.can.delete], [false, true]);
  assert.equal(done.stale, true); // the confusion matrix has to be read
});

test("an epoch that is told twice is there once, and one that is done again replaces the first", () => {
  const told = after(state(), progress(0, epoch(0.5), epoch(0.6)), progress(1, epoch(0.6), epoch(0.7)));
  assert.deepEqual(curveOf(told.training), [0.5, 0.6, 0.7]);
  assert.deepEqual(curveOf(reduce(told, [{ ...events(progress(1, epoch(0.65)))[0], sequence: 3 }]).training), [0.5, 0.65]);
});

test("epochs that were compacted away make the page read the state anew", () => {
  const next = reduce(state(), [{ ...events(progress(2, epoch(0.7)))[0], sequence: 90 }], { complete: true });
  assert.deepEqual([next.stale, next.gap, next.sequence], [true, false, 90]);
});

test("an event that comes too early is left for the replay", () => {
  const early = reduce(state(), [{ ...events(["paused"])[0], sequence: 2 }]);
  assert.deepEqual([early.gap, early.sequence, early.training.state], [true, 0, "queued"]);
  const replayed = reduce(early, events(["trial.created"], ["paused"]), { complete: true });
  assert.deepEqual([replayed.gap, replayed.sequence, replayed.training.state], [false, 2, "paused"]);
});

test("what happens to the search and to other trainings only moves the sequence", () => {
  const before = state();
  const next = after(before, ["trial.progress"], ["search.paused"], ["failed", { id: 99, failure: "diverged" }]);
  assert.equal(next.sequence, 3);
  assert.equal(next.training, before.training);
  assert.deepEqual(next.log, []);
});

test("the start network's training is followed beside it", () => {
  const next = after(state({}, {}), ["started", { id: 8, worker: "gpu1", attempt: 1 }], ["progress", { ...progress(0, epoch(0.4))[1], id: 8 }]);
  assert.deepEqual([next.training.state, next.comparison.state], ["queued", "running"]);
  assert.deepEqual(curveOf(next.comparison), [0.4]);
});

test("a pause is asked for, then done, and can be resumed", () => {
  const asked = after(state({ state: "running" }), ["pause_requested"]);
  assert.deepEqual([asked.training.requested, asked.training.can.pause, asked.training.can.resume], ["pause", false, true]);
  const paused = after(state({ state: "running" }), ["pause_requested"], ["paused"]);
  assert.deepEqual([paused.training.state, paused.training.requested, paused.training.can.resume], ["paused", null, true]);
  const resumed = after(state({ state: "running" }), ["pause_requested"], ["paused"], ["resumed"]);
  assert.deepEqual([resumed.training.state, resumed.training.can.pause], ["queued", true]);
  const takenBack = after(state({ state: "running" }), ["pause_requested"], ["resumed"]);
  assert.deepEqual([takenBack.training.state, takenBack.training.requested], ["running", null]);
});

test("an interrupted one waits, and says why", () => {
  const next = after(state({ state: "running", images_per_second: 5 }), ["interrupted", { attempt: 1, reason: "turn" }]);
  assert.deepEqual([next.training.state, next.training.reason, next.training.images_per_second], ["queued", "turn", null]);
});

test("a failed one can be tried again; a cancelled one cannot go on", () => {
  const failed = after(state({ state: "running" }), ["failed", { failure: "diverged" }]);
  assert.deepEqual([failed.training.failure, failed.training.can.resume, failed.training.can.delete], ["diverged", true, true]);
  const cancelled = after(state({ state: "running" }), ["cancel_requested"], ["cancelled"]);
  assert.deepEqual([cancelled.training.can.resume, cancelled.training.can.cancel], [false, false]);
});

test("who may not edit may not steer after any event", () => {
  const shared = state({ can: { pause: false, resume: false, cancel: false, delete: false, edit: false } });
  const { can } = after(shared, ["started", { worker: "w", attempt: 1 }], ["paused"]).training;
  assert.deepEqual(can, { pause: false, resume: false, cancel: false, delete: false, edit: false });
});

test("the clock stands still while no worker trains", () => {
  const running = after(state(), ["started", { worker: "w", attempt: 1 }]);
  assert.equal(elapsed(running.training, Date.parse(LATER)), 70);
  const paused = after(state(), ["started", { worker: "w", attempt: 1 }], ["paused", {}, LATER]);
  assert.equal(elapsed(paused.training, Date.parse("2026-11-24T13:00:00+00:00")), 70);
});

test("the log keeps what has happened to these two, not each step, and takes its past in front", () => {
  const all = events(["created"], ["trial.created"], progress(0, epoch(0.5)), ["paused"], ["renamed", { name: "new" }]);
  const next = reduce(state(), all);
  assert.deepEqual(next.log.map(({ kind }) => kind), ["final_training.created", "final_training.paused", "final_training.renamed"]);
  assert.equal(next.training.name, "new");
  const later = { ...next, log: next.log.slice(2) };
  assert.deepEqual(withEarlierLog(later, all).log.map(({ sequence }) => sequence), [1, 4, 5]);
});

test("without validation images the curve is that of the training images", () => {
  assert.deepEqual(curveOf({ history: [{ accuracy: null, training_accuracy: 0.4 }] }), [0.4]);
});

test("the state given is not changed", () => {
  const before = state({}, {});
  const copy = structuredClone(before);
  after(before, ["started", { worker: "w", attempt: 1 }], progress(0, epoch(0.5)), ["paused"]);
  assert.deepEqual(before, copy);
});
