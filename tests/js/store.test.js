import assert from "node:assert/strict";
import { test } from "node:test";
import { createStore, later } from "../../static/js/lib/store.js";

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

test("a view is loaded when it is needed, once, and then drawn whatever comes", async () => {
  let loads = 0;
  const drawn = [];
  const view = later(
    (state) => state > 1,
    async () => {
      loads += 1;
      return (state) => drawn.push(state);
    },
  );
  for (const state of [1, 2, 0]) await view(state);
  assert.deepEqual([loads, drawn], [1, [2, 0]]);
});

test("what is opened is drawn as it is now, without waiting for the next change", async () => {
  const details = Object.assign(new EventTarget(), { open: false });
  const drawn = [];
  const view = later(
    () => details.open,
    async () => (state) => drawn.push(state),
    details,
  );
  view(1);
  view(2);
  details.open = true;
  details.dispatchEvent(new Event("toggle"));
  await view(2);
  assert.deepEqual([...new Set(drawn)], [2]);
});
