"""What `train` does: a final training, watched in the terminal."""

import argparse
import os
from dataclasses import replace
from typing import Any

from rich.console import Console

from search_engine.architecture import Cell, ImageShape, SkeletonConfig
from search_engine.checkpoint import read_description
from search_engine.command_line.devices import pick_device, set_threads
from search_engine.command_line.evaluate_run import read_dataset
from search_engine.command_line.inputs import read_cell
from search_engine.command_line.interrupts import StopFlag, interruptible
from search_engine.command_line.network_options import read_skeleton
from search_engine.command_line.progress import describe
from search_engine.data import Dataset
from search_engine.errors import InvalidConfig, TrainingStopped
from search_engine.final_training import (
    FinalData,
    FinalResult,
    FinalTrainingConfig,
    Weights,
    final_preset,
)
from search_engine.final_training.team_training import is_started_by_torchrun, train_in_team
from search_engine.final_training.train import train_final
from search_engine.training import EpochEnded, Event, Recipe

_NETWORK = ("blocks", "growth", "alpha", "channels", "groups", "order")
_RECIPE = {
    "epochs": "epochs",
    "batch_size": "batch_size",
    "learning_rate": "learning_rate",
    "weight_decay": "weight_decay",
    "label_smoothing": "label_smoothing",
    "ema": "ema_decay",
}


def train(arguments: argparse.Namespace) -> int:
    """Train a cell in a network to the end, and measure it on the test images.

    Returns:
        The exit status: 0, or 130 where Ctrl-C stopped it.

    Raises:
        SearchEngineError: the input is at fault, or the training failed.
    """
    _check_processes(arguments)
    set_threads(arguments.threads)
    config, dataset = _read_config(arguments)
    console = Console(quiet=os.environ.get("RANK", "0") != "0")

    def tell(event: Event) -> None:
        if isinstance(event, EpochEnded):
            console.print(describe(event), markup=False, highlight=False)

    with interruptible() as stopped:
        try:
            result = _train(arguments, config, dataset, tell, stopped)
        except TrainingStopped:
            console.print("Stopped. The same command goes on from the last epoch.", markup=False)
            return 130
    if result is not None:
        console.print(
            f"Test accuracy {result.test_accuracy:.2%} ({result.test_images} images),"
            f" {result.parameters:,} parameters. Checkpoint: {arguments.out}",
            markup=False,
            highlight=False,
        )
    return 0


def _train(
    arguments: argparse.Namespace,
    config: FinalTrainingConfig,
    dataset: Dataset,
    listener: Any,
    stopped: StopFlag,
) -> FinalResult | None:
    """The result; None in all of torchrun's processes but the first."""
    settings: dict[str, Any] = {
        "dataset": dataset,
        "start_checkpoint": arguments.found,
        "listener": listener,
        "should_stop": stopped,
    }
    if not arguments.distributed:
        device = pick_device(arguments.device)
        return train_final(config, arguments.out, device=device, **settings)
    devices = tuple(arguments.device.split(",")) if arguments.device else ()
    if len(devices) == 1:
        devices *= int(os.environ["LOCAL_WORLD_SIZE"])
    return train_in_team(config, arguments.out, devices=devices, **settings)


def _check_processes(arguments: argparse.Namespace) -> None:
    if arguments.distributed and not is_started_by_torchrun():
        raise InvalidConfig(
            "--distributed",
            "start it with torchrun --nproc-per-node=N -m search_engine train --distributed …",
        )
    if not arguments.distributed and int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise InvalidConfig(
            "--distributed", "torchrun has started several processes, so this option must be given"
        )


def _read_config(arguments: argparse.Namespace) -> tuple[FinalTrainingConfig, Dataset]:
    base = final_preset(arguments.preset) if arguments.preset else None
    name = arguments.data or (base.data.name if base else "digits")
    dataset = read_dataset(arguments, name)
    skeleton, cell = _read_network(arguments, base, dataset)
    validation = arguments.validation
    if validation is None:
        validation = base.data.validation if base else max(len(dataset) // 10, 1)
    config = FinalTrainingConfig(
        data=FinalData(name=name, validation=validation, seed=arguments.seed),
        skeleton=skeleton,
        cell=cell,
        recipe=_read_recipe(arguments, (base or FinalTrainingConfig()).recipe),
        cutout=base.cutout if base and arguments.cutout is None else arguments.cutout,
        weights=arguments.weights,
        seed=arguments.seed,
    )
    return config, dataset


def _read_network(
    arguments: argparse.Namespace, base: FinalTrainingConfig | None, dataset: Dataset
) -> tuple[SkeletonConfig, Cell]:
    image, classes = ImageShape(*dataset.image_shape), len(dataset.class_names)
    found = read_description(arguments.found).architecture if arguments.found else None
    if arguments.weights == Weights.GROWN and found is None:
        raise InvalidConfig("--weights", "grown weights need --found, the checkpoint of a trial")
    if arguments.weights == Weights.GROWN and found is not None:
        skeleton: SkeletonConfig = _fixed(arguments, found.skeleton, "--weights grown")
    elif base is not None:
        skeleton = _fixed(arguments, base.skeleton, "--preset")
        skeleton = replace(skeleton, image=image, classes=classes)
    else:
        skeleton = read_skeleton(arguments, image, classes)
    if found is not None:
        return skeleton, found.cell
    if base is not None and arguments.cell == "start":
        return skeleton, base.cell
    return skeleton, read_cell(arguments.cell, skeleton)


def _fixed(arguments: argparse.Namespace, skeleton: SkeletonConfig, by: str) -> SkeletonConfig:
    """A skeleton that is given already; only its DropPath may be changed."""
    for name in _NETWORK:
        if getattr(arguments, name) is not None:
            raise InvalidConfig(f"--{name}", f"the network is that of {by}")
    if arguments.drop_path is None:
        return skeleton
    return replace(skeleton, drop_path=arguments.drop_path)


def _read_recipe(arguments: argparse.Namespace, recipe: Recipe) -> Recipe:
    given = {name: getattr(arguments, option) for option, name in _RECIPE.items()}
    return replace(recipe, **{name: value for name, value in given.items() if value is not None})
