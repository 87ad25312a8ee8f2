import assert from "node:assert/strict";
import { test } from "node:test";

import { connectionText, follow } from "../../static/js/lib/refresh.js";

const EVERY = 1000;
const LOST = 3000;
const fault = (status) => Object.assign(new Error("no"), { status });

/** A page with its own clock, and a server that answers what it is told to. */
function world(answers) {
  const here = { timers: [], hidden: false, asked: 0, shown: [], said: [], answers: [...answers] };
  here.read = async () => {
    here.asked += 1;
    const answer = await (here.answers.length > 1 ? here.answers.shift() : here.answers[0]);
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const settle = async () => { for (let turn = 0; turn < 10; turn += 1) await null; };
  here.pass = async () => {
    await settle();
    const [timer] = here.timers.splice(0, 1);
    timer?.action();
    await settle();
    return timer?.delay;
  };
  here.ask = follow(here.read, (found) => { here.shown.push(found); return found === "busy"; }, {
    everyMs: EVERY, lostMs: LOST,
    say: (error) => here.said.push(error?.status ?? null),
    parts: {
      later: (action, delay) => { const timer = { action, delay }; here.timers.push(timer); return timer; },
      never: (timer) => { here.timers = here.timers.filter((one) => one !== timer); },
      isHidden: () => here.hidden,
      onReturn: (action) => { here.back = action; },
    },
  });
  return here;
}

test("asking ends when nothing is under way, and begins again when something is begun", async () => {
  const here = world(["busy", "busy", "done", "busy", "done"]);
  assert.equal(await here.pass(), EVERY);
  assert.equal(await here.pass(), EVERY);
  assert.deepEqual(here.shown, ["busy", "busy", "done"]);
  assert.deepEqual(here.timers, []);
  await here.ask();
  await here.pass();
  assert.deepEqual(here.shown, ["busy", "busy", "done", "busy", "done"]);
  assert.deepEqual(here.timers, []);
});

test("a lost connection is said, and asking goes on until it is back", async () => {
  const here = world([fault(0), fault(502), "busy", "done"]);
  assert.equal(await here.pass(), LOST);
  assert.equal(await here.pass(), LOST);
  assert.equal(await here.pass(), EVERY);
  assert.deepEqual(here.said, [0, 502, null, null]);
  assert.deepEqual(here.shown, ["busy", "done"]);
});

test("a server that never answers is asked again", async () => {
  const here = world([new Promise(() => {}), "done"]);
  assert.equal(await here.pass(), 15_000);
  assert.equal(await here.pass(), LOST);
  assert.deepEqual([here.said, here.shown, here.timers], [[0, null], ["done"], []]);
});

for (const answer of [fault(401), fault(403), fault(404), null]) {
  test(`nobody goes on asking after ${answer?.status ?? "a page in place of JSON"}`, async () => {
    const here = world([answer]);
    assert.equal(await here.pass(), undefined);
    assert.deepEqual([here.said, here.timers, here.shown], [[answer?.status ?? 401], [], []]);
  });
}

test("nothing is asked while nobody looks, and at once when somebody does", async () => {
  const here = world(["busy"]);
  here.hidden = true;
  assert.equal(await here.pass(), EVERY);
  assert.deepEqual([here.asked, here.timers.length], [1, 0]);
  here.back();
  assert.equal(here.asked, 1);
  here.hidden = false;
  here.back();
  assert.equal(here.asked, 2);
});

test("who comes back to a page where nothing is under way asks nothing", async () => {
  const here = world(["done"]);
  await here.pass();
  here.back();
  assert.equal(here.asked, 1);
});

test("an answer that was overtaken is not shown", async () => {
  let answerFirst = null;
  const here = world([new Promise((resolve) => { answerFirst = resolve; }), "done"]);
  await here.ask();
  answerFirst("busy");
  await here.pass();
  assert.deepEqual([here.shown, here.timers], [["done"], []]);
});

test("what cuts the line is told apart", () => {
  assert.match(connectionText(fault(401)), /signed out/);
  assert.match(connectionText(fault(0)), /Trying again/);
  assert.match(connectionText(fault(404)), /no longer there/);
});
