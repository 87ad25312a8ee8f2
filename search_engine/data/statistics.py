"""Mean and spread of each colour channel, from which images are normalised."""

from dataclasses import dataclass

import torch
from torch import Tensor

from search_engine.errors import DatasetError

_CHUNK_IMAGES = 4096
_SMALLEST_STD = 1 / 255


@dataclass(frozen=True, slots=True)
class Statistics:
    """Mean and standard deviation of each channel, of images scaled to [0, 1].

    Args:
        mean: one number per channel.
        std: one number per channel, at least one grey level (1/255), so that a constant channel
            can be divided by it.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]


def channel_statistics(images: Tensor, indexes: Tensor) -> Statistics:
    """Exact statistics of the images at `indexes`; no floating-point copy of them is made.

    Args:
        images: uint8, `(N, C, H, W)`.
        indexes: int64, `(M,)`; pass training images only, or the others leak into training.

    Raises:
        DatasetError: `indexes` is empty.
    """
    if not len(indexes):
        raise DatasetError("statistics", "expected at least one image, got none")
    counts = _histogram(images, indexes)
    levels = torch.arange(256, dtype=torch.float64) / 255
    share = counts / counts.sum(dim=1, keepdim=True)
    mean = share @ levels
    variance = (share * (levels - mean[:, None]).square()).sum(dim=1)
    return Statistics(
        tuple(mean.tolist()), tuple(variance.sqrt().clamp(min=_SMALLEST_STD).tolist())
    )


def _histogram(images: Tensor, indexes: Tensor) -> Tensor:
    """How often each channel takes each of the 256 values: float64, `(C, 256)`."""
    counts = torch.zeros(images.shape[1], 256, dtype=torch.float64)
    for chunk in torch.split(indexes, _CHUNK_IMAGES):
        chosen = images[chunk]
        for channel, count in enumerate(counts):
            count += torch.bincount(chosen[:, channel].flatten(), minlength=256)
    return counts
