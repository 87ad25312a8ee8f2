"""Batches of normalised images from the device, shuffled and augmented by seed and epoch alone."""

from collections.abc import Iterator

import torch
from torch import Tensor

from search_engine.data.augmentation import Augmentation, apply_changes, draw_changes
from search_engine.data.dataset import Dataset, Statistics
from search_engine.data.photo_augmentation import MAX_SEED, PhotoChanges
from search_engine.data.splits import seeded_generator
from search_engine.spec.errors import InvalidConfig


class DeviceImages:
    """The images and labels of one data set for one device. Share it: every `Batches` can use it.

    Where the images fit in the limit they are moved once (`resident`), as uint8. Where they do not,
    each batch is gathered on the host, in pinned memory for a CUDA device, and moved. On the CPU
    they are there already, and are not copied when stored channels last.

    Args:
        memory_limit_bytes: the most memory that the images may take; by default half of what is
            free on a CUDA device, and no limit elsewhere, where memory is the host's own.
    """

    def __init__(
        self,
        dataset: Dataset,
        device: torch.device | str = "cpu",
        *,
        memory_limit_bytes: int | None = None,
    ) -> None:
        self.device = torch.device(device)
        self.image_shape = dataset.image_shape
        limit = _default_limit(self.device) if memory_limit_bytes is None else memory_limit_bytes
        self.resident = dataset.images.nbytes <= limit
        home = self.device if self.resident else torch.device("cpu")
        # One contiguous row per image: index_select then copies whole rows, ten times faster.
        # Laid out on the host: on a device it would take the room of two sets.
        self._pixels = dataset.images.permute(0, 2, 3, 1).contiguous().flatten(1).to(home)
        self._labels = dataset.labels.to(self.device)

    @property
    def resident_bytes(self) -> int:
        """Bytes that the images take on the device; 0 when they are streamed."""
        return self._pixels.nbytes if self.resident else 0

    @property
    def index_device(self) -> torch.device:
        """Where `gather` wants its indexes: where the images lie."""
        return self._pixels.device

    def labels(self, indexes: Tensor) -> Tensor:
        """Labels at `indexes`, int64, `(N,)`, on the device."""
        return self._labels.index_select(0, indexes.to(self.device, non_blocking=True))

    def gather(self, indexes: Tensor) -> tuple[Tensor, Tensor]:
        """Images and labels at `indexes`, on the device.

        Args:
            indexes: int64, `(N,)`, on `index_device`.

        Returns:
            uint8, `(N, H * W * C)`, pixels in channels-last order; int64, `(N,)`.
        """
        labels = self.labels(indexes)
        if self.resident or self.device.type != "cuda":
            return self._pixels.index_select(0, indexes).to(self.device), labels
        shape = (len(indexes), self._pixels.shape[1])
        pinned = torch.empty(shape, dtype=torch.uint8, pin_memory=True)
        torch.index_select(self._pixels, 0, indexes, out=pinned)
        return pinned.to(self.device, non_blocking=True), labels


def _default_limit(device: torch.device) -> int | float:
    if device.type != "cuda":
        return float("inf")
    free_bytes, _ = torch.cuda.mem_get_info(device)
    return free_bytes // 2


Batch = tuple[Tensor, Tensor]
"""Images, `(N, C, H, W)`, and labels, int64, `(N,)`, on the device; of mixed images shares of the
classes, float32, `(N, classes)`."""


class Batches:
    """Some images of a data set, batch by batch.

    An epoch's order and changes depend on `seed` and the epoch's number only, so training that is
    resumed at any epoch sees bit for bit what it would have seen without the interruption.

    Args:
        images: the data set on the device; several `Batches` may share it.
        indexes: the images to use, int64, `(N,)`.
        batch_size: images in a batch; the last may be smaller.
        statistics: what images are normalised by: those of the training images.
        augmentation: how images are changed in `epoch`, or None.
        photo: further changes in `epoch`, done before; with those that mix images the labels are
            shares of the classes.
        seed: decides order and augmentation.
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
        photo: PhotoChanges | None = None,
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
        self._photo = photo
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

    def class_counts(self, classes: int) -> Tensor:
        """How many images of each class all shares have together, int64, on the CPU."""
        return torch.bincount(self.images.labels(self._indexes), minlength=classes).cpu()

    def epoch(self, epoch: int) -> Iterator[Batch]:
        """The batches of one epoch, shuffled and augmented.

        Args:
            epoch: its number; the same number gives the same batches.
        """
        for indexes, changes in self.drawn(epoch):
            yield self.made(indexes, changes)

    def drawn(self, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """What `made` makes the batches of an epoch from: little, and on the device.

        Returns:
            Indexes, int64, `(N,)`, and changes, int64, `(N, 5)`; `(N, 0)` without augmentation;
            of photographs one more column, each image's seed.
        """
        generator = seeded_generator(self._seed, epoch)
        order = torch.randperm(len(self._indexes), generator=generator)
        order = order[: len(self) * self.batch_size]
        indexes = self._indexes[order].to(self.images.index_device)
        changes = order.new_empty(len(order), 0)
        if self._augmentation is not None:
            size = self.images.image_shape[1:]
            changes = draw_changes(self._augmentation, len(order), size, generator)
        if self._photo is not None:
            seeds = torch.randint(MAX_SEED, (len(order), 1), generator=generator)
            changes = torch.cat((changes, seeds), dim=1)
        changes = changes.to(self.images.device)
        for batch, change in zip(
            torch.split(indexes, self.batch_size),
            torch.split(changes, self.batch_size),
            strict=True,
        ):
            yield batch[self._share], change[self._share]

    def made(self, indexes: Tensor, changes: Tensor) -> Batch:
        """A batch of what `drawn` gave. Where it `waits_for_nothing`, a GPU can record it."""
        seeds = changes[:, -1].cpu() if self._photo is not None else None
        images, labels = self._gather(indexes, seeds)
        if self._augmentation is not None:
            images = apply_changes(images, self._augmentation, changes[:, :5])
        if self._photo is not None and seeds is not None:
            images, labels = self._photo.mix(images, labels, int(seeds[0]) if len(seeds) else 0)
        return self._finish(images), labels

    @property
    def waits_for_nothing(self) -> bool:
        """Whether batches are made on the device alone, from what `drawn` gives."""
        return self.images.resident and self._photo is None

    def in_order(self) -> Iterator[Batch]:
        """All images once, in the order of `indexes`, neither shuffled nor augmented."""
        for batch in torch.split(self._indexes.to(self.images.index_device), self.batch_size):
            images, labels = self._gather(batch)
            yield self._finish(images), labels

    def _gather(self, indexes: Tensor, seeds: Tensor | None = None) -> Batch:
        """Normalised images, float32, stored channels last; changed by their seeds before."""
        channels, height, width = self.images.image_shape
        pixels, labels = self.images.gather(indexes)
        if self._photo is not None and seeds is not None:
            images = pixels.view(-1, height, width, channels).permute(0, 3, 1, 2)
            pixels = self._photo.vary(images, seeds).permute(0, 2, 3, 1).flatten(1)
        normalised = torch.addcmul(self._shift, pixels.float(), self._scale)
        return normalised.view(-1, height, width, channels).permute(0, 3, 1, 2), labels

    def _finish(self, images: Tensor) -> Tensor:
        wanted = torch.channels_last if self._channels_last else torch.contiguous_format
        return images.to(self._dtype).contiguous(memory_format=wanted)
