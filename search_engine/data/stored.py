"""A data set as one file: tensors, with JSON in the header, and no pickle."""

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from search_engine.data.augmentation import Augmentation
from search_engine.data.dataset import Dataset
from search_engine.spec.declared import Declared, always
from search_engine.spec.documents import Document
from search_engine.spec.errors import DatasetError, InvalidConfig
from search_engine.spec.pictures import Rendering

Write = Callable[[int, bytes], None]

STORED_DATASET = "dataset.safetensors"
"""What the file is called."""

_HEADER = "dataset"
_PARTS = ("test", "validation", "groups")
"""Tensors beside the images and labels; the first data sets have `test` only."""


@dataclass(frozen=True)
class _Header(Declared):
    place = "dataset"
    fixed = always(version=1)
    may_lack = ("name", "source", "rendering")

    class_names: tuple[str, ...]
    licence: str
    augmentation: Augmentation
    name: str = ""
    source: str = ""
    rendering: Rendering = field(default_factory=Rendering)

    @classmethod
    def opened(cls, document: Mapping[str, Any]) -> Mapping[str, Any]:
        """The first data sets had a file of JSON beside the tensors, and no field for all changes
        to images."""
        if "augmentation" not in document:
            changes = {k: document[k] for k in ("padding", "flip") if k in document}
            rest = {k: value for k, value in document.items() if k not in changes}
            document = {**rest, "augmentation": changes}
        return super().opened(document)


def store_dataset(dataset: Dataset, folder: Path) -> None:
    """Write a data set into a folder, in place of the one that is there."""
    rows = dataset.images.permute(0, 2, 3, 1)
    with storing(folder, rows.shape, about(dataset), tensors_of(dataset)) as write:
        for row, image in enumerate(rows):
            write(row, image.contiguous().numpy().tobytes())


def about(dataset: Dataset) -> Document:
    """What the header says of a data set."""
    return _Header(
        class_names=dataset.class_names,
        licence=dataset.licence,
        augmentation=dataset.augmentation,
        name=dataset.name,
        source=dataset.source,
        rendering=dataset.rendering,
    ).to_json()


def tensors_of(dataset: Dataset) -> dict[str, Tensor]:
    """The tensors beside the images."""
    return {name: getattr(dataset, name) for name in ("labels", *_PARTS)}


@contextmanager
def storing(
    folder: Path, shape: Sequence[int], header: Document, tensors: Mapping[str, Tensor]
) -> Iterator[Write]:
    """A data set's file, whose images are written one by one: only one is held in memory.

    Args:
        shape: of all images, `(N, H, W, C)`.
        header: as `about` makes it.
        tensors: int64, by their names.

    Yields:
        What writes an image, H * W * C bytes, at its place. The file gets its name at the end.
    """
    count, *pixels = shape
    size = math.prod(pixels)
    table: Document = {"__metadata__": {_HEADER: json.dumps(header)}}
    start = 0
    for name, tensor in tensors.items():
        end = start + tensor.numel() * 8
        table[name] = {"dtype": "I64", "shape": [*tensor.shape], "data_offsets": [start, end]}
        start = end
    table["images"] = {
        "dtype": "U8",
        "shape": [*shape],
        "data_offsets": [start, start + count * size],
    }
    text = json.dumps(table).encode()
    text += b" " * (-len(text) % 8)  # so that the numbers behind it are aligned
    new = folder / f"{STORED_DATASET}.new"
    with new.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for tensor in tensors.values():
            file.write(tensor.contiguous().numpy().astype("<i8").tobytes())
        first = file.tell()
        file.truncate(first + count * size)

        def write(row: int, content: bytes) -> None:
            file.seek(first + row * size)
            file.write(content)

        yield write
    new.replace(folder / STORED_DATASET)


@contextmanager
def stored_rows(folder: Path) -> Iterator[Callable[[int], Tensor]]:
    """Single images of a stored data set, read when they are asked for: nothing is mapped.

    Yields:
        What gives the image at a place, uint8, `(C, H, W)`.
    """
    with (folder / STORED_DATASET).open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        images = json.loads(file.read(length))["images"]
        first, shape = 8 + length + images["data_offsets"][0], images["shape"][1:]
        size = math.prod(shape)

        def row(index: int) -> Tensor:
            file.seek(first + index * size)
            pixels = torch.frombuffer(bytearray(file.read(size)), dtype=torch.uint8)
            return pixels.view(*shape).permute(2, 0, 1)

        yield row


def stored_dataset(folder: Path, *, name: str = "", source: str = "") -> Dataset:
    """The data set that was stored in a folder; images are read from the disk when they are used.

    Args:
        name: in place of the one that it was stored under.

    Raises:
        DatasetError: missing or damaged.
    """
    path = folder / STORED_DATASET
    try:
        with safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get(_HEADER)
            names = file.keys()
            tensors = {name: file.get_tensor(name) for name in names}
        header = _Header.from_json(json.loads(text or path.with_suffix(".json").read_text("utf-8")))
    except (OSError, SafetensorError, ValueError, InvalidConfig) as error:
        raise DatasetError(
            name or str(path), f"its prepared files cannot be read: {error}"
        ) from error
    return Dataset(
        name=name or header.name,
        images=tensors["images"].permute(0, 3, 1, 2),
        labels=tensors["labels"],
        **{part: tensors[part] for part in _PARTS if part in tensors},
        rendering=header.rendering,
        class_names=header.class_names,
        licence=header.licence,
        source=source or header.source,
        augmentation=header.augmentation,
    )
