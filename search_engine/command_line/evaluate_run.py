"""What `evaluate` does."""

import argparse
import json

from search_engine.command_line.devices import pick_device
from search_engine.data import Batches, Dataset, DeviceImages, Statistics, load_dataset
from search_engine.errors import InvalidConfig
from search_engine.loading import load
from search_engine.training.metrics import Evaluation, evaluate


def evaluate_checkpoint(arguments: argparse.Namespace) -> int:
    """Measure a checkpoint on a data set's test images.

    Raises:
        SearchEngineError: the checkpoint is damaged, or the data set does not fit it.
    """
    device = pick_device(arguments.device)
    loaded = load(arguments.checkpoint, device=device)
    description, trained_on = loaded.description, loaded.trained_on
    dataset = read_dataset(arguments, arguments.data or trained_on.name)
    image = description.architecture.skeleton.image
    if dataset.image_shape != (image.channels, image.height, image.width):
        raise InvalidConfig("--data", f"the network takes {image}, got {dataset.image_shape}")
    if dataset.class_names != trained_on.class_names:
        raise InvalidConfig("--data", "its classes are not those of the checkpoint")
    statistics = Statistics(trained_on.mean, trained_on.std)
    # The test images do not depend on how the others are divided.
    test = dataset.split(validation=1, calibration=len(dataset.class_names), seed=0).test
    batches = Batches(DeviceImages(dataset, device), test, 256, statistics=statistics)
    _print_evaluation(evaluate(loaded.network, batches), dataset, as_json=arguments.json)
    return 0


def read_dataset(arguments: argparse.Namespace, name: str) -> Dataset:
    """The data set of that name, from where the options say."""
    return load_dataset(name, folder=arguments.data_folder, download=arguments.download)


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
