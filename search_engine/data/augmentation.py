"""Random changes to training images: pad and crop, mirror, cut out. A whole batch at once.

All changes of an epoch are drawn first, as small integers on the CPU, and applied later on any
device, so a GPU makes the same images as the CPU and no batch waits for random numbers.

Reference: DeVries and Taylor 2017, "Improved Regularization of Convolutional Neural Networks with
Cutout" (arXiv:1708.04552).
"""

from typing import Annotated

import torch
from torch import Tensor
from torch.nn import functional as F

from search_engine.spec.declared import Declared, Flag, Whole, about, declared


@declared(kw_only=True)
class Augmentation(Declared):
    """How training images may be changed.

    Raises:
        InvalidConfig: a field has the wrong type or is negative.
    """

    place = "augmentation"
    may_lack = None

    padding: Annotated[
        Whole,
        about("Padding", "added to each side before a crop at a random offset", unit="px", ge=0),
    ] = 0
    flip: Annotated[
        Flag, about("Mirror", "left to right, every second image on average; wrong for digits")
    ] = False
    cutout: Annotated[
        Whole,
        about("Cutout", "side of a square that is emptied around a random pixel", unit="px", ge=0),
    ] = 0


def augment(images: Tensor, augmentation: Augmentation, generator: torch.Generator) -> Tensor:
    """Change each image of a batch in its own way.

    Args:
        images: float or uint8, `(N, C, H, W)`, on any device. Padding and cutouts are 0, which
            after normalisation is the mean colour.
        generator: on the CPU, so that every device gets the same changes.

    Returns:
        The new images: same shape and type.
    """
    height, width = images.shape[2:]
    changes = draw_changes(augmentation, len(images), (height, width), generator)
    return apply_changes(images, augmentation, changes.to(images.device))


def draw_changes(
    augmentation: Augmentation, count: int, size: tuple[int, int], generator: torch.Generator
) -> Tensor:
    """Draw the changes of `count` images.

    Args:
        size: their height and width in pixels.
        generator: on the CPU, so that every device gets the same changes.

    Returns:
        int64, `(count, 5)`: row and column in the padded image where the crop starts, 1 to mirror,
        row and column of the centre of the cutout.
    """
    offsets = 2 * augmentation.padding + 1
    ends = (offsets, offsets, 2 if augmentation.flip else 1, *size)
    return torch.stack([torch.randint(end, (count,), generator=generator) for end in ends], dim=1)


def apply_changes(images: Tensor, augmentation: Augmentation, changes: Tensor) -> Tensor:
    """Change each image as drawn.

    Args:
        images: float or uint8, `(N, C, H, W)`; N may be 0.
        augmentation: what the changes were drawn for.
        changes: int64, `(N, 5)`, on the images' device.

    Returns:
        The new images: same shape and type.
    """
    if not len(images):
        return images
    top, left, mirrored, row, column = changes.unbind(dim=1)
    pixels = images.permute(0, 2, 3, 1)
    if augmentation.padding or augmentation.flip:
        pixels = _crop(pixels, augmentation, top, left, mirrored)
    if augmentation.cutout:
        pixels = pixels * _outside(pixels, augmentation.cutout, row, column)
    return pixels.permute(0, 3, 1, 2)


def _crop(
    pixels: Tensor, augmentation: Augmentation, top: Tensor, left: Tensor, mirrored: Tensor
) -> Tensor:
    """Crop from the padded image or its mirror image: `(N, H, W, C)` to the same.

    With channels last, a row of a crop is one unbroken run of the padded image's memory. Copying
    whole runs is some five times faster than picking pixels.
    """
    count, height, width, channels = pixels.shape
    pad = augmentation.padding
    padded = F.pad(pixels, (0, 0, pad, pad, pad, pad))
    image = torch.arange(count, device=pixels.device)
    if augmentation.flip:
        padded = torch.cat((padded, padded.flip(2)))
        image = image + count * mirrored
    runs = padded.reshape(-1).unfold(0, width * channels, channels)
    rows = torch.arange(height, device=pixels.device) + top[:, None]
    starts = (image[:, None] * padded.shape[1] + rows) * padded.shape[2] + left[:, None]
    return runs.index_select(0, starts.flatten()).view(count, height, width, channels)


def _outside(pixels: Tensor, side: int, row: Tensor, column: Tensor) -> Tensor:
    """1 outside the square and 0 inside, in the pixels' type: `(N, H, W, 1)`."""
    _, height, width, _ = pixels.shape
    inside = _within(height, side, row)[:, :, None] & _within(width, side, column)[:, None, :]
    return inside.logical_not()[..., None].to(pixels.dtype)


def _within(length: int, side: int, centre: Tensor) -> Tensor:
    """Which positions of a line lie within `side` pixels about each centre: bool, `(N, length)`."""
    distance = torch.arange(length, device=centre.device) - centre[:, None] + side // 2
    return (distance >= 0) & (distance < side)
