"""`evaluate` and `predict`: what is done with a checkpoint."""

import argparse
import json
from pathlib import Path

import torch
from torch import Tensor

from search_engine.data import Batches, Dataset, DeviceImages, Statistics, load_dataset
from search_engine.devices import pick_device
from search_engine.loading import Loaded, load, pixels_of
from search_engine.networks import AdoptedNetwork
from search_engine.pictures.pixels import opened
from search_engine.spec import ImageShape
from search_engine.spec.errors import DatasetError, InvalidConfig
from search_engine.spec.pictures import Rendering
from search_engine.training.metrics import Evaluation, evaluate


def evaluate_checkpoint(arguments: argparse.Namespace) -> int:
    """Measure a checkpoint on a data set's test images.

    Raises:
        SearchEngineError: the checkpoint is damaged, or the data set does not fit it.
    """
    device = pick_device(arguments.device)
    loaded = load(arguments.checkpoint, device=device)
    description, trained_on = loaded.description, loaded.trained_on
    image = description.architecture.skeleton.image
    size = (image.height, image.width) if isinstance(loaded.network, AdoptedNetwork) else None
    dataset = read_dataset(arguments, arguments.data or trained_on.name, size)
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


def read_dataset(
    arguments: argparse.Namespace, name: str, size: tuple[int, int] | None = None
) -> Dataset:
    """The data set of that name, from where the options say.

    Args:
        size: height and width to which the images of a folder are resized.
    """
    return load_dataset(name, folder=arguments.data_folder, download=arguments.download, size=size)


def _print_evaluation(evaluation: Evaluation, dataset: Dataset, *, as_json: bool) -> None:
    by_class = dict(zip(dataset.class_names, evaluation.per_class_accuracy, strict=True))
    if as_json:
        document = {
            "accuracy": evaluation.accuracy,
            "balanced_accuracy": evaluation.balanced_accuracy,
            "images": evaluation.images,
            "by_class": by_class,
        }
        print(json.dumps(document, indent=2))
        return
    print(f"accuracy  {evaluation.accuracy:.2%} of {evaluation.images} test images")
    print(f"balanced  {evaluation.balanced_accuracy:.2%}, the mean over the classes")
    for name, accuracy in by_class.items():
        print(f"  {name:<20} {'–' if accuracy is None else f'{accuracy:.2%}'}")


def predict(arguments: argparse.Namespace) -> int:
    """Print the likeliest classes of images.

    Raises:
        SearchEngineError: the checkpoint is damaged, or an image cannot be read.
    """
    if arguments.top < 1:
        raise InvalidConfig("--top", f"expected at least 1, got {arguments.top}")
    loaded = load(arguments.checkpoint, device=pick_device(arguments.device))
    shape, rendering = loaded.network.architecture.skeleton.image, loaded.trained_on.rendering
    images = [read_image(path, shape, rendering) for path in arguments.images]
    shares = loaded.predict(torch.stack(images))
    found = {
        str(path): _likeliest(row, loaded, arguments.top)
        for path, row in zip(arguments.images, shares, strict=True)
    }
    if arguments.json:
        print(json.dumps([_document(*entry) for entry in found.items()], indent=2))
    else:
        _print_classes(found)
    return 0


def read_image(path: Path, shape: ImageShape, rendering: Rendering) -> Tensor:
    """Pixels of an image file, as a network takes them: uint8, `(C, H, W)`.

    Raises:
        DatasetError: there is no such file, or it is no image.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DatasetError(str(path), error.strerror or str(error)) from None
    with opened(content, str(path)) as image:
        return pixels_of(image, shape, rendering)


def _likeliest(row: Tensor, loaded: Loaded, count: int) -> list[tuple[str, float]]:
    """Names of the likeliest classes, with their probabilities."""
    shares, indexes = row.topk(min(count, len(row)))
    names = [loaded.class_names[index] for index in indexes.tolist()]
    return list(zip(names, shares.tolist(), strict=True))


def _document(image: str, likely: list[tuple[str, float]]) -> dict[str, object]:
    classes = [{"class": name, "probability": share} for name, share in likely]
    return {"image": image, "classes": classes}


def _print_classes(found: dict[str, list[tuple[str, float]]]) -> None:
    """A table: the image's name, then a class and its probability in each line."""
    for image, likely in found.items():
        print(image)
        width = max(len(name) for name, _ in likely)
        for name, share in likely:
            print(f"  {name:<{width}}  {share:>7.2%}")
