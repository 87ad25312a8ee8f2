// What every live page has: a feed of its topic, or of its list, that hears of the browser, too.
import { getJson } from "./api.js";
import { LiveFeed } from "./socket.js";

const socketAt = (path, after) => {
  const url = new URL(`/ws/${path}/?after=${after}`, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
};

/** Events of a topic after a sequence, as its address says them: {events, sequence, and the state}. */
export const eventsAfter = (path, after, limit = 500) =>
  getJson(`/api/v1/${path}/events/?after=${after}&limit=${limit}`);

/**
 * Follow a topic: its socket, or its address for events while that is broken.
 * @param path such as `searches/7`, below `/ws/` and below `/api/v1/`
 * @param page sequence, onEvents, onConnection, onReload, as `LiveFeed` has them
 */
export const followTopic = (path, page) =>
  started({
    socketUrl: (after) => socketAt(path, after),
    fetchEvents: (after) => eventsAfter(path, after),
    ...page,
  });

/**
 * Follow a list: hear which of its rows have changed, or read all of it while that is broken.
 * @param path such as `searches`, below `/ws/lists/`
 * @param readAll async () reads the whole list anew
 */
export function followList(path, { readAll, onChanged, onConnection }) {
  const readAt = 1000 * Number(document.documentElement.dataset.at);
  return started({
    socketUrl: () => socketAt(`lists/${path}`, readAt),
    fetchEvents: async () => {
      await readAll();
      return { events: [] };
    },
    sequence: () => Infinity, // a list has no numbers that could be missing
    onChanged,
    onConnection,
    onReload: () => onChanged({ ids: [], all: true }),
  });
}

function started(page) {
  const feed = new LiveFeed(page);
  feed.start();
  addEventListener("offline", () => feed.lose());
  addEventListener("online", () => feed.wake());
  document.addEventListener("visibilitychange", () => document.hidden || feed.wake());
  return feed;
}
