"""`train`: a final training, watched in the terminal."""

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import stdev
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console

from search_engine.checkpoint import read_description, save_checkpoint
from search_engine.command_line.adopted import is_adopted, published_of, read_start, size_of
from search_engine.command_line.hours import training_hours
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
from search_engine.data.catalogue import CATALOGUE
from search_engine.devices import pick_device, pick_devices, set_threads
from search_engine.networks import Network
from search_engine.spec import AdoptedConfig, Architecture, Cell, ImageShape, SkeletonConfig
from search_engine.spec.errors import InvalidConfig, TrainingStopped
from search_engine.spec.final_presets import final_preset
from search_engine.spec.final_result import FinalResult
from search_engine.spec.final_training import FinalData, FinalTrainingConfig, Weights
from search_engine.spec.fine_tuning import FINE_TUNING
from search_engine.spec.training_events import EpochEnded, Event
from search_engine.training.ddp_worker import is_started_by_torchrun, train_distributed
from search_engine.training.final_training import Listener, train_final
from search_engine.training.folds import trained_in_folds
from search_engine.training.launch import launch_distributed

_OWN_WEIGHTS = (Weights.SCRATCH, Weights.GROWN)


def train(arguments: argparse.Namespace) -> int:
    """Train a cell in a network to the end, and measure it on the test images.

    Returns:
        The exit status: 0, or 130 where Ctrl-C stopped it.

    Raises:
        SearchEngineError: the input is at fault, or the training failed.
    """
    _check_processes(arguments)
    set_threads(arguments.threads)
    config, dataset, initial = _read_config(arguments)
    console = Console(quiet=os.environ.get("RANK", "0") != "0")

    def tell(event: Event) -> None:
        if isinstance(event, EpochEnded):
            console.print(describe(event), markup=False, highlight=False)

    with interruptible() as stopped:
        try:
            with _begun_with(arguments, initial) as start:
                result = _train(arguments, config, dataset, start, tell, stopped)
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
        if result.devices is not None:
            console.print(f"It was {result.devices}.", markup=False, highlight=False)
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
    start: Path | None,
    listener: Any,
    stopped: StopFlag,
) -> FinalResult | None:
    """The result; None in all of torchrun's processes but the first."""
    settings: dict[str, Any] = {
        "dataset": dataset,
        "start_checkpoint": start,
        "should_stop": stopped,
    }
    if not arguments.distributed:
        found = pick_devices(arguments.device, 0)
        if hours := training_hours(config, dataset, found[0]):
            print(hours)
        devices = [str(device) for device in found]

        def one(config: FinalTrainingConfig, folder: Path, listener: Listener) -> FinalResult:
            settings["listener"] = listener
            if len(devices) > 1:
                return launch_distributed(config, folder, devices, if_faster=True, **settings)
            return train_final(config, folder, device=pick_device(devices[0]), **settings)

        return trained_in_folds(config, arguments.out, one, listener)
    if config.data.folds > 1:
        raise InvalidConfig("--folds", "one process trains the folds one by one: expected 1")
    own = tuple(arguments.device.split(",")) if arguments.device else ()
    if len(own) == 1:
        own *= int(os.environ["LOCAL_WORLD_SIZE"])
    settings |= {"devices": own, "listener": listener}
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


@contextmanager
def _begun_with(arguments: argparse.Namespace, initial: Network | None) -> Iterator[Path | None]:
    """The folder of the checkpoint whose weights it starts from, while the `with` lasts."""
    if initial is None:
        yield arguments.found
        return
    with TemporaryDirectory(prefix="espalier-") as folder:
        save_checkpoint(initial, Path(folder))
        yield Path(folder)


def _read_config(
    arguments: argparse.Namespace,
) -> tuple[FinalTrainingConfig, Dataset, Network | None]:
    """The config, the images, and the network that was brought in where it begins with one."""
    base = final_preset(arguments.preset) if arguments.preset else None
    name = arguments.data or (base.data.name if base else "digits")
    size = size_of(arguments)
    if base is not None and base.data.name not in CATALOGUE:
        size = base.skeleton.image.height, base.skeleton.image.width
    dataset = read_dataset(arguments, name, size)
    skeleton, cell, initial = _read_network(arguments, base, dataset)
    validation = base.data.validation if base else max(len(dataset) // 10, 1)
    settings = given(arguments, TRAINING_FLAGS)
    weights = Weights.SCRATCH if initial is None else Weights.ADOPTED
    fine_tunes = arguments.fine_tune
    if fine_tunes is None:
        fine_tunes = published_of(arguments) is not None
    config = FinalTrainingConfig(
        data=FinalData(name=name, validation=validation),
        skeleton=skeleton,
        cell=cell,
        recipe=FINE_TUNING if fine_tunes else (base or FinalTrainingConfig()).recipe,
        cutout=base.cutout if base else None,
        weights=Weights.GROWN if arguments.weights == Weights.GROWN else weights,
    )
    if "seed" in settings:
        settings["data.seed"] = settings["seed"]
    return changed(config, settings), dataset, initial


def _read_network(
    arguments: argparse.Namespace, base: FinalTrainingConfig | None, dataset: Dataset
) -> tuple[SkeletonConfig, Cell, Network | None]:
    image, classes = ImageShape(*dataset.image_shape), len(dataset.class_names)
    found = read_description(arguments.found).architecture if arguments.found else None
    if arguments.weights == Weights.GROWN and found is None:
        raise InvalidConfig("--weights", "grown weights need --found, the checkpoint of a trial")
    if is_adopted(arguments.network) and arguments.weights not in _OWN_WEIGHTS:
        return _read_brought_in(arguments, found, image, classes)
    skeleton, cell = _read_own(arguments, base, found, image, classes)
    return skeleton, cell, None


def _read_brought_in(
    arguments: argparse.Namespace, found: Architecture | None, image: ImageShape, classes: int
) -> tuple[SkeletonConfig, Cell, Network | None]:
    """A network that was not built here; with the sites and widths of a trial found in it."""
    grown = found.skeleton if found is not None else None
    if isinstance(grown, AdoptedConfig) and arguments.sites is None:
        arguments.sites = ",".join(site.name for site in grown.chosen)
    skeleton, initial = read_start(arguments, image, classes, arguments.seed or 0)
    cell = read_cell(arguments.cell, skeleton) if found is None else found.cell
    if isinstance(grown, AdoptedConfig):
        return replace(grown, classes=classes), cell, initial
    return skeleton, cell, initial


def _read_own(
    arguments: argparse.Namespace,
    base: FinalTrainingConfig | None,
    found: Architecture | None,
    image: ImageShape,
    classes: int,
) -> tuple[SkeletonConfig, Cell]:
    if arguments.weights not in (None, *_OWN_WEIGHTS):
        reason = f"expected {' or '.join(_OWN_WEIGHTS)} with {arguments.network}"
        raise InvalidConfig("--weights", f"{reason}, got {arguments.weights[:60]!r}")
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
