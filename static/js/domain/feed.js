// What all pages that follow a topic do with its numbered events.

const LOG_LINES = 400;
const FINAL = new Set(["completed", "failed", "cancelled"]);

export const isFinal = (state) => FINAL.has(state);

/** Progress goes by: a log has no line for it. */
export const isProgress = ({ kind }) => kind.endsWith(".progress");

/**
 * Those of the events, in order, that come after what is known.
 * @param complete they come from a replay: numbers that are left out were overtaken
 * @returns {[any[], boolean]} and whether one came too early: it is left for the replay it asks for
 */
export function unseen(sequence, events, complete = false) {
  const found = [];
  let last = sequence;
  for (const event of events) {
    if (event.sequence <= last) continue;
    if (event.sequence > last + 1 && !complete) return [found, true];
    found.push(event);
    last = event.sequence;
  }
  return [found, false];
}

export const withLine = (log, event) => [...log.slice(1 - LOG_LINES), event];

/**
 * Earlier events for the log alone: they are in the state already.
 * @param {(event: any) => any} concerns whether the log has a line for it
 */
export function withEarlierLog(state, events, concerns = (_) => true) {
  const first = state.log[0]?.sequence ?? state.sequence + 1;
  const earlier = events.filter(
    (event) => event.sequence < first && !isProgress(event) && concerns(event),
  );
  return { ...state, log: [...earlier, ...state.log].slice(-LOG_LINES) };
}

/** For how long it has run, in seconds, at `now`; it stands still while it does not run. */
export function elapsed({ state, elapsed_seconds: before = 0, elapsed_at: since }, now) {
  return state === "running" ? before + Math.max(0, now - since) / 1000 : before;
}

/**
 * A page of some rows of a topic: progress is taken from events, and whatever else has `happened` to
 * a row makes the state `stale`: the page reads it anew, and with it what may be done.
 * @param state sequence, log, gap, stale, and the rows
 * @param nameOf (event) -> under which name the state has the row that it is about; null: another's
 * @param progressed (row, payload) -> the row after progress; null where it cannot be told
 */
export function reduceRows(state, events, { nameOf, progressed, complete = false }) {
  const [found, gap] = unseen(state.sequence, events, complete);
  const next = { ...state, gap, sequence: found.at(-1)?.sequence ?? state.sequence };
  for (const event of found) {
    const name = nameOf(event);
    if (!name) continue;
    if (isProgress(event)) {
      const row = progressed(next[name], event.payload);
      if (row) next[name] = row;
      else next.stale = true;
    } else {
      next[name] = { ...next[name], happened: event };
      Object.assign(next, { stale: true, log: withLine(next.log, event) });
    }
  }
  return found.length || gap !== state.gap ? next : state;
}
