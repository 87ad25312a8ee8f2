import assert from "node:assert/strict";
import { test } from "node:test";
import { LiveFeed, POLL_MS, waitBefore } from "../../static/js/lib/socket.js";

/** A world with its own clock, its own sockets and a server that can be lost. */
function world({ refuses = false } = {}) {
  const here = {
    now: 0,
    timers: [],
    sockets: [],
    said: [],
    taken: [],
    sequence: 0,
    stored: [],
    asked: 0,
    reloads: 0,
    changes: [],
    answers: true,
  };
  class Socket {
    constructor(url) {
      Object.assign(this, { url, sent: [], readyState: 0 });
      here.sockets.push(this);
      if (refuses) here.timers.push({ at: here.now, action: () => this.onclose?.({ code: 1006 }) });
    }

    send(text) {
      this.sent.push(JSON.parse(text));
    }

    close() {
      this.readyState = 3;
    }
  }
  here.later = (action, delay) => {
    const timer = { at: here.now + delay, action };
    here.timers.push(timer);
    return timer;
  };
  here.never = (timer) => {
    here.timers = here.timers.filter((one) => one !== timer);
  };
  here.pass = async (milliseconds) => {
    const until = here.now + milliseconds;
    for (;;) {
      const next = here.timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      here.never(next);
      here.now = Math.max(here.now, next.at);
      next.action();
      for (let turn = 0; turn < 10; turn += 1) await null;
    }
    here.now = until;
  };
  here.open = (socket = here.sockets.at(-1)) => {
    socket.readyState = 1;
    socket.onopen();
  };
  here.frame = (frame, socket = here.sockets.at(-1)) =>
    socket.onmessage({ data: JSON.stringify(frame) });
  here.feed = new LiveFeed({
    socketUrl: (after) => `ws://here/?after=${after}`,
    fetchEvents: async (after) => {
      here.asked += 1;
      if (!here.answers) throw Object.assign(new Error("gone"), { status: 0 });
      return { events: here.stored.filter(({ sequence }) => sequence > after), can: "all" };
    },
    sequence: () => here.sequence,
    onEvents: (events, { complete, can }) => {
      here.can = can;
      if (!complete && events[0].sequence > here.sequence + 1) return true;
      for (const event of events) {
        here.taken.push(event.sequence);
        here.sequence = event.sequence;
      }
      return false;
    },
    onConnection: (connection) => here.said.push(connection),
    onChanged: (changes) => here.changes.push(changes),
    onReload: () => {
      here.reloads += 1;
    },
    parts: { Socket, now: () => here.now, random: () => 1, later: here.later, never: here.never },
  });
  return here;
}

const events = (...numbers) => ({
  type: "events",
  events: numbers.map((sequence) => ({ sequence })),
});
const stored = (...numbers) => numbers.map((sequence) => ({ sequence }));

test("waits double up to fifteen seconds, with jitter", () => {
  assert.deepEqual(
    [0, 1, 2, 9].map((tries) => waitBefore(tries, () => 1)),
    [500, 1000, 2000, 15_000],
  );
  assert.equal(
    waitBefore(1, () => 0),
    500,
  );
});

test("it is live with the first frame, and asks for one", () => {
  const here = world();
  here.feed.start();
  here.open();
  assert.deepEqual(here.sockets[0].sent, [{ type: "ping" }]);
  here.frame({ type: "heartbeat", sequence: 0 });
  assert.deepEqual(here.said, ["connecting", "live"]);
});

test("after a cut it replays from the last event that the page knows", async () => {
  const here = world();
  here.feed.start();
  here.open();
  here.frame(events(1, 2, 3));
  here.sockets[0].onclose({ code: 1006 });
  assert.equal(here.said.at(-1), "reconnecting");
  await here.pass(600);
  assert.equal(here.sockets[1].url, "ws://here/?after=3");
  here.open();
  here.frame(events(4));
  assert.deepEqual([here.said.at(-1), here.taken], ["live", [1, 2, 3, 4]]);
});

