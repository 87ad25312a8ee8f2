// Follows a topic whose frames say its whole state: whatever has happened, the last one is drawn.
import { unseen } from "../domain/feed.js";
import { eventsAfter, followTopic } from "./follow.js";

/**
 * @param path of the topic, such as `checkpoints/7`
 * @param state as the page has it: the sequence, and what frames say
 * @param show (state, events since the last time) draws it
 */
export function followState(path, { state, show, onConnection }) {
  let current = state;
  show(current, []);

  const take = (fresh, events) => {
    current = { ...current, ...fresh };
    show(current, events);
  };
  return followTopic(path, {
    sequence: () => current.sequence,
    onEvents: (events, { complete, ...fresh }) => {
      const [found, gap] = unseen(current.sequence, events, complete);
      if (found.length) take({ ...fresh, sequence: found.at(-1).sequence }, found);
      return gap;
    },
    onConnection,
    onReload: () =>
      eventsAfter(path, 0, 1).then(
        ({ events: _, ...fresh }) => take(fresh, []),
        () => {}, // the feed says what is wrong
      ),
  });
}
