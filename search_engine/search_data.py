"""The images of a search: divided once, normalised by the training images, held on the device."""

from collections.abc import Iterator
from typing import Protocol

import torch
from torch import Tensor

from search_engine.checkpoint import TrainedOn
from search_engine.data import Batch, Batches, Dataset, DeviceImages
from search_engine.training import Recipe

CALIBRATION_BATCH = 64
MAX_CALIBRATION_IMAGES = 1000


class Division(Protocol):
    """How images are divided: `DataConfig` for a search, `FinalData` for a final training."""

    @property
    def validation(self) -> int:
        """Images held out to measure on."""

    @property
    def calibration(self) -> int:
        """Training images held out for batch-norm calibration and distillation."""

    @property
    def train_limit(self) -> int | None:
        """At most so many training images; None for all."""


class SearchData:
    """A data set divided for a search, its images on the device.

    Args:
        dataset: all images.
        config: how they are divided.
        seed: of the division.
        device: that trains.

    Raises:
        DatasetError: there are too few images.
    """

    def __init__(
        self,
        dataset: Dataset,
        config: Division,
        *,
        seed: int,
        device: torch.device | str = "cpu",
    ) -> None:
        self.dataset = dataset
        self.splits = dataset.split(
            validation=config.validation,
            calibration=config.calibration,
            seed=seed,
            train_limit=config.train_limit,
        )
        self.statistics = dataset.statistics(self.splits.train)
        self.images = DeviceImages(dataset, device)

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return len(self.dataset.class_names)

    @property
    def trained_on(self) -> TrainedOn:
        """What a checkpoint says of the data."""
        return TrainedOn(
            self.dataset.name,
            self.dataset.class_names,
            self.statistics.mean,
            self.statistics.std,
        )

    def training(self, recipe: Recipe, *, seed: int, share: tuple[int, int] = (0, 1)) -> Batches:
        """Batches to learn from, shuffled and augmented by seed and epoch.

        Args:
            recipe: of the training.
            seed: of order and changes.
            share: which share of each batch, and of how many.
        """
        return Batches(
            self.images,
            self.splits.train,
            recipe.batch_size,
            statistics=self.statistics,
            augmentation=self.dataset.augmentation,
            seed=seed,
            share=share,
        )

    def plain_training(self) -> Iterator[Batch]:
        """The training images once, in order and unchanged: for calibration where none are held
        out.
        """
        return self._plain(self.splits.train, CALIBRATION_BATCH).in_order()

    def validation(self) -> Batches:
        """Batches that the search selects by."""
        return self._plain(self.splits.validation, 256)

    def test(self) -> Batches:
        """Batches to look at once, at the end."""
        return self._plain(self.splits.test, 256)

    def calibration(self) -> list[Tensor]:
        """Images for calibration and distillation, in batches; training reads none of them."""
        indexes = self.splits.calibration[:MAX_CALIBRATION_IMAGES]
        return [images for images, _ in self._plain(indexes, CALIBRATION_BATCH).in_order()]

    def _plain(self, indexes: Tensor, batch_size: int) -> Batches:
        return Batches(self.images, indexes, batch_size, statistics=self.statistics)
