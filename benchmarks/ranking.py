"""Do a few epochs rank cells as more would? Spearman's correlation of 1, 2 and 4 epochs with 8.

    python -m benchmarks.ranking

Random cells grow from the start network of `benchmarks.growing`, setting `saturated`. Each is
trained for 1, 2, 4 and 8 epochs, every time anew along its own cosine, as a search of so many
epochs would. Keeps each training as a JSON line in `benchmarks/results/ranking.jsonl`; what is
there is not run again. Writes its table into `docs/results.md`.
"""

import argparse
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import torch
from scipy.stats import spearmanr

from benchmarks.growing import Ground
from benchmarks.records import FOLDER, keep_run, read_runs
from benchmarks.report import machine, table
from benchmarks.results import write_section
from search_engine.spec import Lineage, sample
from search_engine.training.metrics import evaluate
from search_engine.training.trainer import Trainer
from search_engine.transforms import inherit

RECORD = FOLDER / "ranking.jsonl"
EPOCHS = (1, 2, 4, 8)


@dataclass(frozen=True)
class Ranked:
    """A cell after a training. The accuracy is a fraction of the validation images."""

    cell: int
    parameters: int
    epochs: int
    accuracy: float


def run(ground: Ground, number: int, epochs: int) -> Ranked:
    """Grow the cell of that number and train it."""
    growth = sample(ground.config.space, random.Random(number))
    lineage = Lineage(growth.transformations, seed=number)
    network = inherit(ground.start, lineage, ground.data.calibration())
    recipe = replace(ground.config.recipe, epochs=epochs)
    for _ in Trainer(network, recipe, ground.data.training(recipe, seed=number), seed=number).run():
        pass
    accuracy = evaluate(network, ground.data.validation()).accuracy
    return Ranked(number, network.architecture.cost.parameters, epochs, accuracy)


def summary(found: Sequence[Ranked]) -> str:
    """How the cells rank after a few epochs, beside how they rank after the most."""
    reached = {(one.cell, one.epochs): one.accuracy for one in found}
    cells = sorted({one.cell for one in found if one.epochs == EPOCHS[-1]})
    last = [reached[cell, EPOCHS[-1]] for cell in cells]
    rows = []
    for epochs in EPOCHS:
        accuracies = [reached[cell, epochs] for cell in cells]
        spread = f"{100 * min(accuracies):.2f} to {100 * max(accuracies):.2f}"
        correlation = spearmanr(accuracies, last)
        rows.append(
            [str(epochs), spread, f"{correlation.statistic:.2f}", f"{correlation.pvalue:.3f}"]
        )
    return table(["epochs", "validation images, %", "Spearman", "p"], rows)


def main() -> None:
    """Train what is not there yet, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=30)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    ground, found = Ground("saturated", 0), read_runs(RECORD, Ranked)
    done = {(one.cell, one.epochs) for one in found}
    for number in range(1, arguments.cells + 1):
        for epochs in EPOCHS:
            if (number, epochs) in done:
                continue
            found.append(run(ground, number, epochs))
            print(found[-1], flush=True)
            keep_run(RECORD, asdict(found[-1]))
    splits = ground.data.splits
    text = (
        f"### Do a few epochs rank cells as {EPOCHS[-1]} do?\n\n{arguments.cells} random cells,"
        f" {len(splits.train):,} training images, {len(splits.validation):,} validation images."
        f" `python -m benchmarks.ranking`\n\n{summary(found)}\n\n{machine()}"
    )
    print(text)
    write_section("ranking", text)


if __name__ == "__main__":
    main()
