// (state, events) -> state: what a final training's page knows, kept current by its search's events.
// State: {training, comparison, sequence, log, gap, stale}. Events of other things only move the
// sequence. `stale` says that events alone do not tell all: the page must read the state anew.

const LOG_LINES = 400;
const MINE = "final_training.";
const FINAL = new Set(["completed", "failed", "cancelled"]);

export const isFinal = (state) => FINAL.has(state);

/** The state of a page as the server gave it, at `now` in milliseconds. */
export function initialState({ training, comparison, sequence }, now) {
  return {
    training: { ...training, elapsed_at: now },
    comparison: comparison && { ...comparison, elapsed_at: now },
    sequence, log: [], gap: false, stale: false,
  };
}

/**
 * The state after events in order.
 * @param complete the events come from a replay: numbers that are left out were compacted away.
 */
export function reduce(state, events, { complete = false } = {}) {
  let next = { ...state, gap: false };
  let seen = 0;
  for (const event of events) {
    if (event.sequence <= next.sequence) continue;
    if (event.sequence > next.sequence + 1 && !complete) {
      next.gap = true;
      break;
    }
    next = { ...afterOne(next, event), sequence: event.sequence };
    seen += 1;
  }
  return seen || next.gap !== state.gap ? next : state;
}

/** Earlier events for the log alone: they are in the state already. */
export function withEarlierLog(state, events) {
  const first = state.log[0]?.sequence ?? state.sequence + 1;
  const earlier = events.filter((event) => event.sequence < first && isLine(event) && concerns(state, event));
  return { ...state, log: [...earlier, ...state.log].slice(-LOG_LINES) };
}

/** The time for which a worker has trained it, in seconds, at `now`. */
export function elapsed(training, now) {
  const before = training.elapsed_seconds ?? 0;
  return training.state === "running" ? before + Math.max(0, now - training.elapsed_at) / 1000 : before;
}

/** Accuracy after each epoch: on validation images, or as trained where none are held out. */
export const curveOf = ({ history = [] }) => {
  const held = history.some(({ accuracy }) => accuracy != null);
  return history.map((epoch) => (held ? epoch.accuracy : epoch.training_accuracy));
};

export const hasValidation = ({ config }) => (config?.data?.validation ?? 0) > 0;

const isLine = ({ kind }) => kind.startsWith(MINE) && kind !== `${MINE}progress`;
const concerns = ({ training, comparison }, { payload }) => [training.id, comparison?.id].includes(payload.id);

function afterOne(state, event) {
  if (!event.kind.startsWith(MINE) || !concerns(state, event)) return state;
  const name = event.payload.id === state.training.id ? "training" : "comparison";
  const change = HANDLERS[event.kind.slice(MINE.length)];
  const next = { ...state };
  if (change) {
    const before = state[name];
    const after = settled({ ...before, ...change(before, event.payload, event) }, before, event.at);
    next[name] = { ...after, can: rights(after) };
    // The confusion matrix comes with no event; nor do epochs that were told while nobody listened.
    const done = event.kind === `${MINE}completed` && name === "training";
    next.stale = state.stale || done || (event.payload.history_from ?? 0) > (before.history ?? []).length;
  }
  if (isLine(event)) next.log = [...state.log.slice(1 - LOG_LINES), event];
  return next;
}

/** The clock stands still unless the state is `running`. */
function settled(after, before, at) {
  if (after.state === before.state) return after;
  const now = Date.parse(at);
  return {
    ...after, elapsed_at: now, elapsed_seconds: after.seconds ?? elapsed(before, now),
    ended_at: isFinal(after.state) ? at : null,
  };
}

/** What may be asked next. Who may not edit may not steer either. */
function rights({ state, requested, can }) {
  const steers = Boolean(can?.edit);
  const open = state === "queued" || state === "running";
  return {
    ...can,
    pause: steers && open && !requested,
    resume: steers && (state === "paused" || state === "failed" || requested === "pause"),
    cancel: steers && !isFinal(state) && requested !== "cancel",
    delete: steers && !open,
  };
}

const NOTHING = { epoch: null, step: null, steps: null, images_per_second: null, eta_seconds: null };

const HANDLERS = {
  created: () => ({ state: "queued" }),
  started: (training, { worker, attempt }, { at }) =>
    ({ state: "running", requested: null, worker, attempt, reason: null, started_at: training.started_at ?? at }),
  progress: ({ history = [] }, { history_from: from, history: more, id: _, ...progress }) => {
    const told = [...history.slice(0, from), ...more];
    return { ...progress, state: "running", history: told, epochs_done: told.length };
  },
  pause_requested: () => ({ requested: "pause" }),
  cancel_requested: () => ({ requested: "cancel" }),
  paused: () => ({ state: "paused", requested: null, eta_seconds: null, images_per_second: null }),
  resumed: ({ state }) => ({ state: state === "running" ? "running" : "queued", requested: null, failure: "" }),
  cancelled: () => ({ ...NOTHING, state: "cancelled", requested: null }),
  interrupted: (_, { reason }) => ({ ...NOTHING, state: "queued", requested: null, reason }),
  failed: (_, { failure }) => ({ ...NOTHING, state: "failed", requested: null, failure }),
  completed: (_, { id: __, ...measured }) => ({ ...NOTHING, ...measured, state: "completed", requested: null }),
  renamed: (_, { name }) => ({ name }),
};
