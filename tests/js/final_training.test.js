import assert from "node:assert/strict";
import { test } from "node:test";
import { elapsed } from "../../static/js/domain/feed.js";
import {
  curveOf,
  initialState,
  reduce,
  withEarlierLog,
} from "../../static/js/domain/final_training.js";

const AT = "2026-11-24T12:00:00+00:00";
const LATER = "2026-11-24T12:01:00+00:00";
const CAN = { pause: true, resume: false, cancel: true, delete: false, edit: true };
const one = (id, changes = {}) => ({
  id,
  name: `training ${id}`,
  state: "queued",
  requested: null,
  epochs: 3,
  epochs_done: 0,
  history: [],
  elapsed_seconds: 10,
  config: { data: { validation: 300 } },
  can: CAN,
  ...changes,
});
const state = (training = {}, comparison = null) =>
  initialState(
    { training: one(7, training), comparison: comparison && one(8, comparison), sequence: 0 },
    Date.parse(AT),
  );
const events = (...pairs) =>
  pairs.map(([kind, payload = {}, at = AT], index) => ({
    sequence: index + 1,
    kind: kind.includes(".") ? kind : `final_training.${kind}`,
    payload: { id: 7, ...payload },
    at,
  }));
const after = (given, ...pairs) => reduce(given, events(...pairs));
const epoch = (accuracy) => ({
  accuracy,
  training_accuracy: accuracy - 0.1,
  loss: 1 - accuracy,
  learning_rate: 0.1,
});
const progress = (from, ...history) => [
  "progress",
  {
    epoch: from + history.length,
    epochs: 3,
    step: 5,
    steps: 30,
    loss: 0.4,
    learning_rate: 0.05,
    images_per_second: 900,
    eta_seconds: 12,
    history_from: from,
    history,
  },
];

test("progress is taken from events, and anything else makes the page read the state anew", () => {
  const running = after(state(), progress(0, epoch(0.5)), progress(1, epoch(0.7)));
  assert.deepEqual(
    [running.training.state, running.training.epochs_done, running.training.learning_rate],
    ["running", 2, 0.05],
  );
  assert.deepEqual(curveOf(running.training), [0.5, 0.7]);
  assert.equal(running.stale, false);
  const paused = after(state(), ["paused"]);
  assert.deepEqual([paused.stale, paused.training.can], [true, CAN]);
});

test("a start network's training is followed as any other, and its accuracy is known in the end", () => {
  const [, told] = progress(0, epoch(0.5));
  const running = after(state({ accuracy: null }), [
    "start_network.progress",
    { ...told, accuracy: 0.5 },
  ]);
  assert.deepEqual([curveOf(running.training), running.training.accuracy], [[0.5], null]);
  assert.equal(after(state(), ["start_network.completed"]).stale, true);
});

test("what was read anew takes the place of all, but for the log and what happened last", () => {
  const stale = after(state(), ["interrupted", { attempt: 1, reason: "preempted" }]);
  const read = { training: one(7, { state: "queued" }), comparison: null, sequence: 1 };
  const fresh = initialState(read, Date.parse(LATER), stale);
  assert.deepEqual([fresh.stale, fresh.log.length], [false, 1]);
  assert.equal(fresh.training.happened.payload.reason, "preempted");
  // One that was read before the event came: that is told again.
  assert.deepEqual(initialState({ ...read, sequence: 0 }, 0, stale).log, []);
});

test("an epoch that is told twice is there once, and one that is done again replaces the first", () => {
  const told = after(
    state(),
    progress(0, epoch(0.5), epoch(0.6)),
    progress(1, epoch(0.6), epoch(0.7)),
  );
  assert.deepEqual(curveOf(told.training), [0.5, 0.6, 0.7]);
  assert.deepEqual(
    curveOf(reduce(told, [{ ...events(progress(1, epoch(0.65)))[0], sequence: 3 }]).training),
    [0.5, 0.65],
  );
});

test("epochs that were compacted away make the page read the state anew", () => {
  const next = reduce(state(), [{ ...events(progress(2, epoch(0.7)))[0], sequence: 90 }], {
    complete: true,
  });
  assert.deepEqual([next.stale, next.gap, next.sequence], [true, false, 90]);
});

test("an event that comes too early is left for the replay", () => {
  const early = reduce(state(), [{ ...events(["paused"])[0], sequence: 2 }]);
  assert.deepEqual([early.gap, early.sequence, early.stale], [true, 0, false]);
  const replayed = reduce(early, events(["trial.created"], ["paused"]), { complete: true });
  assert.deepEqual([replayed.gap, replayed.sequence, replayed.stale], [false, 2, true]);
});

test("what happens to the search and to other trainings only moves the sequence", () => {
  const before = state();
  const next = after(
    before,
    ["trial.progress"],
    ["search.paused"],
    ["failed", { id: 99, failure: "diverged" }],
  );
  assert.equal(next.sequence, 3);
  assert.equal(next.training, before.training);
  assert.deepEqual(next.log, []);
});

test("the start network's training is followed beside it", () => {
  const next = after(state({}, {}), ["progress", { ...progress(0, epoch(0.4))[1], id: 8 }]);
  assert.deepEqual([next.training.state, next.comparison.state], ["queued", "running"]);
  assert.deepEqual(curveOf(next.comparison), [0.4]);
});

test("the clock goes on while a worker trains, and stands still otherwise", () => {
  assert.equal(elapsed(state({ state: "running" }).training, Date.parse(LATER)), 70);
  assert.equal(elapsed(state({ state: "paused" }).training, Date.parse(LATER)), 10);
});

test("the log keeps what has happened to these two, not each step, and takes its past in front", () => {
  const all = events(
    ["created"],
    ["trial.created"],
    progress(0, epoch(0.5)),
    ["paused"],
    ["renamed", { name: "new" }],
  );
  const next = reduce(state(), all);
  assert.deepEqual(
    next.log.map(({ kind }) => kind),
    ["final_training.created", "final_training.paused", "final_training.renamed"],
  );
  const later = { ...next, log: next.log.slice(2) };
  assert.deepEqual(
    withEarlierLog(later, all).log.map(({ sequence }) => sequence),
    [1, 4, 5],
  );
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
