"""Sample pictures of a data set, as PNG files that the web process only has to send.

One picture a class, and a thumbnail of all: a grid of images with clear gaps, so that it suits a
light and a dark page alike.
"""

from collections.abc import Callable, Sequence
from itertools import chain, zip_longest
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from search_engine.data import Dataset
from webapp.datasets.files import THUMBNAIL, sample_name

COLUMNS = 8
ROWS = 2
LARGEST_PIXELS = 64
"""Sides of sample images; larger images are scaled down to it."""


ImageAt = Callable[[int], Tensor]
"""Gives the image at a place, uint8, `(C, H, W)`."""


def write_samples(folder: Path, dataset: Dataset, image_at: ImageAt) -> None:
    """Write the thumbnail and one picture a class into an existing folder."""
    chosen = [_spread(dataset, label) for label in range(len(dataset.class_names))]
    for label, indexes in enumerate(chosen):
        _grid(indexes, image_at).save(folder / sample_name(label), optimize=True)
    # Class by class in turn, so that the thumbnail shows as many classes as it has room for.
    mixed = [index for index in chain.from_iterable(zip_longest(*chosen)) if index is not None]
    _grid(mixed[: COLUMNS * ROWS], image_at).save(folder / THUMBNAIL, optimize=True)


def _spread(dataset: Dataset, label: int) -> list[int]:
    """Up to a grid of images of a class, evenly spread over it."""
    indexes = (dataset.labels == label).nonzero().flatten()
    count = min(len(indexes), COLUMNS * ROWS)
    places = torch.linspace(0, len(indexes) - 1, count).round().long()
    return [int(index) for index in indexes[places]]


def _grid(indexes: Sequence[int], image_at: ImageAt) -> Image.Image:
    return grid([small(_picture(image_at(index))) for index in indexes])


def small(picture: Image.Image) -> Image.Image:
    """As it is shown: scaled down where it is large, so that many can be held."""
    width, height = picture.size
    scale = min(1.0, LARGEST_PIXELS / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return picture.convert("RGBA").resize(size, Image.Resampling.BILINEAR)


def grid(pictures: Sequence[Image.Image]) -> Image.Image:
    """Small pictures of one size in rows."""
    width, height = pictures[0].size
    gap = max(1, max(width, height) // 16)
    columns = min(len(pictures), COLUMNS)
    rows = -(-len(pictures) // COLUMNS)
    whole = Image.new("RGBA", (columns * (width + gap) - gap, rows * (height + gap) - gap))
    for place, picture in enumerate(pictures):
        row, column = divmod(place, COLUMNS)
        whole.paste(picture, (column * (width + gap), row * (height + gap)))
    return whole


def _picture(image: Tensor) -> Image.Image:
    """A PIL image of uint8, `(C, H, W)`."""
    pixels = np.ascontiguousarray(image.permute(1, 2, 0).numpy())
    return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
