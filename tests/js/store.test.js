import assert from "node:assert/strict";
import { test } from "node:test";
import { createStore } from "../../static/js/lib/store.js";

test("views are drawn once a frame, with the last state", () => {
  const frames = [];
  const drawn = [];
  const store = createStore(1, { schedule: (render) => frames.push(render) });
  store.add((state) => drawn.push(state));
  store.set(2);
  store.set(3);
  assert.deepEqual([drawn, frames.length], [[1], 1]);
  frames[0]();
  store.set(3);
  assert.deepEqual([drawn, frames.length], [[1, 3], 1]);
});
