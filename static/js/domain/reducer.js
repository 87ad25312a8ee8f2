// (state, events) -> state: what the page knows, kept current by the search's numbered events.
// State: {search, sequence, trials: Map(number -> trial), total, partial, sites, comparison, log,
// gap}. An event that was seen does nothing; one that comes too early sets `gap`, and is left for the replay that
// the gap asks for. While `partial`, trials that ended long ago are not there yet.

import { isChild } from "./control.js";
import { elapsed, unseen, withEarlierLog, withLine, isProgress } from "./feed.js";

export { withEarlierLog };

/** The state of a page as the server gave it, at `now` in milliseconds. */
export function initialState(page, now) {
  const total = page.trials_total ?? page.trials.length;
  const partial = page.trials.length < total;
  return {
    search: { ...page.search, ...(!partial && counts(page.trials)), elapsed_at: now },
    sequence: page.sequence,
    trials: new Map(page.trials.map((trial) => [trial.number, trial])),
    total,
    partial,
    sites: page.sites ?? null,
    comparison: page.comparison ?? null,
    log: [],
    gap: false,
  };
}

/** From the trials themselves: an event that they have in them already must not count twice. */
function counts(trials) {
  const found = { trials_running: 0, trials_completed: 0, trials_failed: 0 };
  for (const trial of trials) count(found, trial, 1);
  return found;
}

/**
 * The state after events in order.
 * @param complete the events come from a replay: numbers that are left out were overtaken.
 * @param can what may be done now, as the server says it with the events
 */
export function reduce(state, events, { complete = false, can = undefined } = {}) {
  const [found, gap] = unseen(state.sequence, events, complete);
  if (!found.length) return gap === state.gap ? state : { ...state, gap };
  const draft = { ...state, search: { ...state.search }, trials: new Map(state.trials), gap };
  for (const event of found) {
    HANDLERS[event.kind]?.(draft, event.payload, event);
    draft.sequence = event.sequence;
    if (!isProgress(event)) draft.log = withLine(draft.log, event);
  }
  if (can) draft.search.can = can;
  return draft;
}

const COUNTED = {
  running: "trials_running",
  completed: "trials_completed",
  failed: "trials_failed",
};

/** Change a trial, one that is not known included, and keep the counts right. */
function change(draft, number, changes) {
  const before = draft.trials.get(number);
  // One that is not here yet, and ended long ago: it comes with this change in it.
  if (!before && draft.partial && number <= draft.total) return;
  draft.total = Math.max(draft.total, number);
  const after = { number, state: "queued", curve: [], transformations: [], ...before, ...changes };
  if (before) count(draft.search, before, -1);
  count(draft.search, after, 1);
  draft.trials.set(number, after);
}

/** The budget is of children: controls and confirmations come beside them. */
function count(search, trial, by) {
  const name = COUNTED[trial.state];
  if (name && isChild(trial)) search[name] = Math.max(0, (search[name] ?? 0) + by);
}

function setClock(search, at) {
  const now = Date.parse(at);
  Object.assign(search, { elapsed_seconds: elapsed(search, now), elapsed_at: now });
}

/** Leave one state for another: the clock stands still unless it is `running`. */
function enter(draft, state, at, more = {}) {
  setClock(draft.search, at);
  Object.assign(draft.search, { state, requested: null, ...more });
}

const request = (name) => (draft) => {
  draft.search.requested = name;
};

const comparing = (state) => (draft, payload) =>
  Object.assign(draft.search, { comparing: state, comparison_failure: payload?.failure ?? "" });

const HANDLERS = {
  "search.started": (draft, _, { at }) =>
    enter(draft, "running", at, { started_at: draft.search.started_at ?? at }),
  "start_network.progress": (draft, payload) => {
    draft.search.start_progress = payload;
  },
  "start_network.interrupted": (draft) => {
    draft.search.start_progress = null;
  },
  "start_network.completed": (draft, found) => {
    Object.assign(draft.search, {
      start_accuracy: found.accuracy,
      start_balanced_accuracy: found.balanced_accuracy,
      start_last_gain: found.last_gain,
      start_saturated: found.saturated,
      validation_images: found.validation_images,
      start_parameters: found.parameters,
      start_multiply_adds: found.multiply_adds,
      start_progress: null,
    });
  },
  "trial.created": (draft, payload, { at }) =>
    change(draft, payload.number, { ...payload, state: "queued", fresh: true, created_at: at }),
  "trial.started": (draft, { number, worker, attempt }, { at }) =>
    change(draft, number, {
      state: "running",
      worker,
      attempt,
      interrupted: false,
      delay: "",
      started_at: at,
    }),
  "trial.progress": (draft, payload) =>
    change(draft, payload.number, { ...payload, state: "running", interrupted: false }),
  "trial.completed": (draft, { best, ...payload }) => {
    change(draft, payload.number, { ...payload, state: "completed", eta_seconds: null });
    if (!best) return;
    draft.search.best_trial = payload.number;
    draft.search.best_accuracy = payload.accuracy;
  },
  "trial.failed": (draft, { number, failure }) =>
    change(draft, number, { state: "failed", failure, eta_seconds: null }),
  "trial.cancelled": (draft, { number }) =>
    change(draft, number, { state: "cancelled", eta_seconds: null }),
  "trial.interrupted": (draft, { number, attempt, reason, failure }) =>
    change(draft, number, {
      state: "queued",
      attempt,
      interrupted: true,
      delay: reason === "delayed" ? failure : "",
      again: true,
      worker: "",
      eta_seconds: null,
    }),
  "trial.retried": (draft, { number }) =>
    change(draft, number, { state: "queued", failure: "", curve: [], accuracy: null }),
  "trial.pinned": (draft, { number }) => change(draft, number, { pinned: true }),
  "trial.unpinned": (draft, { number }) => change(draft, number, { pinned: false }),
  "search.pause_requested": request("pause"),
  "search.stop_requested": request("stop"),
  "search.cancel_requested": request("cancel"),
  "search.paused": (draft, { failure = "" }, { at }) => enter(draft, "paused", at, { failure }),
  "search.resumed": (draft, _, { at }) =>
    enter(draft, "running", at, { ended_at: null, failure: "" }),
  "search.completed": (draft, { best_trial, best_accuracy, comparison }, { at }) => {
    draft.comparison = comparison ?? draft.comparison;
    enter(draft, "completed", at, {
      ended_at: at,
      best_trial: best_trial ?? draft.search.best_trial,
      best_accuracy: best_accuracy ?? draft.search.best_accuracy,
    });
  },
  "search.failed": (draft, { failure }, { at }) =>
    enter(draft, "failed", at, { failure, ended_at: at }),
  "search.cancelled": (draft, _, { at }) => enter(draft, "cancelled", at, { ended_at: at }),
  "comparison.created": comparing("queued"),
  "comparison.started": comparing("running"),
  "comparison.interrupted": comparing("queued"),
  "comparison.completed": comparing("completed"),
  "comparison.failed": comparing("failed"),
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
    Object.assign(draft.search, { max_trials, comparing: null, comparison_failure: "" });
    draft.comparison = null;
    if (draft.search.state === "completed") enter(draft, "running", at, { ended_at: null });
  },
};
