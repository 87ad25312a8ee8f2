import assert from "node:assert/strict";
import { test } from "node:test";
import { controlOf, gainOf, isChild, roleName } from "../../static/js/domain/control.js";

const trial = (number, accuracy, more = {}) => ({
  number,
  accuracy,
  state: accuracy == null ? "failed" : "completed",
  ...more,
});
const control = (number, accuracy, parent = 0) =>
  trial(number, accuracy, { role: "control", parent });
const trials = (...list) => new Map(list.map((one) => [one.number, one]));
const near = (a, b) => Math.abs(a - b) < 1e-12;

test("the controls are their mean and their standard deviation, whatever the children do", () => {
  const found = controlOf(
    trials(control(1, 0.8), control(2, 0.84), control(3, null), trial(4, 0.99)),
  );
  assert.ok(near(found.mean, 0.82));
  // Two that lie 0.02 from their mean: sqrt((0.0004 + 0.0004) / 1).
  assert.ok(near(found.spread, Math.sqrt(0.0008)));
  assert.equal(found.count, 2);
});

test("of a chain of controls the last counts: it was trained for longest", () => {
  const chain = trials(control(1, 0.8), control(3, 0.85, 1), control(5, 0.87, 3));
  assert.deepEqual(controlOf(chain), { mean: 0.87, spread: null, count: 1 });
});

test("without a control that has ended there is none", () => {
  assert.equal(controlOf(trials(trial(1, 0.9), control(2, null))), null);
  assert.equal(controlOf(trials()), null);
});

test("the answer follows the trials", () => {
  const one = trials(control(1, 0.8));
  assert.equal(controlOf(one).mean, 0.8);
  assert.equal(controlOf(one), controlOf(one));
  assert.equal(controlOf(trials(control(1, 0.9))).mean, 0.9);
});

test("a trial without a role is a child, others have names", () => {
  assert.deepEqual(
    [{}, { role: "child" }, { role: "control" }, { role: "confirmation" }].map((one) => [
      isChild(one),
      roleName(one),
    ]),
    [
      [true, undefined],
      [true, undefined],
      [false, "Control"],
      [false, "Confirmation"],
    ],
  );
});

const gain = (difference, verdict) => ({ difference, verdict });

for (const [name, accuracy, against, text, ahead] of /** @type {any} */ ([
  ["so far", 0.9, { control: 0.881 }, "+1.9 points over the control so far", true],
  ["so far behind", 0.88, { control: 0.9 }, "−2.0 points against the control so far", false],
  [
    "confirmed",
    0.9,
    { gain: gain(0.023, "better") },
    "+2.3 points over the control on test images",
    true,
  ],
  [
    "worse",
    0.9,
    { gain: gain(-0.01, "worse") },
    "−1.0 points against the control on test images",
    false,
  ],
  ["alike", 0.9, { gain: gain(0.001, "alike") }, "cannot be told apart from the control", false],
  [
    "confirmed before all else",
    0.9,
    { gain: gain(0.023, "better"), control: 0.5 },
    "+2.3 points over the control on test images",
    true,
  ],
  ["no control", 0.9, {}, "", false],
  ["no accuracy yet", null, { control: 0.9 }, "", false],
])) {
  test(`a gain in words: ${name}`, () => {
    assert.deepEqual(gainOf(accuracy, against), { text, ahead });
  });
}
