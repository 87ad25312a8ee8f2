// All trials of a search from columns, and the state of a page that began with a few of them.
import { initialState, reduce } from "./reducer.js";

/** Trials as objects; those that came in full, too, keep what the columns leave out. */
export function expand({ columns, states, workers, trials: full }) {
  const [pinned, kept] = [new Set(columns.pinned), new Set(columns.kept)];
  const known = new Map(full.map((trial) => [trial.number, trial]));
  return columns.number.map((number, index) => {
    const trial = known.get(number);
    if (trial) return trial;
    return {
      number,
      state: states[columns.state[index]],
      notation: columns.notation[index],
      accuracy: columns.accuracy[index],
      balanced_accuracy: columns.balanced_accuracy?.[index] ?? null,
      reward: columns.reward[index],
      parameters: columns.parameters[index],
      multiply_adds: columns.multiply_adds[index],
      latency_1: columns.latency_1?.[index] ?? null,
      latency_64: columns.latency_64?.[index] ?? null,
      memory: columns.memory?.[index] ?? null,
      seconds: columns.seconds[index],
      worker: workers[columns.worker[index]],
      failure: columns.failure[number] ?? "",
      role: columns.role?.[number] ?? "child",
      parent: columns.parent?.[index] ?? 0,
      move: columns.move?.[index] ?? null,
      pinned: pinned.has(number),
      kept: kept.has(number),
      curve: columns.curve?.[index] ?? [],
      diagnostics: { baseline: columns.baseline[index], entropy: columns.entropy[index] },
    };
  });
}

/** The whole state: summaries, then the events that came since they were asked for. */
export function completeState(state, summaries, events, now) {
  const trials = expand(summaries);
  const fresh = initialState(
    {
      ...summaries,
      sites: state.sites,
      trials,
      trials_total: trials.length,
    },
    now,
  );
  return { ...reduce(fresh, events, { complete: true }), log: state.log };
}
