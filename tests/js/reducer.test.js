import assert from "node:assert/strict";
import { test } from "node:test";
import { elapsed, initialState, reduce, withEarlierLog } from "../../static/js/domain/reducer.js";

const AT = "2026-11-24T12:00:00+00:00";
const page = (search = {}, trials = []) => ({
  search: {
    id: 1, name: "digits", state: "running", requested: null, max_trials: 24, trials_completed: 0, trials_failed: 0,
    trials_running: 0, start_accuracy: 0.9, best_trial: null, best_accuracy: null, elapsed_seconds: 10,
    can: { edit: true, pause: true, resume: false, stop: true, cancel: true, download: false }, ...search,
  },
  sequence: 0,
  trials,
});
const state = (...given) => initialState(page(...given), Date.parse(AT));
let last = 0;
const events = (...pairs) => pairs.map(([kind, payload = {}], index) => ({ sequence: index + 1, kind, payload, at: AT }));
const after = (given, ...pairs) => {
  last = pairs.length;
  return reduce(given, events(...pairs));
};
const created = (number) => ["trial.created", { number, notation: "[G3x3]", cell: {}, transformations: [] }];

test("a trial is created, runs and completes, and is counted once in each state", () => {
  const running = after(state(), created(1), ["trial.started", { number: 1, worker: "gpu0", attempt: 1 }]);
  assert.equal(running.search.trials_running, 1);
  const ended = reduce(running, [{
    sequence: 3, kind: "trial.completed", at: AT,
    payload: { number: 1, accuracy: 0.95, reward: 12, parameters: 5, multiply_adds: 7, seconds: 3, curve: [0.95], diagnostics: {}, best: true },
  }]);
  assert.deepEqual([ended.search.trials_running, ended.search.trials_completed], [0, 1]);
  assert.deepEqual([ended.search.best_trial, ended.search.best_accuracy, ended.trials.get(1).state], [1, 0.95, "completed"]);
  assert.equal(ended.search.can.download, true);
});

test("an event that was seen does nothing", () => {
  const one = after(state(), created(1), ["trial.failed", { number: 1, failure: "diverged" }]);
  const twice = reduce(one, events(created(1), ["trial.failed", { number: 1, failure: "diverged" }]));
  assert.equal(twice, one);
  assert.equal(twice.search.trials_failed, 1);
});

test("an event that comes too early is left for the replay", () => {
  const early = reduce(state(), [{ sequence: 2, kind: "search.paused", payload: {}, at: AT }]);
  assert.equal(early.gap, true);
  assert.deepEqual([early.sequence, early.search.state], [0, "running"]);
  const replayed = reduce(early, events(created(1), ["search.paused"]), { complete: true });
  assert.deepEqual([replayed.gap, replayed.sequence, replayed.search.state, replayed.trials.size], [false, 2, "paused", 1]);
});

test("events before the gap in one frame count", () => {
  const one = reduce(state(), [events(created(1))[0], { sequence: 4, kind: "search.paused", payload: {}, at: AT }]);
  assert.deepEqual([one.sequence, one.gap, one.trials.size], [1, true, 1]);
});

test("a replay may leave numbers out: progress is compacted", () => {
  const next = reduce(state(), [{ sequence: 9, kind: "search.paused", payload: {}, at: AT }], { complete: true });
  assert.deepEqual([next.sequence, next.gap], [9, false]);
});

test("the state given is not changed", () => {
  const before = state();
  const copy = structuredClone({ search: before.search, trials: [...before.trials] });
  after(before, created(1), ["search.paused"], ["search.renamed", { name: "other" }]);
  assert.deepEqual({ search: before.search, trials: [...before.trials] }, copy);
});

test("pausing is asked for, then done, and resume is offered", () => {
  const asked = after(state(), ["search.pause_requested"]);
  assert.deepEqual([asked.search.requested, asked.search.can.pause, asked.search.can.resume], ["pause", false, true]);
  const paused = after(state(), ["search.pause_requested"], ["search.paused"]);
  assert.deepEqual([paused.search.state, paused.search.requested], ["paused", null]);
  assert.deepEqual([paused.search.can.resume, paused.search.can.pause], [true, false]);
});

