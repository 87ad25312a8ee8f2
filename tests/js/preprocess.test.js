import assert from "node:assert/strict";
import { test } from "node:test";

import {
  asRgba,
  normalised,
  ranked,
  resized,
  sampleBox,
  seen,
  softmax,
} from "../../static/js/domain/preprocess.js";

const rgba = (width, height, ...pixels) => ({
  data: Uint8ClampedArray.from(pixels.flatMap((pixel) => [...pixel, 255])),
  width,
  height,
});
const RED = [255, 0, 0],
  GREEN = [0, 255, 0],
  BLUE = [0, 0, 255],
  WHITE = [255, 255, 255];

test("grey weighs red, green and blue as the eye does", () => {
  // 0.299, 0.587 and 0.114 of 255
  assert.deepEqual([...seen(rgba(2, 2, RED, GREEN, BLUE, WHITE), [1, 2, 2])], [76, 150, 29, 255]);
});

test("three channels lie one after the other", () => {
  const image = rgba(2, 1, RED, BLUE);
  assert.deepEqual([...seen(image, [3, 1, 2])], [255, 0, 0, 0, 0, 255]);
});

test("an image of the network's size is left as it is", () => {
  assert.deepEqual([...resized(Uint8Array.of(1, 2, 3, 4, 5, 6), 3, 2, 3, 2)], [1, 2, 3, 4, 5, 6]);
});

test("a smaller image is made of all pixels that it covers", () => {
  // Each new pixel: weights 1/8, 3/8, 3/8, 1/8 of four, those beyond the edge left out.
  // (3*0 + 3*80 + 1*160) / 7 = 57.1; (1*80 + 3*160 + 3*240) / 7 = 182.9
  assert.deepEqual([...resized(Uint8Array.of(0, 80, 160, 240), 4, 1, 2, 1)], [57, 183]);
});

test("a larger image is drawn out between its pixels", () => {
  // Places 0.25, 0.75, 1.25, 1.75 of the old width: a quarter of the way from each pixel's centre.
  assert.deepEqual([...resized(Uint8Array.of(0, 100), 2, 1, 4, 1)], [0, 25, 75, 100]);
});

test("columns are treated as rows are", () => {
  const row = resized(Uint8Array.of(0, 80, 160, 240), 4, 1, 2, 1);
  assert.deepEqual(resized(Uint8Array.of(0, 80, 160, 240), 1, 4, 1, 2), row);
});

test("inverting makes black on white what is white on black", () => {
  assert.deepEqual([...seen(rgba(1, 1, WHITE), [1, 1, 1], { invert: true })], [0]);
});

test("each channel has its own mean and deviation", () => {
  const values = normalised(Uint8Array.of(255, 0, 255, 0), [0.5, 1], [0.5, 0.25]);
  assert.deepEqual([...values], [1, -1, 0, -4]);
});

test("what the network sees can be shown", () => {
  assert.deepEqual([...asRgba(Uint8Array.of(7), [1, 1, 1])], [7, 7, 7, 255]);
  assert.deepEqual([...asRgba(Uint8Array.of(7, 8, 9), [3, 1, 1])], [7, 8, 9, 255]);
});

test("probabilities add up to one, also for large logits", () => {
  const shares = softmax([1000, 1000]);
  assert.deepEqual(shares, [0.5, 0.5]);
  // e^1 / (1 + e^1)
  assert.ok(Math.abs(softmax([0, 1])[1] - 0.7310586) < 1e-6);
});

test("the likeliest class comes first, a class without a name by its number", () => {
  assert.deepEqual(
    ranked([0, 3, 1], ["a", "b"]).map(({ name }) => name),
    ["b", "2", "a"],
  );
});

test("a sample's place in its class's picture follows the server's grid", () => {
  assert.deepEqual(sampleBox([1, 28, 28], 0), { x: 0, y: 0, width: 28, height: 28 });
  // a gap of 28 / 16, at least 1, after each; eight in a row
  assert.deepEqual(sampleBox([1, 28, 28], 9), { x: 29, y: 29, width: 28, height: 28 });
  // 32.5 pixels are 32, as Python rounds
  assert.deepEqual(sampleBox([3, 128, 65], 0), { x: 0, y: 0, width: 32, height: 64 });
  assert.deepEqual(sampleBox([3, 128, 96], 1), { x: 52, y: 0, width: 48, height: 64 });
});
