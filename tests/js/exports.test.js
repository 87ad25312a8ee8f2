import assert from "node:assert/strict";
import { test } from "node:test";

import { byKind, datasetLabel, differenceText, filesText, isActive, mebibytes, milliseconds } from "../../static/js/domain/exports.js";

test("every kind has its place, built or not", () => {
  const rows = byKind([{ kind: "pytorch", state: "queued" }]);
  assert.deepEqual(rows.map(({ kind }) => kind), ["onnx", "torch-export", "safetensors", "pytorch"]);
  assert.equal(rows[3].row.state, "queued");
  assert.equal(rows[0].row, null);
});

test("what waits or is being built is active, what has ended is not", () => {
  assert.ok(isActive({ state: "queued" }) && isActive({ state: "running" }));
  assert.ok(!isActive({ state: "completed" }) && !isActive({ state: "failed" }) && !isActive(null));
});

test("a difference says its bound, and on what it was measured", () => {
  const report = { largest_difference: 4.13e-7, bound: 1e-4, images_compared: 256, images_are_real: true };
  assert.equal(differenceText(report), "4.1 × 10⁻⁷, at most 10⁻⁴ allowed, on 256 test images");
  assert.match(differenceText(report, "Shapes"), /on 256 test images of Shapes$/);
  const exact = { largest_difference: 0, bound: 0, images_compared: 64, images_are_real: false };
  assert.equal(differenceText(exact), "none, none allowed, on 64 images of noise");
});

test("latencies are milliseconds with three digits", () => {
  assert.deepEqual([0.00084, 0.0123, 0.104, 2.5, null].map(milliseconds), ["0.84", "12.3", "104", "2,500", "–"]);
});

test("memory is MiB with three digits", () => {
  assert.deepEqual([80_224, 1_300_000, 2 ** 30, null].map(mebibytes), ["0.08", "1.24", "1,024", "–"]);
});

test("a data set to compare on says what is done to its images", () => {
  const digits = { name: "Digits", shape: "8 × 8 pixels, grey", resized: true };
  assert.equal(datasetLabel(digits), "Digits · 8 × 8 pixels, grey, resized");
  assert.equal(datasetLabel({ ...digits, resized: false }), "Digits · 8 × 8 pixels, grey");
});

test("files are named with their sizes", () => {
  assert.equal(filesText({ files: [{ name: "network.py", bytes: 1536 }, { name: "network.safetensors", bytes: 2 ** 20 }] }),
    "network.py, 1.5 KB · network.safetensors, 1 MB");
});
