// Follows rows of a topic: progress comes with events, and all else is read anew: see `reduceRows`.
import { followTopic } from "./follow.js";

/**
 * @param path of the topic
 * @param store holds the page's state
 * @param reduce (state, events, {complete}) -> the state after them
 * @param read async () -> what the page is drawn from, as it is now
 * @param initialState (what was read, the state before) -> the state
 */
export function followRows(path, { store, reduce, read, initialState, onConnection }) {
  let reading = false;

  /** Reading goes back to the sequence that was read: what came meanwhile is told again. */
  async function reload() {
    if (reading) return;
    reading = true;
    try {
      const before = store.state;
      store.set(initialState(await read(), store.state));
      if (store.state.sequence < before.sequence) feed.catchUp();
    } catch {
      feed.lose();
    } finally {
      reading = false;
    }
  }

  const feed = followTopic(path, {
    sequence: () => store.state.sequence,
    onEvents: (events, { complete }) => {
      const next = reduce(store.state, events, { complete });
      store.set(next);
      if (next.stale) reload();
      return next.gap;
    },
    onConnection,
    onReload: reload,
  });
}
