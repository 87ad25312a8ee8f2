import assert from "node:assert/strict";
import { test } from "node:test";
import { endedBecause } from "../../static/js/domain/ended.js";

const trials = (children) =>
  new Map(
    Array.from({ length: children + 1 }, (_, number) => [
      number,
      { number, role: number < children ? "child" : "control" },
    ]),
  );
const because = (search, log = [{ kind: "search.started" }], children = 3) =>
  endedBecause({
    search: { state: "completed", strategy: "grow", max_trials: 9, elapsed_seconds: 60, ...search },
    trials: trials(children),
    log,
  });

test("a search that goes on has not ended", () => assert.equal(because({ state: "running" }), ""));

test("controls do not spend the budget", () => {
  assert.match(because({ max_trials: 3 }), /^3 trials, as its budget/);
  assert.doesNotMatch(because({ max_trials: 4 }), /budget/);
});

test("other limits", () => {
  assert.match(because({ config: { budget: { max_seconds: 60 } } }), /running time/);
  assert.match(because({ config: { budget: { max_compute: 5 } } }), /budget is spent/);
});

test("a stop is a stop, unless it went on afterwards", () => {
  const stop = { kind: "search.stop_requested" };
  assert.equal(because({ max_trials: 3 }, [stop]), "it was stopped");
  assert.match(because({ max_trials: 3 }, [stop, { kind: "search.budget_extended" }]), /budget/);
});

test("growing ends by itself, which is said when it is known", () => {
  assert.match(because({}), /no move brought anything better/);
  assert.equal(because({}, []), "");
  assert.equal(because({ strategy: "random" }), "");
});
