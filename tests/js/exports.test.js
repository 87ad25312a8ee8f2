import assert from "node:assert/strict";
import { test } from "node:test";

import {
  asked,
  byForm,
  datasetLabel,
  differenceText,
  filesText,
  isActive,
  mebibytes,
  milliseconds,
  outputsText,
} from "../../static/js/domain/exports.js";

const OFFERED = ["onnx", "onnx-int8", "torch-export", "pytorch"].map((name) => ({
  name,
  kind: name.startsWith("onnx") ? "onnx" : name,
  precision: name === "onnx-int8" ? "int8" : "float32",
  preprocessing: false,
  opset: 18,
  why_not: name === "pytorch" ? "No code." : "",
}));

test("every usual form has its place, built or not, and others follow their format", () => {
  const other = { name: "onnx-opset20", kind: "onnx", label: "ONNX, opset 20", state: "queued" };
  const lines = byForm([{ name: "torch-export", state: "queued" }, other], OFFERED);
  assert.deepEqual(
    lines.map(({ name }) => name),
    ["onnx", "onnx-int8", "onnx-opset20", "torch-export", "pytorch"],
  );
  assert.equal(lines[0].row, null);
  assert.equal(lines[2].row, other);
  assert.equal(lines[3].row.state, "queued");
  assert.deepEqual(
    lines.map(({ whyNot }) => whyNot),
    ["", "", "", "", "No code."],
  );
});

test("what is asked for has an opset of ONNX only, where one is chosen", () => {
  const [, int8, program] = OFFERED;
  const wanted = { kind: "onnx", precision: "int8", preprocessing: false };
  assert.deepEqual(asked(int8), wanted);
  assert.deepEqual(asked(int8, 20), { ...wanted, opset: 20 });
  assert.deepEqual(asked(program, 20), { kind: "torch-export" });
});

test("a table says what becomes of the accuracy, or that the classes are the same", () => {
  const lost = { accuracy: 0.982, accuracy_before: 0.985, accuracy_error: 0.002 };
  assert.deepEqual(outputsText(lost), ["98.20 %", "−0.30 ± 0.20 points"]);
  const same = { accuracy: 0.982, accuracy_before: 0.982, accuracy_error: 0 };
  assert.deepEqual(outputsText(same), ["98.20 %", "no change"]);
  assert.deepEqual(outputsText({ largest_difference: 4e-7 }), ["same classes", "4.0 × 10⁻⁷ off"]);
  assert.deepEqual(outputsText({ largest_difference: 0 }), ["same classes", "exact"]);
  const changed = { largest_difference: 0.1, classes_changed: 3, images_compared: 64 };
  assert.deepEqual(outputsText(changed), ["3 of 64 classes change", ""]);
});

test("what waits or is being built is active, what has ended is not", () => {
  assert.ok(isActive({ state: "queued" }) && isActive({ state: "running" }));
  assert.ok(!isActive({ state: "completed" }) && !isActive({ state: "failed" }) && !isActive(null));
});

test("a difference says its bound, and on what it was measured", () => {
  const report = {
    largest_difference: 4.13e-7,
    bound: 1e-4,
    images_compared: 256,
    images_are_real: true,
  };
  assert.equal(differenceText(report), "4.1 × 10⁻⁷, at most 10⁻⁴ allowed, on 256 test images");
  assert.match(differenceText(report, "Shapes"), /on 256 test images of Shapes$/);
  const free = { ...report, bound: null };
  assert.equal(differenceText(free), "4.1 × 10⁻⁷, on 256 test images");
  const exact = { largest_difference: 0, bound: 0, images_compared: 64, images_are_real: false };
  assert.equal(differenceText(exact), "none, none allowed, on 64 images of noise");
});

test("latencies are milliseconds with three digits", () => {
  assert.deepEqual([0.00084, 0.0123, 0.104, 2.5, null].map(milliseconds), [
    "0.84",
    "12.3",
    "104",
    "2,500",
    "–",
  ]);
});

test("memory is MiB with three digits", () => {
  assert.deepEqual([80_224, 1_300_000, 2 ** 30, null].map(mebibytes), [
    "0.08",
    "1.24",
    "1,024",
    "–",
  ]);
});

test("a data set to compare on says what is done to its images", () => {
  const digits = { name: "Digits", shape: "8 × 8 pixels, grey", resized: true };
  assert.equal(datasetLabel(digits), "Digits · 8 × 8 pixels, grey, resized");
  assert.equal(datasetLabel({ ...digits, resized: false }), "Digits · 8 × 8 pixels, grey");
});

test("files are named with their sizes", () => {
  assert.equal(
    filesText({
      files: [
        { name: "network.py", bytes: 1536 },
        { name: "network.safetensors", bytes: 2 ** 20 },
      ],
    }),
    "network.py, 1.5 KB · network.safetensors, 1 MB",
  );
});
