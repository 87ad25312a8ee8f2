// What a final training's page knows, kept current by its search's events: see `reduceRows`.
// State: {training, comparison, sequence, log, gap, stale}.
import { reduceRows, withEarlierLog as withEarlier } from "./feed.js";

const MINE = /^(final_training|start_network)\./;

/** The state of a page as the server gave it, at `now` in milliseconds. */
export function initialState({ training, comparison, sequence }, now, before = null) {
  const timed = (row, old) => row && { ...row, happened: old?.happened, elapsed_at: now };
  return {
    training: timed(training, before?.training),
    comparison: timed(comparison, before?.comparison),
    sequence,
    log: before?.log.filter((event) => event.sequence <= sequence) ?? [],
    gap: false,
    stale: false,
  };
}

/** The state after events in order; see `reduceRows`. */
export const reduce = (state, events, { complete = false } = {}) =>
  reduceRows(state, events, { nameOf: nameIn(state), progressed, complete });

export const withEarlierLog = (state, events) => withEarlier(state, events, nameIn(state));

const nameIn =
  ({ training, comparison }) =>
  ({ kind, payload }) => {
    if (!MINE.test(kind)) return null;
    if (payload.id === training.id) return "training";
    return payload.id === comparison?.id ? "comparison" : null;
  };

/**
 * An event tells the epochs that are new: with one before them missing, it does not tell all. Its
 * accuracy is the last epoch's, not what came of the training.
 */
function progressed(row, { history_from: from, history: more, id: _, accuracy: __, ...progress }) {
  const { history = [] } = row;
  if (from > history.length) return null;
  const told = [...history.slice(0, from), ...more];
  return { ...row, ...progress, state: "running", history: told, epochs_done: told.length };
}

/** Accuracy after each epoch: on validation images, or as trained where none are held out. */
export const curveOf = ({ history = [] }) => {
  const held = history.some(({ accuracy }) => accuracy != null);
  return history.map((epoch) => (held ? epoch.accuracy : epoch.training_accuracy));
};

export const hasValidation = ({ config }) => (config?.data?.validation ?? 0) > 0;
