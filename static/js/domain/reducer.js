// (state, events) -> state: what the page knows, kept current by the search's numbered events.
// State: {search, sequence, trials: Map(number -> trial), total, partial, sites, log, gap}. An event
// that was seen does nothing; one that comes too early sets `gap`, and is left for the replay that
// the gap asks for. While `partial`, trials that ended long ago are not there yet.

const LOG_LINES = 400;
const QUIET = new Set(["trial.progress", "start_network.progress", "final_training.progress"]);
const FINAL = new Set(["completed", "failed", "cancelled"]);

export const isFinal = (state) => FINAL.has(state);

/** The state of a page as the server gave it, at `now` in milliseconds. */
export function initialState(page, now) {
  const total = page.trials_total ?? page.trials.length;
  const partial = page.trials.length < total;
  return {
    search: { ...page.search, ...(!partial && counts(page.trials)), elapsed_at: now },
    sequence: page.sequence,
    trials: new Map(page.trials.map((trial) => [trial.number, trial])),
    total, partial, sites: page.sites ?? null,
    log: [],
    gap: false,
  };
}

/** From the trials themselves: an event that they have in them already must not count twice. */
function counts(trials) {
  const found = { trials_running: 0, trials_completed: 0, trials_failed: 0 };
  for (const { state } of trials) if (COUNTED[state]) found[COUNTED[state]] += 1;
  return found;
}

/**
 * The state after events in order.
 * @param complete the events come from a replay: numbers that are left out were compacted away.
 */
export function reduce(state, events, { complete = false } = {}) {
  const draft = { ...state, search: { ...state.search }, trials: new Map(state.trials), gap: false };
  let seen = 0;
  for (const event of events) {
    if (event.sequence <= draft.sequence) continue;
    if (event.sequence > draft.sequence + 1 && !complete) {
      draft.gap = true;
      break;
    }
    HANDLERS[event.kind]?.(draft, event.payload, event);
    draft.sequence = event.sequence;
    if (!QUIET.has(event.kind)) draft.log = [...draft.log.slice(1 - LOG_LINES), event];
    seen += 1;
  }
  if (!seen) return draft.gap === state.gap ? state : { ...state, gap: draft.gap };
  draft.search.can = rights(draft.search);
  return draft;
}

/** Earlier events for the log alone: they are in the state already. */
export function withEarlierLog(state, events) {
  const first = state.log[0]?.sequence ?? state.sequence + 1;
  const earlier = events.filter(({ sequence, kind }) => sequence < first && !QUIET.has(kind));
  return { ...state, log: [...earlier, ...state.log].slice(-LOG_LINES) };
}

/** What may be asked next. Who may not edit a search may not steer it either. */
function rights(search) {
  const { state, requested, can } = search;
  const steers = Boolean(can?.edit);
  const running = state === "running" || state === "queued";
  return {
    ...can,
    pause: steers && running && !requested,
    resume: steers && (running ? requested === "pause" : state === "paused" && !requested),
    stop: steers && search.start_accuracy != null && !isFinal(state) && !["stop", "cancel"].includes(requested),
    cancel: steers && !isFinal(state) && requested !== "cancel",
    download: Boolean(can?.download),
  };
}

const COUNTED = { running: "trials_running", completed: "trials_completed", failed: "trials_failed" };

/** Change a trial, one that is not known included, and keep the counts right. */
function change(draft, number, changes) {
  const before = draft.trials.get(number);
  // One that is not here yet, and ended long ago: it comes with this change in it.
  if (!before && draft.partial && number <= draft.total) return;
  draft.total = Math.max(draft.total, number);
  const after = { number, state: "queued", curve: [], transformations: [], ...before, ...changes };
  count(draft.search, before?.state, -1);
  count(draft.search, after.state, 1);
  draft.trials.set(number, after);
}

function count(search, state, by) {
  const name = COUNTED[state];
  if (name) search[name] = Math.max(0, (search[name] ?? 0) + by);
}

function setClock(search, at) {
  const now = Date.parse(at);
  if (search.state === "running" && search.elapsed_at) {
    search.elapsed_seconds = (search.elapsed_seconds ?? 0) + Math.max(0, now - search.elapsed_at) / 1000;
  }
  search.elapsed_at = now;
}

