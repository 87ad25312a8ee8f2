"""Is a found cell better than the start network, trained for long, equally and equally large?

    python -m benchmarks.final_training --data digits --seeds 5
    python -m benchmarks.final_training --data fashion --seeds 3 --train-limit 10000 --epochs 8
        --cell 'concat/split[G3x3, G3x3 -> concat/split[sep3, sep3 -> add[sep7, max3, sep5]]]'

For each seed: a search finds a cell, unless one is given; then the final-training preset of the
data set trains it, and the start network under the same recipe, made as large to within 5 %.
Validation images choose the cell; test images are looked at once, at the end of each training.
Writes its table into `docs/results.md`.
"""

import argparse
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from benchmarks.records import keep_run, read_runs
from benchmarks.report import machine, table
from benchmarks.results import write_section
from benchmarks.search_quality import spread
from search_engine.data import Dataset, SplitDataset, load_dataset
from search_engine.search.evaluation import Evaluator, train_start_network
from search_engine.search.search import Search
from search_engine.spec import Cell, format_cell, parse_cell
from search_engine.spec.final_presets import final_preset
from search_engine.spec.final_training import FinalTrainingConfig
from search_engine.spec.presets import preset
from search_engine.spec.reference import baseline
from search_engine.spec.search_config import SearchConfig
from search_engine.training.final_training import train_final

SEARCHES = {"digits": "digits-demo", "fashion": "fashion-small"}
ARMS = ("found", "start")

PUBLISHED = """\
Other people's networks on the same 10,000 test images, as the data set's publisher lists them
(`README.md` of `github.com/zalandoresearch/fashion-mnist`, section Benchmark; it says that they
were not checked). Theirs learned from all 60,000 training images as far as it is stated, ours from
{images:,}.

| network | parameters | test accuracy |
| --- | --- | --- |
| 2 convolutions (@hardmaru) | < 100 K | 92.5 |
| 2 convolutions (Abel G.) | 113 K | 92.2 |
| DenseNet-BC (@ajbrock) | 768 K | 95.4 |
| 2 convolutions, 3 dense layers (@Xfan1025) | 1.8 M | 93.2 |
| Capsule network (@XifengGuo) | 8 M | 93.6 |
| WRN-40-4 (@ajbrock) | 8.9 M | 96.7 |
| VGG16 (@QuantumLiu) | 26 M | 93.5 |
| WRN-28-10 with random erasing (@zhunzhong07) | not stated | 96.3 |
| people, without knowledge of fashion | – | 83.5 |"""


@dataclass(frozen=True)
class Outcome:
    """One final training. Accuracies are fractions."""

    seed: int
    arm: str
    cell: str
    parameters: int
    test_accuracy: float
    seconds: float


def found_cell(config: SearchConfig, dataset: Dataset) -> Cell:
    """The best cell of a whole search, by validation accuracy."""
    data = SplitDataset(dataset, config.data, seed=config.seed)
    start, _ = train_start_network(config, data)
    evaluator = Evaluator(config, data, start)
    search = Search(config, classes=data.classes, validation_images=len(data.splits.validation))
    while (trial := search.ask()) is not None:
        search.tell(trial.number, evaluator.evaluate(trial).result)
    assert search.best is not None
    return search.architecture(search.best.trial).cell


def train(arm: str, seed: int, config: FinalTrainingConfig, dataset: Dataset) -> Outcome:
    """One final training on one thread."""
    with tempfile.TemporaryDirectory() as folder:
        result = train_final(config, Path(folder), dataset=dataset)
    return Outcome(
        seed,
        arm,
        format_cell(config.cell),
        result.parameters,
        result.test_accuracy,
        result.seconds,
    )


def outcomes(arguments: argparse.Namespace, kept: Sequence[Outcome]) -> Iterator[Outcome]:
    """All final trainings, those first that an earlier run has kept."""
    yield from kept
    done = {(outcome.arm, outcome.seed): outcome for outcome in kept}
    dataset = load_dataset(final_preset(arguments.data).data.name)
    for seed in range(arguments.seeds):
        if all((arm, seed) in done for arm in ARMS):
            continue
        if arguments.cell:
            cell = parse_cell(arguments.cell)
        elif ("found", seed) in done:
            cell = parse_cell(done["found", seed].cell)
        else:
            cell = found_cell(search_config(arguments, seed), dataset)
        config = final_config(arguments, seed, cell)
        for arm, arm_config in (
            ("found", config),
            ("start", baseline(config, same_parameters=True)),
        ):
            if (arm, seed) not in done:
                yield train(arm, seed, arm_config, dataset)


