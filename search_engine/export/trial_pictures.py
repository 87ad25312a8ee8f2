"""Pictures to try the preprocessing inside an export on, as the export and as Pillow has them."""

from collections.abc import Iterator

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from search_engine.export.format import About
from search_engine.loading import as_image, pixels_of
from search_engine.spec import ImageShape
from search_engine.spec.pictures import Rendering

COUNT = 24
OTHER_SIZES = ((1.6, 2.3), (3.0, 1.25), (0.7, 0.6))
"""Width and height, of the network's."""


def trial_pictures(images: Tensor, about: About) -> Iterator[tuple[Tensor, Image.Image]]:
    """Some of the images in other sizes, larger and smaller, wide and tall, some see-through.

    Args:
        images: uint8, `(N, C, H, W)`.

    Yields:
        Each as the export takes it, `(1, C, H, W)`, and as Pillow has it.
    """
    for place, image in enumerate(images[:COUNT]):
        picture = _other_size(image, place)
        if about.takes_wide:
            levels = widened(_tensor(picture.convert("L")), about.rendering)
            yield levels, Image.fromarray(levels[0, 0].numpy())
        else:
            picture = _see_through(picture) if place % 4 == 3 else picture
            yield _tensor(picture), picture


def _other_size(image: Tensor, place: int) -> Image.Image:
    wider, taller = OTHER_SIZES[place % len(OTHER_SIZES)]
    _, rows, columns = image.shape
    size = (max(1, round(columns * wider)), max(1, round(rows * taller)))
    return as_image(image.permute(1, 2, 0).numpy()).resize(size, Image.Resampling.BICUBIC)


def _see_through(picture: Image.Image) -> Image.Image:
    """With an opacity that grows from the first line to the last."""
    made = picture.convert("RGBA")
    made.putalpha(Image.linear_gradient("L").resize(picture.size))
    return made


def _tensor(picture: Image.Image) -> Tensor:
    """A picture as uint8, `(1, C, H, W)`."""
    pixels = torch.from_numpy(np.array(picture))
    return pixels[None, None] if pixels.dim() == 2 else pixels.permute(2, 0, 1)[None]


def widened(pixels: Tensor, rendering: Rendering) -> Tensor:
    """Grey levels of 16 bits, uint16, that come nearest to being seen as these, uint8."""
    low, high = rendering.levels
    return (low + pixels.double() * ((high - low) / 255)).round().to(torch.uint16)


def seen_as_wide(images: Tensor, rendering: Rendering) -> Tensor:
    """Images as they are once they have been grey levels of 16 bits: some may not be reached.

    Args:
        images: uint8, `(N, C, H, W)`.
    """
    channels, height, width = images.shape[1:]
    shape = ImageShape(channels, height, width)
    wide = widened(images[:, 0], rendering).numpy()
    return torch.stack([pixels_of(Image.fromarray(one), shape, rendering) for one in wide])
