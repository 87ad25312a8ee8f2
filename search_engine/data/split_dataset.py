"""A data set as trainings use it: split once, normalised by its training images, on the device."""

from collections.abc import Iterator
from typing import Protocol

import torch
from torch import Tensor

from search_engine.data.batches import Batch, Batches, DeviceImages
from search_engine.data.dataset import Dataset, Statistics
from search_engine.data.photo_augmentation import PhotoChanges
from search_engine.spec import Normalisation
from search_engine.spec.description import TrainedOn
from search_engine.spec.recipe import Recipe

CALIBRATION_BATCH = 64
EVALUATION_BATCH = 256
EVALUATION_PIXELS = 64 * 64
"""Size of the largest images that are evaluated this many at once."""
MAX_CALIBRATION_IMAGES = 1000


class SplitSizes(Protocol):
    """How a data set is split: `DataConfig` for a search, `FinalData` for a final training."""

    @property
    def validation(self) -> int:
        """Images held out to measure on."""

    @property
    def calibration(self) -> int:
        """Training images held out for batch-norm calibration and distillation."""

    @property
    def train_limit(self) -> int | None:
        """The largest number of training images; None for all."""

    @property
    def tested(self) -> tuple[int, int] | None:
        """Which of how many folds is for test; None where the usual images are."""


class SplitDataset:
    """The images for a search or a final training.

    Args:
        seed: decides which images go into which split.
        normalisation: that a network's weights want; the training images' own where None.

    Raises:
        DatasetError: there are too few images.
    """

    def __init__(
        self,
        dataset: Dataset,
        config: SplitSizes,
        *,
        seed: int,
        device: torch.device | str = "cpu",
        normalisation: Normalisation | None = None,
    ) -> None:
        self.dataset = dataset
        self.splits = dataset.split(
            validation=config.validation,
            calibration=config.calibration,
            seed=seed,
            train_limit=config.train_limit,
            fold=config.tested,
        )
        if normalisation is None:
            self.statistics = dataset.statistics(self.splits.train)
        else:
            self.statistics = Statistics(normalisation.mean, normalisation.std)
        self.images = DeviceImages(dataset, device)

    @property
    def classes(self) -> int:
        """Number of classes."""
        return len(self.dataset.class_names)

    @property
    def trained_on(self) -> TrainedOn:
        """What the checkpoint of a network trained on these images says of them."""
        return TrainedOn(
            self.dataset.name,
            self.dataset.class_names,
            self.statistics.mean,
            self.statistics.std,
            self.dataset.rendering,
        )

    def training(self, recipe: Recipe, *, seed: int, share: tuple[int, int] = (0, 1)) -> Batches:
        """Batches to learn from, shuffled and augmented by seed and epoch.

        Args:
            share: which share of each batch this process takes, from 0, and of how many.
        """
        return Batches(
            self.images,
            self.splits.train,
            recipe.batch_size,
            statistics=self.statistics,
            augmentation=self.dataset.augmentation,
            photo=self._changes(recipe),
            seed=seed,
            share=share,
        )

    def _changes(self, recipe: Recipe) -> PhotoChanges | None:
        settings = recipe.augmentation
        if not (settings.varies or settings.mixes):
            return None
        channels, height, width = self.dataset.image_shape
        return PhotoChanges(settings, (height, width), channels, self.classes)

    def plain_training(self) -> Iterator[Batch]:
        """The training images once, in order and unchanged: for calibration where none are held
        out.
        """
        return self._plain(self.splits.train, CALIBRATION_BATCH).in_order()

    def validation(self) -> Batches:
        """Batches that the search selects by."""
        return self._plain(self.splits.validation, self._evaluation_batch())

    def test(self) -> Batches:
        """Batches to look at once, at the end."""
        return self._plain(self.splits.test, self._evaluation_batch())

    def calibration(self) -> list[Tensor]:
        """Batches of images for calibration and distillation, none of which training reads."""
        indexes = self.splits.calibration[:MAX_CALIBRATION_IMAGES]
        return [images for images, _ in self._plain(indexes, CALIBRATION_BATCH).in_order()]

    def _evaluation_batch(self) -> int:
        """Images in a batch: as many small ones as keep a GPU busy, or a few large ones."""
        _, height, width = self.dataset.image_shape
        pixels = height * width
        if pixels > EVALUATION_PIXELS:
            return max(32, EVALUATION_BATCH * EVALUATION_PIXELS // pixels)
        if self.images.device.type != "cuda":
            return EVALUATION_BATCH
        return min(1024, EVALUATION_BATCH * (EVALUATION_PIXELS // pixels))

    def _plain(self, indexes: Tensor, batch_size: int) -> Batches:
        return Batches(self.images, indexes, batch_size, statistics=self.statistics)
