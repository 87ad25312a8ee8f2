import assert from "node:assert/strict";
import { test } from "node:test";
import { elapsed } from "../../static/js/domain/feed.js";
import { initialState, reduce, withEarlierLog } from "../../static/js/domain/reducer.js";

const AT = "2026-11-24T12:00:00+00:00";
const page = (search = {}, trials = []) => ({
  search: {
    id: 1,
    name: "digits",
    state: "running",
    requested: null,
    max_trials: 24,
    trials_completed: 0,
    trials_failed: 0,
    trials_running: 0,
    start_accuracy: 0.9,
    best_trial: null,
    best_accuracy: null,
    elapsed_seconds: 10,
    can: { edit: true, pause: true, resume: false, stop: true, cancel: true, download: false },
    ...search,
  },
  sequence: 0,
  trials,
});
const state = (...given) => initialState(page(...given), Date.parse(AT));
let last = 0;
const events = (...pairs) =>
  pairs.map(([kind, payload = {}], index) => ({ sequence: index + 1, kind, payload, at: AT }));
const after = (given, ...pairs) => {
  last = pairs.length;
  return reduce(given, events(...pairs));
};
const created = (number) => [
  "trial.created",
  { number, notation: "[G3x3]", cell: {}, transformations: [] },
];

test("the look at the test images comes before the end", () => {
  const begun = after(state(), ["comparison.created"], ["comparison.started", { worker: "a" }]);
  assert.equal(begun.search.comparing, "running");
  const failed = after(state(), ["comparison.failed", { failure: "no memory" }]);
  assert.deepEqual(
    [failed.search.comparing, failed.search.comparison_failure],
    ["failed", "no memory"],
  );
  const extended = after(state(failed.search), ["search.budget_extended", { max_trials: 30 }]);
  assert.deepEqual(
    [extended.search.comparing, extended.search.comparison_failure, extended.search.max_trials],
    [null, "", 30],
  );
});

test("a trial is created, runs and completes, and is counted once in each state", () => {
  const running = after(state(), created(1), [
    "trial.started",
    { number: 1, worker: "gpu0", attempt: 1 },
  ]);
  assert.equal(running.search.trials_running, 1);
  const ended = reduce(running, [
    {
      sequence: 3,
      kind: "trial.completed",
      at: AT,
      payload: {
        number: 1,
        accuracy: 0.95,
        reward: 12,
        parameters: 5,
        multiply_adds: 7,
        seconds: 3,
        curve: [0.95],
        diagnostics: {},
        best: true,
      },
    },
  ]);
  assert.deepEqual([ended.search.trials_running, ended.search.trials_completed], [0, 1]);
  assert.deepEqual(
    [ended.search.best_trial, ended.search.best_accuracy, ended.trials.get(1).state],
    [1, 0.95, "completed"],
  );
});

test("an event that was seen does nothing", () => {
  const one = after(state(), created(1), ["trial.failed", { number: 1, failure: "diverged" }]);
  const twice = reduce(
    one,
    events(created(1), ["trial.failed", { number: 1, failure: "diverged" }]),
  );
  assert.equal(twice, one);
  assert.equal(twice.search.trials_failed, 1);
});

test("an event that comes too early is left for the replay", () => {
  const early = reduce(state(), [{ sequence: 2, kind: "search.paused", payload: {}, at: AT }]);
  assert.equal(early.gap, true);
  assert.deepEqual([early.sequence, early.search.state], [0, "running"]);
  const replayed = reduce(early, events(created(1), ["search.paused"]), { complete: true });
  assert.deepEqual(
    [replayed.gap, replayed.sequence, replayed.search.state, replayed.trials.size],
    [false, 2, "paused", 1],
  );
});

test("events before the gap in one frame count", () => {
  const one = reduce(state(), [
    events(created(1))[0],
    { sequence: 4, kind: "search.paused", payload: {}, at: AT },
  ]);
  assert.deepEqual([one.sequence, one.gap, one.trials.size], [1, true, 1]);
});

test("a replay may leave numbers out: progress is compacted", () => {
  const next = reduce(state(), [{ sequence: 9, kind: "search.paused", payload: {}, at: AT }], {
    complete: true,
  });
  assert.deepEqual([next.sequence, next.gap], [9, false]);
});

test("the state given is not changed", () => {
  const before = state();
  const copy = structuredClone({ search: before.search, trials: [...before.trials] });
  after(before, created(1), ["search.paused"], ["search.renamed", { name: "other" }]);
  assert.deepEqual({ search: before.search, trials: [...before.trials] }, copy);
});

test("pausing is asked for, then done", () => {
  assert.equal(after(state(), ["search.pause_requested"]).search.requested, "pause");
  const paused = after(state(), ["search.pause_requested"], ["search.paused"]);
  assert.deepEqual([paused.search.state, paused.search.requested], ["paused", null]);
});

test("what may be done is what the server says with the events, and no rule of this page's", () => {
  const may = { edit: true, pause: false, resume: true };
  const [paused] = events(["search.paused"]);
  const before = state();
  assert.equal(reduce(before, [paused], { can: may }).search.can, may);
  assert.equal(reduce(before, [paused]).search.can, before.search.can);
});

