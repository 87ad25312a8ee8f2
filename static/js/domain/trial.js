// What a trial's page knows, kept current by its search's events: see `reduceRows`.
// State: {trial, search, sequence, log, gap, stale, and what only this page shows}.
import { reduceRows } from "./feed.js";

/** The state of a page as the server gave it; what is not read anew stays as it was. */
export const initialState = (page, before = {}) => ({
  ...before,
  ...page,
  log: [],
  gap: false,
  stale: false,
});

/** The state after events in order; see `reduceRows`. */
export const reduce = (state, events, { complete = false } = {}) =>
  reduceRows(state, events, {
    nameOf: ({ kind, payload }) =>
      kind.startsWith("trial.") && payload.number === state.trial.number ? "trial" : null,
    progressed: (trial, payload) => ({ ...trial, ...payload, state: "running" }),
    complete,
  });
