"""Small data sets and image files, made on the spot."""

import gzip
import io
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from search_engine.data import Augmentation, Dataset

MakeDataset = Callable[..., Dataset]


@pytest.fixture
def make_dataset() -> MakeDataset:
    """Random images, `class_counts[i]` of class i, in mixed order."""

    def make(
        class_counts: tuple[int, ...] = (30, 20, 10),
        shape: tuple[int, int, int] = (3, 6, 5),
        test: tuple[int, ...] = (),
    ) -> Dataset:
        generator = torch.Generator().manual_seed(0)
        labels = torch.repeat_interleave(torch.tensor(class_counts))
        return Dataset(
            name="small",
            images=torch.randint(
                256, (len(labels), *shape), generator=generator, dtype=torch.uint8
            ),
            labels=labels[torch.randperm(len(labels), generator=generator)],
            class_names=tuple(f"class {index}" for index in range(len(class_counts))),
            test=torch.tensor(test, dtype=torch.int64),
            licence="none",
            source="random",
            augmentation=Augmentation(),
        )

    return make


@pytest.fixture
def image_bytes() -> Callable[..., bytes]:
    """An image file of one grey level or colour."""

    def make(
        colour: int | tuple[int, int, int] = 7, size: tuple[int, int] = (4, 3), kind: str = "PNG"
    ) -> bytes:
        file = io.BytesIO()
        height, width = size
        Image.new("L" if isinstance(colour, int) else "RGB", (width, height), colour).save(
            file, kind
        )
        return file.getvalue()

    return make


@pytest.fixture
def idx_bytes() -> Callable[..., bytes]:
    """An IDX file of the values, compressed with gzip unless said otherwise."""

    def make(values: np.ndarray, *, compressed: bool = True) -> bytes:
        header = bytes((0, 0, 8, values.ndim)) + struct.pack(f">{values.ndim}I", *values.shape)
        content = header + values.astype(np.uint8).tobytes()
        return gzip.compress(content) if compressed else content

    return make


@pytest.fixture
def fashion_folder(tmp_path: Path, idx_bytes: Callable[..., bytes]) -> Path:
    """Fashion-MNIST in small, as Debian lays it out: 20 training and 10 test images."""
    folder = tmp_path / "fashion-mnist"
    folder.mkdir()
    for prefix, count in (("train", 20), ("t10k", 10)):
        images = np.arange(count).repeat(28 * 28).reshape(count, 28, 28)
        (folder / f"{prefix}-images-idx3-ubyte.gz").write_bytes(idx_bytes(images))
        (folder / f"{prefix}-labels-idx1-ubyte.gz").write_bytes(idx_bytes(np.arange(count) % 10))
    return folder


@pytest.fixture
def image_folder(tmp_path: Path, image_bytes: Callable[..., bytes]) -> Path:
    """Three grey images of a cat, levels 10 to 12, and three of a dog, 20 to 22; 12 x 9 pixels."""
    folder = tmp_path / "pets"
    for name, first in (("cat", 10), ("dog", 20)):
        (folder / name).mkdir(parents=True)
        for index in range(3):
            content = image_bytes(first + index, (12, 9))
            (folder / name / f"{index}.png").write_bytes(content)
    return folder
