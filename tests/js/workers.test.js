import assert from "node:assert/strict";
import { test } from "node:test";
import { lacksWorker } from "../../static/js/domain/stats.js";
import { heard, heat, memory, share, summary } from "../../static/js/domain/workers.js";

const GIB = 2 ** 30;

test("devices say what they know, with units", () => {
  assert.deepEqual(memory({ memory_used_bytes: 1.5 * GIB, memory_total_bytes: 80 * GIB }), [
    "1.5",
    "of 80 GiB",
  ]);
  assert.deepEqual(
    [share(0.426), heat(51.2)],
    [
      ["43", "%"],
      ["51", "°C"],
    ],
  );
  assert.deepEqual(
    [memory({}), share(null), heat(null)],
    [
      ["–", ""],
      ["–", ""],
      ["–", ""],
    ],
  );
});

test("the age of a heartbeat goes on between answers", () => {
  assert.equal(heard({ online: true, heartbeat_age_seconds: 2 }, 3), "Heard 5 s ago");
  assert.equal(
    heard({ online: false, heartbeat_age_seconds: 90 }),
    "Last heard 1\u202fmin 30\u202fs ago",
  );
});

test("the summary counts those that train, and all that are gone", () => {
  const workers = [
    { online: true, trains: true, work: {} },
    { online: true, trains: true, work: null },
    { online: true, trains: false, work: null },
    { online: false, trains: true, work: null },
  ];
  assert.equal(summary(workers), "2 workers online that train · 1 busy · 1 offline");
  assert.equal(summary(workers.slice(0, 1)), "1 worker online that trains · 1 busy");
});

test("a search lacks a worker while nothing that is queued has been taken", () => {
  const state = (search, ...states) => ({
    search,
    trials: new Map(states.map((one, index) => [index, { state: one }])),
  });
  assert.equal(lacksWorker(state({ state: "queued", requested: null })), true);
  assert.equal(lacksWorker(state({ state: "running" }, "completed", "queued")), true);
  assert.equal(lacksWorker(state({ state: "running" }, "running", "queued")), false);
  assert.equal(lacksWorker(state({ state: "running" })), false);
  assert.equal(lacksWorker(state({ state: "queued", requested: "cancel" })), false);
});
