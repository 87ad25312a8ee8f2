import assert from "node:assert/strict";
import { test } from "node:test";
import { elapsed, unseen, withEarlierLog, withLine } from "../../static/js/domain/feed.js";

const events = (...sequences) => sequences.map((sequence) => ({ sequence, kind: "search.noted" }));
const numbers = (found) => found.map(({ sequence }) => sequence);

test("events that are known are left out, and those after a missing one", () => {
  const [found, gap] = unseen(2, events(1, 2, 3, 5));
  assert.deepEqual([numbers(found), gap], [[3], true]);
});

test("of a replay nothing is missing: what is left out was overtaken", () => {
  const [found, gap] = unseen(2, events(1, 4, 9), true);
  assert.deepEqual([numbers(found), gap], [[4, 9], false]);
});

test("a log keeps the latest lines, and takes its past in front", () => {
  const log = events(...Array(500).keys()).reduce(withLine, []);
  assert.deepEqual([log.length, log.at(-1).sequence], [400, 499]);
  const state = { sequence: 9, log: events(8, 9) };
  assert.deepEqual(numbers(withEarlierLog(state, events(6, 7, 8)).log), [6, 7, 8, 9]);
});

test("the clock stands still unless it runs", () => {
  const search = { state: "running", elapsed_seconds: 5, elapsed_at: 1000 };
  assert.equal(elapsed(search, 3000), 7);
  assert.equal(elapsed({ ...search, state: "paused" }, 3000), 5);
});