/** Leave one state for another: the clock stands still unless it is `running`. */
function enter(draft, state, at, more = {}) {
  setClock(draft.search, at);
  Object.assign(draft.search, { state, requested: null, ...more });
}

const request = (name) => (draft) => {
  draft.search.requested = name;
};

/** The running time in seconds at `now`; it stands still while the search does not run. */
export function elapsed(search, now) {
  const before = search.elapsed_seconds ?? 0;
  return search.state === "running" ? before + Math.max(0, now - search.elapsed_at) / 1000 : before;
}

const HANDLERS = {
  "search.started": (draft, _, { at }) =>
    enter(draft, "running", at, { started_at: draft.search.started_at ?? at }),
  "start_network.progress": (draft, payload) => {
    draft.search.start_progress = payload;
  },
  "start_network.interrupted": (draft) => {
    draft.search.start_progress = null;
  },
  "start_network.completed": (draft, { accuracy, parameters, multiply_adds }) => {
    Object.assign(draft.search, {
      start_accuracy: accuracy, start_parameters: parameters, start_multiply_adds: multiply_adds,
      start_progress: null,
    });
  },
  "trial.created": (draft, payload, { at }) =>
    change(draft, payload.number, { ...payload, state: "queued", fresh: true, created_at: at }),
  "trial.started": (draft, { number, worker, attempt }, { at }) =>
    change(draft, number, { state: "running", worker, attempt, interrupted: false, started_at: at }),
  "trial.progress": (draft, payload) =>
    change(draft, payload.number, { ...payload, state: "running", interrupted: false }),
  "trial.completed": (draft, { best, ...payload }) => {
    change(draft, payload.number, { ...payload, state: "completed", eta_seconds: null });
    if (!best) return;
    draft.search.best_trial = payload.number;
    draft.search.best_accuracy = payload.accuracy;
    draft.search.can = { ...draft.search.can, download: true }; // the best are always kept
  },
  "trial.failed": (draft, { number, failure }) =>
    change(draft, number, { state: "failed", failure, eta_seconds: null }),
  "trial.cancelled": (draft, { number }) =>
    change(draft, number, { state: "cancelled", eta_seconds: null }),
  "trial.interrupted": (draft, { number, attempt }) =>
    change(draft, number, { state: "queued", attempt, interrupted: true, again: true, worker: "", eta_seconds: null }),
  "trial.retried": (draft, { number }) =>
    change(draft, number, { state: "queued", failure: "", curve: [], accuracy: null }),
  "trial.pinned": (draft, { number }) => change(draft, number, { pinned: true }),
  "trial.unpinned": (draft, { number }) => change(draft, number, { pinned: false }),
  "search.pause_requested": request("pause"),
  "search.stop_requested": request("stop"),
  "search.cancel_requested": request("cancel"),
  "search.paused": (draft, _, { at }) => enter(draft, "paused", at),
  "search.resumed": (draft, _, { at }) => enter(draft, "running", at, { ended_at: null }),
  "search.completed": (draft, { best_trial, best_accuracy }, { at }) =>
    enter(draft, "completed", at, {
      ended_at: at,
      best_trial: best_trial ?? draft.search.best_trial,
      best_accuracy: best_accuracy ?? draft.search.best_accuracy,
    }),
  "search.failed": (draft, { failure }, { at }) =>
    enter(draft, "failed", at, { failure, ended_at: at }),
  "search.cancelled": (draft, _, { at }) => enter(draft, "cancelled", at, { ended_at: at }),
  "search.renamed": (draft, { name }) => {
    draft.search.name = name;
  },
  "search.noted": (draft, { note }) => {
    draft.search.note = note;
  },
  "search.tagged": (draft, { tags }) => {
    draft.search.tags = tags;
  },
  "search.budget_extended": (draft, { max_trials }, { at }) => {
    draft.search.max_trials = max_trials;
    if (draft.search.state === "completed") enter(draft, "running", at, { ended_at: null });
  },
};
