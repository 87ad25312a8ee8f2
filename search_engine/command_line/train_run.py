"""What `train` and `evaluate` do."""

import argparse
import json
from dataclasses import replace

from rich.console import Console

from search_engine.architecture import Architecture, Cell, ImageShape
from search_engine.checkpoint import load_checkpoint, read_description, save_checkpoint
from search_engine.command_line.devices import pick_device, set_threads
from search_engine.command_line.inputs import read_cell
from search_engine.command_line.interrupts import interruptible
from search_engine.command_line.network_options import read_skeleton
from search_engine.command_line.progress import describe
from search_engine.config import DataConfig
from search_engine.data import Batches, Dataset, DeviceImages, Statistics, load_dataset
from search_engine.errors import InvalidConfig, TrainingStopped
from search_engine.networks import CondenseNet, build_network
from search_engine.search_data import SearchData
from search_engine.training import EpochEnded, Recipe
from search_engine.training.metrics import Evaluation, evaluate
from search_engine.training.resumable import run_resumable
from search_engine.training.trainer import Trainer


def train(arguments: argparse.Namespace) -> int:
    """Train a cell in a network to the end, and measure it on the test images.

    Returns:
        The exit status: 0, or 130 where Ctrl-C stopped it.

    Raises:
        SearchEngineError: the input is at fault, or the training failed.
    """
    set_threads(arguments.threads)
    console, device = Console(), pick_device(arguments.device)
    dataset = _read_dataset(arguments, arguments.data or "digits")
    if arguments.cutout is not None:
        dataset = replace(
            dataset, augmentation=replace(dataset.augmentation, cutout=arguments.cutout)
        )
    architecture = _read_architecture(arguments, dataset)
    validation = arguments.validation or max(len(dataset) // 10, 1)
    config = DataConfig(
        name=dataset.name, validation=validation, calibration=len(dataset.class_names)
    )
    data = SearchData(dataset, config, seed=arguments.seed, device=device)
    recipe = Recipe(
        epochs=arguments.epochs,
        batch_size=arguments.batch_size,
        learning_rate=arguments.learning_rate,
        label_smoothing=arguments.label_smoothing,
        ema_decay=arguments.ema,
    )
    network = build_network(architecture, seed=arguments.seed, device=device)
    with interruptible() as stopped:
        trainer = Trainer(
            network,
            recipe,
            data.training(recipe, seed=arguments.seed),
            data.validation(),
            seed=arguments.seed,
            device=device,
            should_stop=stopped,
        )
        try:
            for event in run_resumable(trainer, arguments.out / "training"):
                if isinstance(event, EpochEnded):
                    console.print(describe(event), markup=False, highlight=False)
        except TrainingStopped:
            console.print("Stopped. The same command goes on from the last epoch.", markup=False)
            return 130
    plain = network.converted() if isinstance(network, CondenseNet) else network
    measured = evaluate(plain, data.test())
    validated = evaluate(plain, data.validation())
    save_checkpoint(
        plain,
        arguments.out,
        trained_on=data.trained_on,
        metrics={"accuracy": validated.accuracy, "test_accuracy": measured.accuracy},
    )
    cost = architecture.cost
    console.print(
        f"Test accuracy {measured.accuracy:.2%} ({measured.images} images),"
        f" {cost.parameters:,} parameters. Checkpoint: {arguments.out}",
        markup=False,
        highlight=False,
    )
    return 0


def evaluate_checkpoint(arguments: argparse.Namespace) -> int:
    """Measure a checkpoint on a data set's test images.

    Raises:
        SearchEngineError: the checkpoint is damaged, or the data set does not fit it.
    """
    description = read_description(arguments.checkpoint)
    if description.trained_on is None:
        raise InvalidConfig("checkpoint", "it does not say which data set it was trained on")
    device = pick_device(arguments.device)
    dataset = _read_dataset(arguments, arguments.data or description.trained_on.name)
    image = description.architecture.skeleton.image
    if dataset.image_shape != (image.channels, image.height, image.width):
        raise InvalidConfig("--data", f"the network takes {image}, got {dataset.image_shape}")
    if dataset.class_names != description.trained_on.class_names:
        raise InvalidConfig("--data", "its classes are not those of the checkpoint")
    network = load_checkpoint(arguments.checkpoint, device=device)
    statistics = Statistics(description.trained_on.mean, description.trained_on.std)
    # The test images do not depend on how the others are divided.
    test = dataset.split(validation=1, calibration=len(dataset.class_names), seed=0).test
    batches = Batches(DeviceImages(dataset, device), test, 256, statistics=statistics)
    _print_evaluation(evaluate(network, batches), dataset, as_json=arguments.json)
    return 0


def _read_dataset(arguments: argparse.Namespace, name: str) -> Dataset:
    return load_dataset(name, folder=arguments.data_folder, download=arguments.download)


def _read_architecture(arguments: argparse.Namespace, dataset: Dataset) -> Architecture:
    image = ImageShape(*dataset.image_shape)
    skeleton = read_skeleton(arguments, image, len(dataset.class_names))
    cell: Cell = read_cell(arguments.cell, skeleton)
    if arguments.found is not None:
        cell = read_description(arguments.found).architecture.cell
    return Architecture(skeleton, cell)


def _print_evaluation(evaluation: Evaluation, dataset: Dataset, *, as_json: bool) -> None:
    by_class = dict(zip(dataset.class_names, evaluation.per_class_accuracy, strict=True))
    if as_json:
        document = {
            "accuracy": evaluation.accuracy,
            "images": evaluation.images,
            "by_class": by_class,
        }
        print(json.dumps(document, indent=2))
        return
    print(f"accuracy  {evaluation.accuracy:.2%} of {evaluation.images} test images")
    for name, accuracy in by_class.items():
        print(f"  {name:<20} {'–' if accuracy is None else f'{accuracy:.2%}'}")
