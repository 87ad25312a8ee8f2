// What each move of the strategy grow has brought: its tries, and what they gained over their parents
// for each unit of training, which is the training of the cheapest network.
import { MOVES } from "./lineage.js";

/**
 * @param trials numbers to trials
 * @returns {{move: string, tries: {number: number, gain: number}[], mean: number | null}[]} gains are
 *   fractions; a network is judged as its search does
 */
export function movesOf(
  { config, start_accuracy: start, start_balanced_accuracy: balanced },
  trials,
) {
  const isBalanced = config?.measure === "balanced_accuracy";
  const scoreOf = (trial) => (isBalanced ? trial?.balanced_accuracy : trial?.accuracy) ?? null;
  const ended = [...trials.values()]
    .filter(({ state, role }) => state === "completed" && role !== "confirmation")
    .sort((a, b) => a.number - b.number);
  // Nobody measures the start network after a trial's training, but its first rest.
  const rested = ended.find(({ move, parent }) => move === "rest" && !parent);
  const startScore = scoreOf(rested) ?? (isBalanced ? balanced : start) ?? null;
  const least = Math.min(...ended.map(({ multiply_adds: adds }) => adds || Infinity));
  return MOVES.map((name) => {
    const tries = ended
      .filter(({ move }) => move === name)
      .map((trial) => ({
        trial,
        before: trial.parent ? scoreOf(trials.get(trial.parent)) : startScore,
      }))
      .filter(({ trial, before }) => before != null && scoreOf(trial) != null)
      .map(({ trial, before }) => ({
        number: trial.number,
        gain: ((scoreOf(trial) - before) * least) / (trial.multiply_adds || least),
      }));
    const sum = tries.reduce((all, { gain }) => all + gain, 0);
    return { move: name, tries, mean: tries.length ? sum / tries.length : null };
  });
}
