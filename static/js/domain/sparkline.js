// The best accuracy so far as a step line, in a box of 120 by 36.

const [WIDTH, HEIGHT, EDGE] = [120, 36, 3];

/**
 * @param bests [[trials ended, accuracy]...] of each new best
 * @param ended trials that have ended by now: the line goes on to there
 * @param start accuracy of the start network, or null
 * @returns `line`, the data of a path, and `base`, the height of the start network's line, or null
 */
export function historyPath(bests, ended, start) {
  const values = bests.map(([, accuracy]) => accuracy);
  const known = start == null ? values : [...values, start];
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const last = Math.max(ended, bests.at(-1)[0], 1);
  const x = (count) => round((WIDTH * count) / last);
  const y = (value) =>
    round(HEIGHT - EDGE - ((HEIGHT - 2 * EDGE) * (value - low)) / (high - low || 1));
  // From the start network up; where its accuracy is not known, from the first best.
  const base = start == null ? null : y(start);
  const first = base == null ? `M${x(bests[0][0])} ${y(bests[0][1])}` : `M0 ${base}`;
  const steps = bests.map(([count, accuracy]) => `H${x(count)}V${y(accuracy)}`);
  return { line: `${first}${steps.join("")}H${WIDTH}`, base };
}

const round = (value) => Math.round(value * 10) / 10;
