"""`train`: a final training, watched in the terminal."""

import argparse
import os
from dataclasses import replace
from pathlib import Path
from statistics import stdev
from typing import Any

from rich.console import Console

from search_engine.checkpoint import read_description
from search_engine.command_line.options import (
    SKELETON_FLAGS,
    TRAINING_FLAGS,
    changed,
    given,
    read_cell,
    read_skeleton,
)
from search_engine.command_line.progress import StopFlag, describe, interruptible
from search_engine.command_line.use import read_dataset
from search_engine.data import Dataset
from search_engine.devices import pick_device, set_threads
from search_engine.spec import Cell, ImageShape, SkeletonConfig
from search_engine.spec.errors import InvalidConfig, TrainingStopped
from search_engine.spec.final_presets import final_preset
from search_engine.spec.final_result import FinalResult
from search_engine.spec.final_training import FinalData, FinalTrainingConfig, Weights
from search_engine.spec.training_events import EpochEnded, Event
from search_engine.training.ddp_worker import is_started_by_torchrun, train_distributed
from search_engine.training.final_training import Listener, train_final
from search_engine.training.folds import trained_in_folds


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
            f"Test accuracy {result.test_accuracy:.2%} ({result.test_images} images), balanced"
            f" {result.test_balanced_accuracy or 0.0:.2%},"
            f" {result.parameters:,} parameters. Checkpoint: {arguments.out}",
            markup=False,
            highlight=False,
        )
        if found := result.fold_accuracies:
            console.print(
                f"Each image was tested once, in {len(found)} folds: {min(found):.2%} to"
                f" {max(found):.2%}, standard deviation {stdev(found):.2%}. The network of the"
                " first is kept.",
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
        "should_stop": stopped,
    }
    if not arguments.distributed:
        settings["device"] = pick_device(arguments.device)

        def one(config: FinalTrainingConfig, folder: Path, listener: Listener) -> FinalResult:
            return train_final(config, folder, listener=listener, **settings)

        return trained_in_folds(config, arguments.out, one, listener)
    if config.data.folds > 1:
        raise InvalidConfig("--folds", "one process trains the folds one by one: expected 1")
    devices = tuple(arguments.device.split(",")) if arguments.device else ()
    if len(devices) == 1:
        devices *= int(os.environ["LOCAL_WORLD_SIZE"])
    settings |= {"devices": devices, "listener": listener}
    return train_distributed(config, arguments.out, **settings)


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
    validation = base.data.validation if base else max(len(dataset) // 10, 1)
    settings = given(arguments, TRAINING_FLAGS)
    config = FinalTrainingConfig(
        data=FinalData(name=name, validation=validation),
        skeleton=skeleton,
        cell=cell,
        recipe=(base or FinalTrainingConfig()).recipe,
        cutout=base.cutout if base else None,
        weights=arguments.weights,
    )
    if "seed" in settings:
        settings["data.seed"] = settings["seed"]
    return changed(config, settings), dataset


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
    drop_path = getattr(arguments, SKELETON_FLAGS["--drop-path"])
    settings = given(arguments, SKELETON_FLAGS)
    for flag, place in SKELETON_FLAGS.items():
        if place in settings and flag != "--drop-path":
            raise InvalidConfig(flag, f"the network is that of {by}")
    return skeleton if drop_path is None else replace(skeleton, drop_path=drop_path)
