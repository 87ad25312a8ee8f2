"""A prepared data set on disk: one safetensors file, and readable JSON beside it. No Django here.

The images lie channels last, as `search_engine.data` likes them, so that loading copies nothing.
Nothing in these files is ever executed.
"""

import json
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from search_engine.data import Augmentation, Dataset
from search_engine.errors import DatasetError

PREPARED_VERSION = 1
TENSORS = "dataset.safetensors"
DOCUMENT = "dataset.json"


def write_prepared(folder: Path, dataset: Dataset) -> None:
    """Write the two files into an existing folder."""
    tensors = {
        "images": dataset.images.permute(0, 2, 3, 1).contiguous(),
        "labels": dataset.labels.contiguous(),
        "test": dataset.test.contiguous(),
    }
    save_file(tensors, folder / TENSORS)
    document = {
        "version": PREPARED_VERSION,
        "class_names": dataset.class_names,
        "licence": dataset.licence,
        "padding": dataset.augmentation.padding,
        "flip": dataset.augmentation.flip,
    }
    (folder / DOCUMENT).write_text(json.dumps(document, indent=2), encoding="utf-8")


def read_prepared(folder: Path, *, name: str, source: str) -> Dataset:
    """Read what `write_prepared` wrote.

    Raises:
        DatasetError: a file is missing or damaged, or was written by another version.
    """
    try:
        document = json.loads((folder / DOCUMENT).read_text(encoding="utf-8"))
        tensors = load_file(folder / TENSORS)
    except (OSError, ValueError, SafetensorError) as error:
        raise DatasetError(name, f"its prepared files cannot be read: {error}") from error
    if document.get("version") != PREPARED_VERSION or set(tensors) != {"images", "labels", "test"}:
        raise DatasetError(name, f"expected files of version {PREPARED_VERSION}; prepare it again")
    return _assemble(document, tensors, name=name, source=source)


def _assemble(
    document: dict[str, object], tensors: dict[str, torch.Tensor], *, name: str, source: str
) -> Dataset:
    names, padding = document["class_names"], document["padding"]
    if not isinstance(names, list) or not isinstance(padding, int):
        raise DatasetError(name, "its prepared files are damaged; prepare it again")
    return Dataset(
        name=name,
        images=tensors["images"].permute(0, 3, 1, 2),
        labels=tensors["labels"],
        class_names=tuple(str(one) for one in names),
        test=tensors["test"],
        licence=str(document["licence"]),
        source=source,
        augmentation=Augmentation(padding=padding, flip=bool(document["flip"])),
    )
