"""Train the packed start network of the preset `clothing-demo`, until that no longer pays.

    python -m search_engine.packed.train_start

It is trained in rounds, each a whole cosine of the preset's start recipe from where the one before
ended, until a round gains less than 0.3 points of the test images. A command that was interrupted
goes on after the last round that ended.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from search_engine.checkpoint import (
    DESCRIPTION,
    load_checkpoint,
    read_description,
    save_checkpoint,
)
from search_engine.data import SplitDataset, load_dataset
from search_engine.networks import Network, build_network
from search_engine.search.evaluation import start_architecture
from search_engine.spec.presets import preset, start_folder
from search_engine.spec.recipe import Recipe
from search_engine.training.metrics import evaluate
from search_engine.training.trainer import Trainer

PRESET = "clothing-demo"
SATURATED = 0.003
"""A round that gains less is the last."""
MAX_ROUNDS = 16


@dataclass(frozen=True)
class Round:
    """What a round has come to."""

    number: int
    accuracy: float
    gain: float
    validation: float
    seconds: float


def train_in_rounds(
    network: Network, recipe: Recipe, data: SplitDataset, *, done: int = 0, before: float = 0.0
) -> Iterator[Round]:
    """Train a network in place to saturation; the last round is the first that gained little.

    Args:
        done: rounds that it has been trained for.
        before: its accuracy after these.
    """
    for number in range(done + 1, MAX_ROUNDS + 1):
        began = time.process_time()
        batches, validation = data.training(recipe, seed=number), data.validation()
        for _ in Trainer(network, recipe, batches, validation, seed=number).run():
            pass
        seconds = (time.process_time() - began) / recipe.epochs
        accuracy = evaluate(network, data.test()).accuracy
        measured = evaluate(network, validation).accuracy
        yield Round(number, accuracy, accuracy - before, measured, seconds)
        if accuracy - before < SATURATED:
            return
        before = accuracy


def main() -> None:
    """Train it, and keep it where the preset looks for it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=start_folder(PRESET))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    config = preset(PRESET)
    data = SplitDataset(load_dataset(config.data.name), config.data, seed=config.split_seed)
    network = build_network(start_architecture(config, data), seed=config.split_seed)
    done, before = 0, 0.0
    if (arguments.out / DESCRIPTION).exists():
        network = load_checkpoint(arguments.out)
        found = read_description(arguments.out).metrics
        if found["last_gain"] < SATURATED:
            print(f"It is trained: round {found['rounds']} gained {found['last_gain']:.2%}.")  # noqa: T201
            return
        done, before = int(found["rounds"]), found["test_accuracy"]
    for one in train_in_rounds(network, config.start_recipe, data, done=done, before=before):
        print(one, flush=True)  # noqa: T201
        metrics = {
            "accuracy": one.validation,
            "test_accuracy": one.accuracy,
            "rounds": one.number,
            "last_gain": one.gain,
        }
        save_checkpoint(network, arguments.out, trained_on=data.trained_on, metrics=metrics)


if __name__ == "__main__":
    main()
