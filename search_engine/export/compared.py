"""The images on which an export is compared with its checkpoint, and calibrated."""

from dataclasses import dataclass

import torch
from torch import Tensor

from search_engine.cost_measurement import LARGE_BATCH
from search_engine.data import Dataset, Splits
from search_engine.loading import pixels_of
from search_engine.spec import ImageShape
from search_engine.spec.errors import ExportError
from search_engine.spec.export_form import ExportForm, Precision

MAX_IMAGES = 1024
"""Images looked at where accuracy counts: enough to tell a change of half a point."""
MAX_EXACT = 256
"""Images looked at where nothing may change."""
MAX_CALIBRATION = 256
NOISE_IMAGES = 64


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """Images that an export is judged by.

    Args:
        images: uint8, `(N, C, H, W)`, of the network's size; it has not learned from them.
        labels: their classes, int64, `(N,)`; None where they are not known.
        calibration: other images, for the ranges of int8; None takes every other one of `images`.
    """

    images: Tensor
    labels: Tensor | None = None
    calibration: Tensor | None = None

    def fitted(self, form: ExportForm, image: ImageShape) -> "Compared":
        """The images that this form needs, with some to calibrate on where it calibrates.

        Raises:
            ExportError: they are not images that the network takes, or too few.
        """
        _check(form, self.images, image)
        if form.precision is Precision.FLOAT32:
            return Compared(self.images[:MAX_EXACT].cpu())
        images, labels, calibration = self.images, self.labels, self.calibration
        if form.precision is Precision.INT8 and calibration is None:
            if len(images) < 2:
                raise ExportError(form.name, "expected one image to calibrate on, and another one")
            calibration, images = images[1::2], images[::2]
            labels = None if labels is None else labels[::2]
        if calibration is not None:
            _check(form, calibration, image)
            calibration = calibration[:MAX_CALIBRATION].cpu()
        labels = None if labels is None else labels[:MAX_IMAGES].cpu()
        return Compared(images[:MAX_IMAGES].cpu(), labels, calibration)

    @classmethod
    def of(cls, dataset: Dataset, splits: Splits, *, has_labels: bool = True) -> "Compared":
        """Test images of a data set, and training images to calibrate on, spread over all of them.

        Args:
            has_labels: whether its classes are the network's.
        """
        test = splits.test[spread(len(splits.test), MAX_IMAGES)]
        train = splits.train[spread(len(splits.train), MAX_CALIBRATION)]
        images, calibration = dataset.images[test], dataset.images[train]
        return cls(images, dataset.labels[test] if has_labels else None, calibration)

    @classmethod
    def noise(cls, image: ImageShape) -> "Compared":
        """Random numbers in place of images, where there are none."""
        generator = torch.Generator().manual_seed(0)
        size = (NOISE_IMAGES, image.channels, image.height, image.width)
        return cls(torch.randint(0, 256, size, generator=generator, dtype=torch.uint8))

    def resized(self, shape: ImageShape) -> "Compared":
        """The images resized to another size, as whoever uses the network resizes them."""
        if self.images.shape[2:] == (shape.height, shape.width):
            return self
        calibration = self.calibration
        calibration = None if calibration is None else _resized(calibration, shape)
        return Compared(_resized(self.images, shape), self.labels, calibration)

    def tensors(self) -> dict[str, Tensor]:
        """All that there is, by its name: to be written, and handed to `Compared` again."""
        found = {"images": self.images, "labels": self.labels, "calibration": self.calibration}
        return {name: each.contiguous() for name, each in found.items() if each is not None}

    @property
    def batch(self) -> Tensor:
        """A batch of 64 for timing, again from the first where there are fewer."""
        return self.images[torch.arange(LARGE_BATCH) % len(self.images)]


def _resized(images: Tensor, shape: ImageShape) -> Tensor:
    pictures = images.permute(0, 2, 3, 1).numpy()
    return torch.stack([pixels_of(picture, shape) for picture in pictures]).contiguous()


def spread(length: int, count: int) -> Tensor:
    """Places of up to so many of a number of things, evenly spread: int64."""
    return torch.linspace(0, length - 1, min(count, length)).round().long()


def _check(form: ExportForm, images: Tensor, image: ImageShape) -> None:
    shape = (image.channels, image.height, image.width)
    if images.dtype != torch.uint8 or images.dim() != 4 or images.shape[1:] != shape:
        raise ExportError(
            form.name,
            f"expected images of uint8, shape (N, {', '.join(map(str, shape))}), to compare on,"
            f" got {images.dtype} of shape {tuple(images.shape)}",
        )
    if not len(images):
        raise ExportError(form.name, "expected at least one image to compare on, got none")
