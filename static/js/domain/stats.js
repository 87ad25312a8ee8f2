// What the charts and the header reckon from trials. Pure functions of plain values.

export const completed = (trials) =>
  trials.filter(({ state, accuracy }) => state === "completed" && accuracy != null);

/** The best accuracy so far at each point: of values in order, null where there is none. */
export function runningBest(values) {
  let best = null;
  return values.map((value) => {
    if (value != null && (best === null || value > best)) best = value;
    return best;
  });
}

/** Indexes of the points that no other beats, by cost ascending: smaller cost, greater value. */
export function paretoFront(pairs) {
  const order = pairs.map((_, index) => index);
  order.sort((a, b) => pairs[a][0] - pairs[b][0] || pairs[b][1] - pairs[a][1]);
  let top = -Infinity;
  return order.filter((index) => {
    if (pairs[index][1] <= top) return false;
    top = pairs[index][1];
    return true;
  });
}

/** Exponential moving average that starts at the first value; null stays null. */
export function smooth(values, keep = 0.9) {
  let level = null;
  return values.map((value) => {
    if (value == null) return level;
    level = level === null ? value : keep * level + (1 - keep) * value;
    return level;
  });
}

/** The q-quantile of numbers by linear interpolation; null of none. */
export function quantile(numbers, q) {
  if (!numbers.length) return null;
  const sorted = [...numbers].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = Math.floor(at);
  return sorted[low] + (at - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low]);
}

const RECENT = 40;

/**
 * Seconds that are still to go, as {low, high}; null before anything is known.
 * Each trial left takes as long as the recent ones took, the middle half of them giving the range;
 * running trials count with what they say is left.
 */
export function timeLeft(search, trials) {
  const running = trials.filter(({ state }) => state === "running");
  const ended = trials.filter(({ state }) => state === "completed" || state === "failed");
  const left = Math.max(0, search.max_trials - ended.length - running.length);
  const taken = ended
    .map(({ seconds }) => seconds)
    .filter((value) => value > 0)
    .slice(-RECENT);
  const known = running.map(({ eta_seconds: eta }) => eta).filter((value) => value != null);
  if (!taken.length && (!known.length || left)) return null;
  const side = Math.max(1, search.config?.parallel || running.length, running.length);
  const under = known.length ? Math.max(...known) : 0;
  const total = (each) => Math.max(under, (left * each + sum(known)) / side);
  if (!taken.length) return { low: under, high: under };
  return { low: total(quantile(taken, 0.25)), high: total(quantile(taken, 0.75)) };
}

const sum = (numbers) => numbers.reduce((all, number) => all + number, 0);

/** What runs now: images a second in all, and on how many workers. */
export function speed(search, trials) {
  const running = trials.filter(({ state }) => state === "running");
  const start = search.start_progress?.images_per_second ?? 0;
  return {
    imagesPerSecond: sum(running.map((trial) => trial.images_per_second ?? 0)) || start,
    workers: new Set(running.map(({ worker }) => worker).filter(Boolean)).size,
  };
}

const MOST_WINDOWS = 24;
const LEAST_TRIALS = 5;

/** Neighbours in windows of at least five; the last window may be longer. */
export function windows(items) {
  const size = Math.max(LEAST_TRIALS, Math.ceil(items.length / MOST_WINDOWS));
  const count = Math.max(1, Math.floor(items.length / size));
  return Array.from({ length: count }, (_, index) =>
    items.slice(index * size, index === count - 1 ? undefined : (index + 1) * size),
  );
}

/**
 * Share of each operation among the edges whose operation was chosen, window by window.
 * The root's edges keep the start cell's operation: only those below are chosen.
 *
 * @param trials with `number` and `operations`: {operation: count}
 * @returns `numbers` of the windows' middles, and `shares`: operation -> [share in each window]
 */
export function operationShares(trials, order) {
  const groups = windows(trials);
  const counts = groups.map((group) => total(group.map(({ operations }) => operations)));
  const all = counts.map((count) => sum(Object.values(count)));
  const found = order.filter((name) => counts.some((count) => count[name]));
  return {
    numbers: groups.map((group) => (group[0].number + group.at(-1).number) / 2),
    shares: new Map(
      found.map((name) => [
        name,
        counts.map((count, index) => (count[name] ?? 0) / Math.max(1, all[index])),
      ]),
    ),
  };
}

function total(counts) {
  const result = {};
  for (const count of counts) {
    for (const [name, value] of Object.entries(count)) result[name] = (result[name] ?? 0) + value;
  }
  return result;
}

/** Whether a worker is missing: nothing of what is queued has been taken. */
export function lacksWorker({ search, trials }) {
  if (search.requested) return false;
  if (search.state === "queued") return true;
  const states = search.state === "running" ? [...trials.values()].map(({ state }) => state) : [];
  return states.includes("queued") && !states.includes("running");
}

/** First lines of the failed trials' reasons, the most frequent first, with their trials. */
export function failureReasons(trials) {
  const found = new Map();
  for (const { number, state, failure } of [...trials].sort((a, b) => a.number - b.number)) {
    if (state !== "failed") continue;
    const [reason] = (failure || "no reason was given").split("\n");
    found.set(reason, [...(found.get(reason) ?? []), number]);
  }
  return [...found]
    .map(([reason, numbers]) => ({ reason, numbers }))
    .sort((a, b) => b.numbers.length - a.numbers.length);
}
