"""What `export` does."""

import argparse
import json
from pathlib import Path

import torch
from torch import Tensor

from search_engine.architecture import ImageShape
from search_engine.checkpoint import Description, read_description
from search_engine.checkpoint_zip import opened
from search_engine.command_line.devices import set_threads
from search_engine.command_line.predict_run import read_image
from search_engine.data import load_dataset
from search_engine.errors import DatasetError
from search_engine.export import MAX_COMPARED, ExportKind, ExportReport, build_export
from search_engine.loading import pixels_of

_SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".webp")


def export(arguments: argparse.Namespace) -> int:
    """Write a checkpoint for use elsewhere, after checking that it computes the same.

    Raises:
        SearchEngineError: the checkpoint is damaged, there are no images to compare on, or the
            export computes something else.
    """
    set_threads(arguments.threads)
    with opened(arguments.checkpoint) as folder:
        description = read_description(folder)
    if arguments.images is not None:
        images = read_images(arguments.images, description.architecture.skeleton.image)
    else:
        images = _test_images(description, arguments.data_folder)
    report = build_export(arguments.checkpoint, ExportKind(arguments.to), arguments.out, images)
    if arguments.json:
        print(json.dumps(report.to_json(), indent=2))
    else:
        _print(report, arguments.out)
    return 0


def read_images(folder: Path, shape: ImageShape) -> Tensor:
    """Images below a folder, resized to what a network takes; the first 256 in order of path.

    Args:
        folder: how it is divided into further folders does not matter.
        shape: of the network's images.

    Returns:
        uint8, `(N, C, H, W)`.

    Raises:
        DatasetError: there are none, or one cannot be read.
    """
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES)
    if not paths:
        expected = ", ".join(_SUFFIXES)
        raise DatasetError(str(folder), f"expected a folder with images ({expected}), found none")
    return torch.stack([pixels_of(read_image(path), shape) for path in paths[:MAX_COMPARED]])


def _test_images(description: Description, data_folder: Path | None) -> Tensor:
    """The first test images of the data set that the checkpoint names."""
    if description.trained_on is None:
        raise DatasetError("checkpoint", "it names no data set to compare on; give --images DIR")
    name = description.trained_on.name
    shape = description.architecture.skeleton.image
    try:
        dataset = load_dataset(name, folder=data_folder, size=(shape.height, shape.width))
    except DatasetError as error:
        raise DatasetError(error.place, f"{error.reason}; or give --images DIR") from None
    test = dataset.split(validation=1, calibration=len(dataset.class_names), seed=0).test
    return dataset.images[test[:MAX_COMPARED]]


def _print(report: ExportReport, folder: Path) -> None:
    for file in report.files:
        print(f"{folder / file.name}  {file.bytes:,} bytes  sha256 {file.sha256}")
    print(
        f"compared on {report.images_compared} images: same class on all of them, largest"
        f" difference {report.largest_difference:.1e} of the logits' scale"
        f" (allowed {report.bound:.0e})"
    )
    assert report.latency_1 is not None and report.latency_64 is not None
    print(
        f"latency {1000 * report.latency_1:.2f} ms for 1 image,"
        f" {1000 * report.latency_64:.2f} ms for 64 ({report.device})"
    )
    if report.memory is not None:
        print(f"memory {report.memory / 2**20:.1f} MiB for 1 image, weights included")