test("an interrupted trial goes on under the next attempt", () => {
  const lost = after(
    state(),
    created(1),
    ["trial.started", { number: 1, worker: "gpu0", attempt: 1 }],
    ["trial.interrupted", { number: 1, attempt: 1 }],
  );
  assert.deepEqual(
    [lost.trials.get(1).state, lost.trials.get(1).interrupted, lost.search.trials_running],
    ["queued", true, 0],
  );
  const again = reduce(lost, [
    {
      sequence: 4,
      kind: "trial.started",
      payload: { number: 1, worker: "gpu1", attempt: 2 },
      at: AT,
    },
  ]);
  assert.deepEqual(
    [again.trials.get(1).interrupted, again.trials.get(1).attempt, again.search.trials_running],
    [false, 2, 1],
  );
});

test("a search that was held up says why until it is resumed, and its trial why it waits", () => {
  const failure = "The disk is full.";
  const waits = after(state(), created(1), [
    "trial.interrupted",
    { number: 1, attempt: 1, reason: "delayed", failure },
  ]);
  assert.equal(waits.trials.get(1).delay, failure);
  const paused = reduce(waits, [
    { sequence: 3, kind: "search.paused", payload: { failure }, at: AT },
  ]);
  assert.deepEqual([paused.search.state, paused.search.failure], ["paused", failure]);
  const resumed = reduce(paused, [{ sequence: 4, kind: "search.resumed", payload: {}, at: AT }]);
  assert.deepEqual([resumed.search.state, resumed.search.failure], ["running", ""]);
});

test("the start network's progress ends with its accuracy", () => {
  const progress = { epoch: 2, epochs: 6, accuracy: 0.8, images_per_second: 900, eta_seconds: 4 };
  const training = after(state({ start_accuracy: null }), ["start_network.progress", progress]);
  assert.equal(training.search.start_progress.epoch, 2);
  const trained = reduce(training, [
    {
      sequence: 2,
      kind: "start_network.completed",
      payload: {
        ...{ accuracy: 0.91, balanced_accuracy: 0.88, last_gain: 0.02, saturated: false },
        ...{ validation_images: 300, parameters: 10, multiply_adds: 20 },
      },
      at: AT,
    },
  ]);
  const { search } = trained;
  assert.deepEqual([search.start_progress, search.start_accuracy], [null, 0.91]);
  assert.equal(search.validation_images, 300);
  assert.deepEqual(
    [search.start_balanced_accuracy, search.start_last_gain, search.start_saturated],
    [0.88, 0.02, false],
  );
});

test("the comparison comes with the end, and goes where the search goes on", () => {
  const comparison = { sentence: "The grown network is ahead." };
  assert.equal(state().comparison, null);
  const ended = after(state(), ["search.completed", { best_trial: 1, comparison }]);
  assert.equal(ended.comparison, comparison);
  const again = reduce(ended, [
    { sequence: 2, kind: "search.budget_extended", payload: { max_trials: 40 }, at: AT },
  ]);
  assert.equal(again.comparison, null);
});

test("every other kind does what it says", () => {
  const next = after(
    state(),
    created(1),
    ["trial.pinned", { number: 1 }],
    ["search.renamed", { name: "b" }],
    ["search.budget_extended", { max_trials: 40 }],
    ["search.noted", { note: "n" }],
    ["search.tagged", { tags: ["t"] }],
    ["trial.cancelled", { number: 1 }],
    ["search.stop_requested"],
  );
  const { name, max_trials: most, note, tags, requested } = next.search;
  assert.deepEqual([name, most, note, tags, requested], ["b", 40, "n", ["t"], "stop"]);
  assert.deepEqual(
    [next.trials.get(1).pinned, next.trials.get(1).state, next.sequence],
    [true, "cancelled", last],
  );
});

test("a kind that this page does not know yet only moves the sequence", () => {
  assert.equal(after(state(), ["search.praised"]).sequence, 1);
});

test("the clock stands still while the search is paused", () => {
  // 10 s before the page, 60 s until the pause: 70 s, whatever the time is later.
  const paused = reduce(state(), [
    { sequence: 1, kind: "search.paused", payload: {}, at: "2026-11-24T12:01:00+00:00" },
  ]);
  assert.equal(elapsed(paused.search, Date.parse("2026-11-24T13:00:00+00:00")), 70);
  const resumed = reduce(paused, [
    { sequence: 2, kind: "search.resumed", payload: {}, at: "2026-11-24T13:00:00+00:00" },
  ]);
  assert.equal(elapsed(resumed.search, Date.parse("2026-11-24T13:00:05+00:00")), 75);
});

test("the log keeps what has happened, not each step, and takes its past in front", () => {
  const next = after(
    state(),
    created(1),
    ["trial.progress", { number: 1, epoch: 1, curve: [] }],
    ["search.paused"],
  );
  assert.deepEqual(
    next.log.map(({ kind }) => kind),
    ["trial.created", "search.paused"],
  );
  const later = { ...next, log: next.log.slice(1) };
  assert.deepEqual(
    withEarlierLog(later, next.log).log.map(({ sequence }) => sequence),
    [1, 3],
  );
});