test("who may not edit a search may not steer it after any event", () => {
  const shared = state({ can: { edit: false, pause: false, resume: false, stop: false, cancel: false, download: true } });
  const { can } = after(shared, ["search.paused"], ["search.resumed"]).search;
  assert.deepEqual(can, { edit: false, pause: false, resume: false, stop: false, cancel: false, download: true });
});

test("an interrupted trial goes on under the next attempt", () => {
  const lost = after(state(), created(1), ["trial.started", { number: 1, worker: "gpu0", attempt: 1 }], ["trial.interrupted", { number: 1, attempt: 1 }]);
  assert.deepEqual([lost.trials.get(1).state, lost.trials.get(1).interrupted, lost.search.trials_running], ["queued", true, 0]);
  const again = reduce(lost, [{ sequence: 4, kind: "trial.started", payload: { number: 1, worker: "gpu1", attempt: 2 }, at: AT }]);
  assert.deepEqual([again.trials.get(1).interrupted, again.trials.get(1).attempt, again.search.trials_running], [false, 2, 1]);
});

test("the start network's progress ends with its accuracy", () => {
  const progress = { epoch: 2, epochs: 6, accuracy: 0.8, images_per_second: 900, eta_seconds: 4 };
  const training = after(state({ start_accuracy: null }), ["start_network.progress", progress]);
  assert.equal(training.search.can.stop, false);
  const trained = reduce(training, [{ sequence: 2, kind: "start_network.completed", payload: { accuracy: 0.91, parameters: 10, multiply_adds: 20 }, at: AT }]);
  assert.deepEqual([trained.search.start_progress, trained.search.start_accuracy, trained.search.can.stop], [null, 0.91, true]);
});

test("every other kind does what it says", () => {
  const next = after(state(), created(1), ["trial.pinned", { number: 1 }], ["search.renamed", { name: "b" }], ["search.budget_extended", { max_trials: 40 }],
    ["search.noted", { note: "n" }], ["search.tagged", { tags: ["t"] }], ["trial.cancelled", { number: 1 }], ["search.stop_requested"]);
  const { name, max_trials: most, note, tags, requested } = next.search;
  assert.deepEqual([name, most, note, tags, requested], ["b", 40, "n", ["t"], "stop"]);
  assert.deepEqual([next.trials.get(1).pinned, next.trials.get(1).state, next.sequence], [true, "cancelled", last]);
});

test("a kind that this page does not know yet only moves the sequence", () => {
  assert.equal(after(state(), ["search.praised"]).sequence, 1);
});

test("the clock stands still while the search is paused", () => {
  // 10 s before the page, 60 s until the pause: 70 s, whatever the time is later.
  const paused = reduce(state(), [{ sequence: 1, kind: "search.paused", payload: {}, at: "2026-11-24T12:01:00+00:00" }]);
  assert.equal(elapsed(paused.search, Date.parse("2026-11-24T13:00:00+00:00")), 70);
  const resumed = reduce(paused, [{ sequence: 2, kind: "search.resumed", payload: {}, at: "2026-11-24T13:00:00+00:00" }]);
  assert.equal(elapsed(resumed.search, Date.parse("2026-11-24T13:00:05+00:00")), 75);
});

test("the log keeps what has happened, not each step, and takes its past in front", () => {
  const next = after(state(), created(1), ["trial.progress", { number: 1, epoch: 1, curve: [] }], ["search.paused"]);
  assert.deepEqual(next.log.map(({ kind }) => kind), ["trial.created", "search.paused"]);
  const later = { ...next, log: next.log.slice(1) };
  assert.deepEqual(withEarlierLog(later, next.log).log.map(({ sequence }) => sequence), [1, 3]);
});
