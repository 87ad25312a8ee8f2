import assert from "node:assert/strict";
import { test } from "node:test";
import { initialState, reduce } from "../../static/js/domain/trial.js";

const page = { trial: { number: 3, state: "queued", curve: [] }, sequence: 5, search: { id: 1 } };
const event = (sequence, kind, payload) => ({ sequence, kind, payload });

test("progress of this trial is drawn, that of others is not", () => {
  const next = reduce(initialState(page), [
    event(6, "trial.progress", { number: 2, curve: [0.1] }),
    event(7, "trial.progress", { number: 3, curve: [0.5], epoch: 1 }),
  ]);
  const { curve, state } = next.trial;
  assert.deepEqual([curve, state, next.sequence, next.stale], [[0.5], "running", 7, false]);
});

test("whatever else happens to it is read anew, and what that leaves out stays", () => {
  const stale = reduce(initialState(page), [event(6, "trial.completed", { number: 3 })]);
  assert.equal(stale.stale, true);
  const fresh = initialState({ trial: { number: 3, state: "completed" }, sequence: 6 }, stale);
  assert.deepEqual([fresh.stale, fresh.trial.state, fresh.search.id], [false, "completed", 1]);
});