def search_config(arguments: argparse.Namespace, seed: int) -> SearchConfig:
    """The search of a seed."""
    config = preset(SEARCHES[arguments.data])
    budget = replace(config.budget, max_trials=arguments.trials)
    data = replace(config.data, train_limit=arguments.search_limit or config.data.train_limit)
    return replace(config, seed=seed, budget=budget, data=data)


def final_config(arguments: argparse.Namespace, seed: int, cell: Cell) -> FinalTrainingConfig:
    """The final training of a found cell: on all training images unless there is a limit."""
    config = final_preset(arguments.data, cell)
    epochs = arguments.epochs or config.recipe.epochs
    data = replace(config.data, validation=0, train_limit=arguments.train_limit)
    return replace(config, seed=seed, data=data, recipe=replace(config.recipe, epochs=epochs))


def read_record(path: Path | None, seeds: int) -> list[Outcome]:
    """The final trainings of an earlier, interrupted run with the same options."""
    return [o for o in read_runs(path, Outcome) if o.seed < seeds] if path else []


def summary(runs: Sequence[Outcome]) -> str:
    """The table, an arm a line, and the differences by seed."""
    names = {"found": "found cell", "start": "start network, as large"}
    rows = []
    for arm in ARMS:
        mine = [run for run in runs if run.arm == arm]
        sizes = [run.parameters for run in mine]
        rows.append(
            [
                names[arm],
                f"{min(sizes):,} to {max(sizes):,}",
                spread([run.test_accuracy for run in mine]),
                f"{statistics.fmean(run.seconds for run in mine):.0f}",
            ]
        )
    accuracies = {(run.arm, run.seed): run.test_accuracy for run in runs}
    seeds = sorted({run.seed for run in runs})
    differences = [100 * (accuracies["found", s] - accuracies["start", s]) for s in seeds]
    signs = ", ".join(f"{difference:+.2f}" for difference in differences)
    wins = sum(difference > 0 for difference in differences)
    header = ["network", "parameters", "test accuracy", "seconds"]
    return (
        f"{table(header, rows)}\n\nFound cell minus start network, by seed, in points: {signs}."
        f" The found cell is ahead in {wins} of {len(seeds)}."
    )


def main() -> None:
    """Run all seeds, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", choices=SEARCHES, default="digits")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--cell", help="of a search that was made before, in notation")
    parser.add_argument("--trials", type=int, default=24, help="of each search")
    parser.add_argument("--search-limit", type=int, help="most training images of the search")
    parser.add_argument("--train-limit", type=int, help="most images of the final training")
    parser.add_argument("--epochs", type=int, help="of the final training; the preset's else")
    parser.add_argument(
        "--record",
        type=Path,
        help="keep every training there as a JSON line; kept ones are not rerun",
    )
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    kept = read_record(arguments.record, arguments.seeds)
    runs = list(kept)
    for number, outcome in enumerate(outcomes(arguments, kept)):
        print(outcome, flush=True)
        if number < len(kept):
            continue
        runs.append(outcome)
        if arguments.record:
            keep_run(arguments.record, asdict(outcome))
    searched = {"trials": arguments.trials, "search-limit": arguments.search_limit}
    options = {
        "seeds": arguments.seeds,
        **({"cell": f"'{arguments.cell}'"} if arguments.cell else searched),
        "train-limit": arguments.train_limit,
        "epochs": arguments.epochs,
    }
    given = "".join(f" --{name} {value}" for name, value in options.items() if value is not None)
    command = f"python -m benchmarks.final_training --data {arguments.data}{given}"
    origin = "the cell of one search" if arguments.cell else "a search of its own for each seed"
    text = (
        f"### Final training, {arguments.data}: found cell against start network\n\n"
        f"Same recipe, parameters equal to within 5 %, {origin}. Test"
        f" accuracy in percent, mean ± standard deviation over {arguments.seeds} seeds."
        f" `{command}`\n\n"
        f"{summary(runs)}\n\n"
    )
    if arguments.data == "fashion":
        text += PUBLISHED.format(images=arguments.train_limit or 60_000) + "\n\n"
    text += machine()
    print(text)
    write_section(f"final_training {arguments.data}", text)


if __name__ == "__main__":
    main()
