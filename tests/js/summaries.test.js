import assert from "node:assert/strict";
import { test } from "node:test";
import { initialState, reduce } from "../../static/js/domain/reducer.js";
import { completeState, expand } from "../../static/js/domain/summaries.js";

const AT = "2026-11-24T12:00:00+00:00";
const search = {
  id: 1,
  state: "running",
  trials_completed: 2,
  trials_failed: 1,
  trials_running: 1,
  best_trial: 1,
  can: { edit: true },
};
const full = {
  number: 4,
  state: "running",
  notation: "[G3x3]",
  cell: {},
  transformations: [{}],
  curve: [0.5],
};
const summaries = {
  search,
  sequence: 10,
  states: ["queued", "running", "completed", "failed"],
  workers: ["a", "b"],
  trials: [full],
  columns: {
    number: [1, 2, 3, 4],
    state: [2, 2, 3, 1],
    notation: ["[sep3]", "[avg3]", "[G3x3]", "[G3x3]"],
    accuracy: [0.9, 0.8, null, null],
    balanced_accuracy: [0.85, 0.7, null, null],
    reward: [3, 2, null, null],
    parameters: [5, 6, null, null],
    multiply_adds: [7, 8, null, null],
    seconds: [1, 2, 3, null],
    baseline: [2.5, null, null, null],
    entropy: [1, null, null, null],
    worker: [1, 0, 0, 1],
    pinned: [2],
    kept: [1],
    failure: { 3: "diverged" },
    role: { 2: "control" },
    parent: [0, 0, 1, 1],
    move: ["path", null, "widen", "rest"],
  },
};
const page = () =>
  initialState(
    { search, sequence: 8, trials: [full], trials_total: 4, sites: { sites: [] } },
    Date.parse(AT),
  );
const event = (sequence, kind, payload) => ({ sequence, kind, payload, at: AT });

test("columns become trials, and those that came in full stay so", () => {
  const [first, second, third, fourth] = expand(summaries);
  assert.deepEqual(
    [first.state, first.worker, first.kept, first.diagnostics.baseline],
    ["completed", "b", true, 2.5],
  );
  assert.deepEqual([second.pinned, third.failure], [true, "diverged"]);
  assert.deepEqual([second.balanced_accuracy, third.balanced_accuracy], [0.7, null]);
  assert.equal(fourth, full);
  assert.deepEqual(
    [first, second, third].map(({ role, parent, move }) => [role, parent, move]),
    [
      ["child", 0, "path"],
      ["control", 0, null],
      ["child", 1, "widen"],
    ],
  );
});

test("a report's columns have the curves of all trials", () => {
  const columns = { ...summaries.columns, curve: [[0.5, 0.9], [0.8], [], []] };
  const [first, second] = expand({ ...summaries, columns });
  assert.deepEqual([first.curve, second.curve], [[0.5, 0.9], [0.8]]);
  assert.deepEqual(expand(summaries)[0].curve, []);
});

test("a page that began with a few trials has all of them afterwards", () => {
  const state = completeState({ ...page(), log: ["kept"] }, summaries, [], Date.parse(AT));
  assert.deepEqual(
    [state.trials.size, state.partial, state.sequence, state.log],
    [4, false, 10, ["kept"]],
  );
  assert.deepEqual(state.sites, { sites: [] });
});

test("columns of a strategy without moves and parents have none", () => {
  const { role, parent, move, ...columns } = summaries.columns;
  const [first] = expand({ ...summaries, columns: { ...columns, role, parent, move: null } });
  assert.equal(first.move, null);
});

test("the comparison comes with the summaries", () => {
  const comparison = { sentence: "ahead" };
  assert.equal(completeState(page(), summaries, [], 0).comparison, null);
  const compared = { ...summaries, comparison };
  assert.equal(completeState(page(), compared, [], 0).comparison, comparison);
});

test("events that the rows have in them already change nothing", () => {
  const again = [
    event(10, "trial.failed", { number: 3, failure: "diverged" }),
    event(11, "trial.completed", { number: 4, accuracy: 0.95, best: true }),
  ];
  const state = completeState(page(), summaries, again, Date.parse(AT));
  const { trials_completed: completed, trials_failed: failed, best_trial: best } = state.search;
  assert.deepEqual([completed, failed, best, state.sequence], [2, 1, 4, 11]);
});

test("counts come from the trials, not from a row that was read a moment before them", () => {
  const early = { ...summaries, search: { ...search, trials_completed: 0 } };
  // Trial 2 is a control: the budget is of children.
  assert.equal(completeState(page(), early, [], 0).search.trials_completed, 1);
});

test("a change of a trial that is not there yet waits for it", () => {
  const state = reduce(page(), [
    event(9, "trial.retried", { number: 3 }),
    event(10, "trial.created", { number: 5, notation: "[G3x3]" }),
  ]);
  assert.deepEqual([...state.trials.keys()], [4, 5]);
  assert.equal(state.search.trials_failed, 1);
});
