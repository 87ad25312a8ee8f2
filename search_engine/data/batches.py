"""Batches of normalised images, shuffled and augmented by seed and epoch alone."""

from collections.abc import Iterator

import torch
from torch import Tensor

from search_engine.data.augmentation import Augmentation, apply_changes, draw_changes
from search_engine.data.device_images import DeviceImages
from search_engine.data.randomness import seeded_generator
from search_engine.data.statistics import Statistics
from search_engine.errors import InvalidConfig

Batch = tuple[Tensor, Tensor]
"""Images, `(N, C, H, W)`, and labels, int64, `(N,)`, on the device."""


class Batches:
    """Some images of a data set, batch by batch.

    An epoch's order and changes depend on `seed` and the epoch's number only, so training that is
    resumed at any epoch sees bit for bit what it would have seen without the interruption.

    Args:
        images: the data set on the device; several `Batches` may share it.
        indexes: which images, int64, `(N,)`.
        batch_size: images in a batch; the last may be smaller.
        statistics: what images are normalised by: those of the training images.
        augmentation: how images are changed in `epoch`, or None.
        seed: of order and changes.
        dtype: type of the images that come out.
        channels_last: memory format of the images that come out, the faster one on most devices.
        drop_last: leave out a last batch that is smaller, in `epoch`.
        share: which share of each batch of `epoch` comes out, from 0, and of how many: for
            processes that train together. Of a last batch it may be nothing.

    Raises:
        InvalidConfig: `batch_size` is below 1, or the statistics are of other channels.
    """

    def __init__(
        self,
        images: DeviceImages,
        indexes: Tensor,
        batch_size: int,
        *,
        statistics: Statistics,
        augmentation: Augmentation | None = None,
        seed: int = 0,
        dtype: torch.dtype = torch.float32,
        channels_last: bool = True,
        drop_last: bool = False,
        share: tuple[int, int] = (0, 1),
    ) -> None:
        channels, height, width = images.image_shape
        if batch_size < 1:
            raise InvalidConfig("batch_size", f"expected at least 1, got {batch_size}")
        if len(statistics.mean) != channels:
            raise InvalidConfig(
                "statistics", f"expected {channels} channels, got {len(statistics.mean)}"
            )
        self.images = images
        self.batch_size = batch_size
        self._indexes = indexes.cpu()
        self._augmentation = augmentation
        self._seed = seed
        self._dtype = dtype
        self._channels_last = channels_last
        self._drop_last = drop_last
        self._share = slice(share[0], None, share[1])
        # (x / 255 - mean) / std as x * scale + shift, one number per pixel and channel: without
        # broadcasting over three channels the CPU takes a quarter of the time.
        mean, std = torch.tensor(statistics.mean), torch.tensor(statistics.std)
        self._scale = (1 / (255 * std)).repeat(height * width).to(images.device)
        self._shift = (-mean / std).repeat(height * width).to(images.device)

    def __len__(self) -> int:
        """Number of batches in an epoch."""
        whole, rest = divmod(len(self._indexes), self.batch_size)
        return whole + (rest > 0 and not self._drop_last)

    def epoch(self, epoch: int) -> Iterator[Batch]:
        """The batches of one epoch, shuffled and augmented.

        Args:
            epoch: its number; the same number gives the same batches.
        """
        generator = seeded_generator(self._seed, epoch)
        order = torch.randperm(len(self._indexes), generator=generator)
        order = order[: len(self) * self.batch_size]
        indexes = self._indexes[order].to(self.images.index_device)
        if self._augmentation is None:
            yield from self._plain(indexes, self._share)
            return
        size = self.images.image_shape[1:]
        changes = draw_changes(self._augmentation, len(order), size, generator)
        changes = changes.to(self.images.device)
        for batch, change in zip(
            torch.split(indexes, self.batch_size),
            torch.split(changes, self.batch_size),
            strict=True,
        ):
            images, labels = self._gather(batch[self._share])
            changed = apply_changes(images, self._augmentation, change[self._share])
            yield self._finish(changed), labels

    def in_order(self) -> Iterator[Batch]:
        """All images once, in the order of `indexes`, neither shuffled nor augmented."""
        yield from self._plain(self._indexes.to(self.images.index_device))

    def _plain(self, indexes: Tensor, share: slice = slice(None)) -> Iterator[Batch]:
        for batch in torch.split(indexes, self.batch_size):
            images, labels = self._gather(batch[share])
            yield self._finish(images), labels

    def _gather(self, indexes: Tensor) -> Batch:
        """Normalised images, float32, stored channels last."""
        channels, height, width = self.images.image_shape
        pixels, labels = self.images.gather(indexes)
        normalised = torch.addcmul(self._shift, pixels.float(), self._scale)
        return normalised.view(-1, height, width, channels).permute(0, 3, 1, 2), labels

    def _finish(self, images: Tensor) -> Tensor:
        wanted = torch.channels_last if self._channels_last else torch.contiguous_format
        return images.to(self._dtype).contiguous(memory_format=wanted)
