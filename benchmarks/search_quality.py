"""Do the strategies differ, and does it pay to inherit weights? The paper's controlled comparison.

    python -m benchmarks.search_quality --preset digits-demo --seeds 5 --trials 60
    python -m benchmarks.search_quality --preset fashion-small --train-limit 2000 --seeds 3

Four arms at the same budget of trials and epochs: `reinforce`, `random`, `evolution`, all with
children that inherit, and `scratch`: random cells, trained from random weights by the same recipe.
All arms of a seed share the split and the start network's recipe. The best child is chosen by
validation accuracy and then looked at once on the test images. Writes its table into
`docs/results.md`.
"""

import argparse
import statistics
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import torch

from benchmarks.records import keep_run, read_runs
from benchmarks.report import machine, table
from benchmarks.results import write_section
from search_engine.data import SplitDataset, load_dataset
from search_engine.networks import Network
from search_engine.search.evaluation import Evaluator, train_start_network
from search_engine.search.search import Search
from search_engine.spec.presets import preset
from search_engine.spec.search_config import SearchConfig
from search_engine.training.metrics import evaluate

ARMS = ("reinforce", "random", "evolution", "scratch")


@dataclass(frozen=True)
class Outcome:
    """One search: an arm with a seed. Accuracies are fractions."""

    arm: str
    seed: int
    start: float
    start_test: float
    accuracies: list[float]
    best_test: float
    seconds: float


def run_search(arm: str, seed: int, config: SearchConfig) -> Outcome:
    """One whole search in memory, on one thread."""
    torch.set_num_threads(1)
    config = replace(
        config,
        seed=seed,
        strategy="random" if arm == "scratch" else arm,
        inherit=arm != "scratch",
    )
    data = SplitDataset(load_dataset(config.data.name), config.data, seed=seed)
    start, result = train_start_network(config, data)
    evaluator = Evaluator(config, data, start)
    search = Search(config, classes=data.classes, validation_images=len(data.splits.validation))
    best: Network | None = None
    while (trial := search.ask()) is not None:
        evaluated = evaluator.evaluate(trial)
        if search.tell(trial.number, evaluated.result) is search.best:
            best = evaluated.network
    assert best is not None
    return Outcome(
        arm,
        seed,
        result.accuracy,
        evaluate(start, data.test()).accuracy,
        [ended.result.accuracy or 0.0 for ended in search.ended],
        evaluate(best, data.test()).accuracy,
        sum(ended.result.seconds for ended in search.ended),
    )


def run_task(task: tuple[str, int, SearchConfig]) -> Outcome:
    """One search, for a pool of processes."""
    return run_search(*task)


def read_record(path: Path | None, seeds: int, trials: int) -> list[Outcome]:
    """The searches of an earlier, interrupted run."""
    outcomes = read_runs(path, Outcome) if path else []
    return [o for o in outcomes if o.seed < seeds and len(o.accuracies) == trials]


def spread(values: Sequence[float]) -> str:
    """Mean and standard deviation over seeds, in percent."""
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{100 * statistics.fmean(values):.2f} ± {100 * deviation:.2f}"


def summary(outcomes: Sequence[Outcome]) -> str:
    """The table, an arm a line."""
    rows = []
    for arm in ARMS:
        runs = [outcome for outcome in outcomes if outcome.arm == arm]
        third = len(runs[0].accuracies) // 3
        rows.append(
            [
                arm,
                spread([statistics.fmean(run.accuracies[:third]) for run in runs]),
                spread([statistics.fmean(run.accuracies[-third:]) for run in runs]),
                spread([max(run.accuracies) for run in runs]),
                spread([run.best_test for run in runs]),
                f"{statistics.fmean(run.seconds for run in runs):.0f}",
            ]
        )
    start = [
        "start network",
        "–",
        "–",
        spread([run.start for run in outcomes]),
        spread([run.start_test for run in outcomes]),
        "–",
    ]
    header = ["arm", "first third", "last third", "best", "best, on test images", "seconds"]
    return table(header, [*rows, start])


def main() -> None:
    """Run all arms with all seeds, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", default="digits-demo")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--train-limit", type=int)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument(
        "--record",
        type=Path,
        help="keep every search there as a JSON line; kept ones are not rerun",
    )
    arguments = parser.parse_args()
    config = preset(arguments.preset)
    config = replace(config, budget=replace(config.budget, max_trials=arguments.trials))
    if arguments.train_limit:
        config = replace(config, data=replace(config.data, train_limit=arguments.train_limit))
    outcomes = read_record(arguments.record, arguments.seeds, arguments.trials)
    done = {(outcome.arm, outcome.seed) for outcome in outcomes}
    tasks = [
        (arm, seed, config)
        for seed in range(arguments.seeds)
        for arm in ARMS
        if (arm, seed) not in done
    ]
    context = get_context("spawn")  # torch does not survive a fork
    with ProcessPoolExecutor(arguments.processes, mp_context=context) as pool:
        for outcome in pool.map(run_task, tasks):
            outcomes.append(outcome)
            best = max(outcome.accuracies)
            print(f"{outcome.arm:<10} seed {outcome.seed}: best {best:.2%}", flush=True)
            if arguments.record:
                keep_run(arguments.record, asdict(outcome))
    limit = f" --train-limit {arguments.train_limit}" if arguments.train_limit else ""
    command = (
        f"python -m benchmarks.search_quality --preset {arguments.preset}"
        f" --seeds {arguments.seeds} --trials {arguments.trials}{limit}"
    )
    text = (
        f"### {arguments.preset}: {arguments.trials} trials, {arguments.seeds} seeds\n\n"
        f"Validation accuracy in percent, mean ± standard deviation over seeds. `{command}`\n\n"
        f"{summary(outcomes)}\n\n{machine()}"
    )
    print(text)
    write_section(f"search_quality {arguments.preset}", text)


if __name__ == "__main__":
    main()