test("silence is a loss although no close was heard", async () => {
  const here = world();
  here.feed.start();
  here.open();
  here.frame({ type: "heartbeat", sequence: 0 });
  await here.pass(3000);
  assert.equal(here.said.at(-1), "live");
  await here.pass(2000); // five seconds in all
  assert.equal(here.said.at(-1), "reconnecting");
  assert.ok(here.sockets.length > 1);
});

test("while the socket is lost it asks every three seconds, and misses nothing", async () => {
  const here = world({ refuses: true });
  here.stored = stored(1, 2);
  here.feed.start();
  await here.pass(POLL_MS + 100);
  assert.deepEqual([here.taken, here.said.at(-1)], [[1, 2], "polling"]);
  here.stored = stored(1, 2, 5);
  await here.pass(POLL_MS + 100);
  assert.deepEqual(here.taken, [1, 2, 5]);
});

test("polling stops when the socket is back", async () => {
  const here = world();
  here.feed.start();
  here.sockets[0].onclose({ code: 1006 });
  await here.pass(POLL_MS + 100);
  here.open();
  here.frame({ type: "heartbeat", sequence: 0 });
  const { asked } = here;
  await here.pass(2000);
  assert.deepEqual([here.asked, here.said.at(-1)], [asked, "live"]);
});

test("a server that is not there at all is called offline", async () => {
  const here = world({ refuses: true });
  here.answers = false;
  here.feed.start();
  await here.pass(POLL_MS + 100);
  assert.equal(here.said.at(-1), "offline");
});

test("a missing number is fetched at once", async () => {
  const here = world();
  here.stored = stored(1, 2, 3);
  here.feed.start();
  here.open();
  here.frame(events(3));
  await here.pass(10);
  assert.deepEqual(here.taken, [1, 2, 3]);
});

test("a heartbeat that is ahead is caught up with", async () => {
  const here = world();
  here.stored = stored(1, 2);
  here.feed.start();
  here.open();
  here.frame({ type: "heartbeat", sequence: 2 });
  await here.pass(10);
  assert.deepEqual(here.taken, [1, 2]);
});

test("who is refused does not try again", async () => {
  for (const [code, reason] of [
    [4401, "signed_out"],
    [4404, "gone"],
  ]) {
    const here = world();
    here.feed.start();
    here.open();
    here.sockets[0].onclose({ code });
    await here.pass(60_000);
    assert.deepEqual([here.said.at(-1), here.sockets.length, here.asked], [reason, 1, 0]);
  }
});

test("told to reload, it reads the whole state", () => {
  const here = world();
  here.feed.start();
  here.open();
  here.frame({ type: "reload", reason: "This page fell behind." });
  assert.equal(here.reloads, 1);
});

test("a frame of a socket that was given up is not read", async () => {
  const here = world();
  here.feed.start();
  here.open();
  here.feed.lose();
  here.frame(events(1), here.sockets[0]);
  assert.deepEqual(here.taken, []);
});

test("the network is back: it tries at once", () => {
  const here = world();
  here.feed.start();
  here.feed.lose();
  here.feed.wake();
  assert.equal(here.sockets.length, 2);
});

test("a frame that goes on from what is known may leave out what was overtaken", async () => {
  const here = world();
  here.feed.start();
  here.open();
  here.frame({ type: "events", after: 0, events: [{ sequence: 4 }] });
  assert.deepEqual([here.taken, here.asked], [[4], 0]);
  // One that goes on from later than that says that something is missing.
  here.frame({ type: "events", after: 6, events: [{ sequence: 9 }] });
  await null;
  assert.deepEqual([here.taken, here.asked], [[4], 1]);
});

test("what a frame or the address says beside its events goes with them", async () => {
  const here = world();
  here.feed.start();
  here.open();
  here.frame({ ...events(1), after: 0, can: "pause" });
  assert.equal(here.can, "pause");
  here.stored = stored(1, 2);
  here.frame({ type: "heartbeat", sequence: 2 });
  await here.pass(10);
  assert.deepEqual([here.can, here.taken], ["all", [1, 2]]);
});

test("a list hears which of its rows have changed", () => {
  const here = world();
  here.feed.start();
  here.open();
  here.frame({ type: "changed", ids: [3], all: false });
  assert.deepEqual([here.changes[0].ids, here.said.at(-1)], [[3], "live"]);
});
