// A page that the server draws, while a worker is at what it shows.
import { isActive } from "../domain/exports.js";
import { isProgress } from "../domain/feed.js";
import { followState } from "./follow_state.js";
import { freshPage, swap } from "./swap.js";

/**
 * @param path of the topic
 * @param name under which its frames say the row
 * @param part selector of what says that a worker is at it, and how many events it was drawn after
 * @param progressed (row) shows how far it is
 * @param onEnd (the page as it is drawn now) when no worker is at it any more
 */
export function followWork(path, { name, part, progressed = (_) => {}, onEnd, onConnection }) {
  async function drawAnew(ended) {
    try {
      const page = await freshPage();
      if (ended) onEnd(page);
      else swap(page, part);
    } catch {
      location.reload();
    }
  }

  followState(path, {
    state: { sequence: Number(document.querySelector(part).dataset.sequence) },
    show: (state, events) => {
      const row = state[name];
      if (!row) return;
      progressed(row);
      if (!isActive(row) || !events.every(isProgress)) drawAnew(!isActive(row));
    },
    onConnection,
  });
}
