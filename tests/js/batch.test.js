import assert from "node:assert/strict";
import { test } from "node:test";
import { Batch, MOST_IDS } from "../../static/js/lib/batch.js";

function world() {
  const here = { asked: [], timers: [], hidden: false, fails: false };
  const read = async (ids) => {
    here.asked.push(ids);
    if (here.fails) throw new Error("no");
  };
  here.batch = new Batch(read, {
    later: (action) => here.timers.push(action),
    isHidden: () => here.hidden,
  });
  here.settle = async () => {
    for (let turn = 0; turn < 20; turn += 1) await null;
  };
  here.change = async (...ids) => {
    here.batch.changed({ ids });
    await here.settle();
  };
  here.pass = async () => {
    here.timers.splice(0).forEach((action) => action());
    await here.settle();
  };
  return here;
}

test("changes within a second are read together after it", async () => {
  const here = world();
  await here.change(1);
  await here.change(2);
  await here.change(3);
  assert.deepEqual(here.asked, [[1]]);
  await here.pass();
  assert.deepEqual(here.asked, [[1], [2, 3]]);
  await here.pass();
  assert.equal(here.asked.length, 2);
});

test("nothing is read while nobody looks, and all of it when somebody does", async () => {
  const here = world();
  here.hidden = true;
  await here.change(1);
  await here.change(2);
  assert.deepEqual(here.asked, []);
  here.hidden = false;
  here.batch.look();
  await here.settle();
  assert.deepEqual(here.asked, [[1, 2]]);
});

test("too many are read as the whole page", async () => {
  const here = world();
  await here.change(...Array(MOST_IDS + 1).keys());
  assert.deepEqual(here.asked, [null]);
});

test("what could not be read is read later", async () => {
  const here = world();
  here.fails = true;
  await here.change(2);
  here.fails = false;
  await here.pass();
  assert.deepEqual(here.asked, [[2], [2]]);
});
