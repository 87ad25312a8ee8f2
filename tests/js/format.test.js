import assert from "node:assert/strict";
import { test } from "node:test";
import {
  clock,
  counted,
  dateTime,
  duration,
  percent,
  percentTick,
  plural,
  points,
  power,
  remaining,
  remainingRange,
  shortCount,
  shortTime,
  tick,
  tickCount,
  withNoise,
  withNoiseText,
} from "../../static/js/domain/format.js";

const plain = (text) => text.replaceAll("\u202f", " ");

test("percent has no unit and says when there is none", () => {
  assert.deepEqual(
    [percent(0.94634), percent(1), percent(null), percent(0.5, 0)],
    ["94.63", "100.00", "–", "50"],
  );
});

test("ticks in percent have the digits of their steps", () => {
  assert.deepEqual(
    [
      percentTick(0.915, [0.91, 0.9125]),
      percentTick(0.92, [0.91, 0.92]),
      percentTick(0.92, [0.915, 0.92]),
    ],
    ["91.50", "92", "92.0"],
  );
});

test("no tick says more than 100 %", () => {
  assert.deepEqual(
    [0.999, 1, 1.001].map((value) => percentTick(value, [0.999, 1])),
    ["99.9", "100.0", ""],
  );
});

test("an accuracy has as many digits as its images are worth, as the engine writes it", () => {
  const shown = [
    [0.9667, 300],
    [1, 300],
    [0.90123, 10_000],
    [0.9951, 10_000],
    [0.9667, null],
    [null, 300],
  ].map(([accuracy, images]) => plain(withNoiseText(accuracy, images)));
  assert.deepEqual(shown, [
    "96.7 % ± 1.0",
    "100.0 % ± 0.2",
    "90.1 % ± 0.3",
    "99.51 % ± 0.07",
    "96.67 %",
    "–",
  ]);
  assert.deepEqual(withNoise(0.9667, 300), ["96.7", "% ± 1.0"]);
});

test("points carry a sign", () => {
  assert.deepEqual(
    [points(0.0187), points(-0.002), points(0), points(0.00001), points(null)],
    ["+1.87", "−0.20", "±0.00", "±0.00", "–"],
  );
  assert.deepEqual([points(0.0187, 1), points(-0.0004, 1)], ["+1.9", "±0.0"]);
});

test("counts have three digits", () => {
  assert.deepEqual(
    [612_345, 1_230_000, 999, 999_950, 13_066, 2.5e9].map((count) => plain(shortCount(count))),
    ["612 K", "1.23 M", "999", "1.00 M", "13.1 K", "2.50 G"],
  );
  assert.deepEqual(counted(null), ["–", ""]);
});

test("ticks have no zeros that say nothing", () => {
  assert.deepEqual(
    [1_500_000, 20_000].map((count) => plain(tickCount(count))),
    ["1.5 M", "20 K"],
  );
});

test("no two ticks of an axis read the same, however near they lie", () => {
  const near = [13_100, 13_150, 13_200];
  assert.deepEqual(
    near.map((count) => plain(tickCount(count, near))),
    ["13.1 K", "13.15 K", "13.2 K"],
  );
  const [rewards, far] = [
    [13.6, 13.65, 13.7],
    [10, 20],
  ];
  assert.deepEqual(
    [...rewards.map((value) => tick(value, rewards)), ...far.map((value) => tick(value, far))],
    ["13.60", "13.65", "13.70", "10", "20"],
  );
});

test("durations have their two largest units", () => {
  const shown = [0.84, 22, 242, 8_040, 3_600, 90_061, 59.96].map((seconds) =>
    plain(duration(seconds)),
  );
  assert.deepEqual(shown, ["0.8 s", "22 s", "4 min 2 s", "2 h 14 min", "1 h", "1 d 1 h", "1 min"]);
  assert.equal(duration(null), "–");
});

test("what is left is not more exact than it can be", () => {
  assert.deepEqual(
    [3, 43, 251, 3_512].map((seconds) => plain(remaining(seconds))),
    ["10 s", "45 s", "4 min", "59 min"],
  );
  assert.deepEqual(remainingRange(9_600, 11_400).map(plain), ["2 h 40 min", "– 3 h 10 min"]);
  assert.deepEqual(remainingRange(41, 42).map(plain), ["40 s", ""]);
});

test("times are in the zone asked for", () => {
  const at = "2026-11-24T23:30:00+00:00";
  assert.deepEqual([clock(at, "UTC"), clock(at, "Asia/Tokyo")], ["23:30:00", "08:30:00"]);
  assert.match(dateTime(at, "Asia/Tokyo"), /^25 Nov 2026, 08:30:00 .*9/);
});

test("today has no date", () => {
  const now = Date.parse("2026-11-24T23:45:00Z");
  assert.equal(shortTime("2026-11-24T23:30:00Z", now, "UTC"), "23:30");
  assert.equal(shortTime("2026-11-23T23:30:00Z", now, "UTC"), "23 Nov 2026, 23:30");
});

test("one has no s", () =>
  assert.deepEqual([plural(1, "trial"), plural(2, "trial")], ["1 trial", "2 trials"]));

test("very small and very large numbers are written with powers of ten", () => {
  assert.equal(power(4.13e-7), "4.1 × 10⁻⁷");
  assert.equal(power(1e-4), "10⁻⁴");
  assert.equal(power(2.5e-12), "2.5 × 10⁻¹²");
  assert.equal(power(3.04e31), "3.0 × 10³¹");
});
