"""One type for every data set: labelled images, with names, origin and default augmentation."""

from dataclasses import dataclass

import torch
from torch import Tensor

from search_engine.data.augmentation import Augmentation
from search_engine.data.randomness import seeded_generator
from search_engine.data.splits import Splits, as_count, check_indexes, draw_stratified
from search_engine.data.statistics import Statistics, channel_statistics
from search_engine.errors import DatasetError, InvalidConfig

_TEST_SEED = 0


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Labelled images. All of them, test images too, lie in one tensor.

    Args:
        name: short name, or the folder's.
        images: uint8, `(N, C, H, W)`; best stored channels last, as the sources do it, because
            `DeviceImages` then needs no second copy on the CPU.
        labels: int64, `(N,)`, positions in `class_names`.
        class_names: names of the classes, two or more.
        test: int64, `(T,)`, indexes of the official test images; empty where there are none.
        licence: what the publisher allows.
        source: where the images come from.
        augmentation: what suits these images in training.

    Raises:
        DatasetError: shapes or types do not fit, a label is out of range, an image is named twice
            in `test`, there are fewer than two classes, or one has no image to train on.
    """

    name: str
    images: Tensor
    labels: Tensor
    class_names: tuple[str, ...]
    test: Tensor
    licence: str
    source: str
    augmentation: Augmentation

    def __post_init__(self) -> None:
        self._check_tensors()
        self._check_classes()

    def __len__(self) -> int:
        """Number of images, test images included."""
        return len(self.images)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Channels, height and width in pixels."""
        _, channels, height, width = self.images.shape
        return channels, height, width

    @property
    def class_counts(self) -> tuple[int, ...]:
        """Images of each class, test images included."""
        return tuple(self._count(self.labels).tolist())

    def split(
        self,
        *,
        validation: int | float,
        calibration: int,
        seed: int,
        train_limit: int | None = None,
        test_fraction: float = 0.2,
    ) -> Splits:
        """Divide the images, stratified by class.

        The test images do not depend on the seed, and the validation images not on `calibration`
        or `train_limit`.

        Args:
            validation: number of images, or a fraction of those that are not test images.
            calibration: number of images.
            seed: of this division.
            train_limit: the most training images; the others are left out.
            test_fraction: of all images, where the data set has no official test images.

        Raises:
            InvalidConfig: more images are asked for than there are.
            DatasetError: a class would keep no training image.
        """
        test, left = self._test_and_rest(test_fraction)
        generator = seeded_generator(seed)
        count = as_count("validation", validation, len(left))
        chosen, left = draw_stratified(self.labels, left, count, generator)
        count = as_count("calibration", calibration, len(left))
        calibrating, train = draw_stratified(self.labels, left, count, generator)
        if train_limit is not None and train_limit < len(train):
            count = as_count("train_limit", train_limit, len(train))
            train, _ = draw_stratified(self.labels, train, count, generator)
        self._check_each_class(train, "training image after the split")
        return Splits(train, calibrating, chosen, test)

    def statistics(self, indexes: Tensor) -> Statistics:
        """Mean and standard deviation of each channel over the images at `indexes`, `(M,)`.

        Raises:
            DatasetError: `indexes` is empty.
        """
        return channel_statistics(self.images, indexes)

    def _test_and_rest(self, test_fraction: float) -> tuple[Tensor, Tensor]:
        everything = torch.arange(len(self))
        if len(self.test):
            return self.test.sort().values, everything[~torch.isin(everything, self.test)]
        if not 0 < test_fraction < 1:
            raise InvalidConfig("test_fraction", f"expected it in (0, 1), got {test_fraction}")
        count = as_count("test_fraction", test_fraction, len(self))
        generator = seeded_generator(_TEST_SEED)
        return draw_stratified(self.labels, everything, count, generator)

    def _count(self, labels: Tensor) -> Tensor:
        return torch.bincount(labels, minlength=len(self.class_names))

    def _check_tensors(self) -> None:
        expected = {
            "images": (self.images, torch.uint8, 4),
            "labels": (self.labels, torch.int64, 1),
        }
        for field, (tensor, dtype, dimensions) in expected.items():
            if tensor.dtype != dtype or tensor.dim() != dimensions:
                raise DatasetError(
                    f"{self.name}.{field}",
                    f"expected {dtype} with {dimensions} dimensions,"
                    f" got {tensor.dtype} of shape {tuple(tensor.shape)}",
                )
        if 0 in self.images.shape:
            raise DatasetError(f"{self.name}.images", f"none, shape {tuple(self.images.shape)}")
        if len(self.labels) != len(self):
            raise DatasetError(
                f"{self.name}.labels",
                f"expected {len(self)}, one per image, got {len(self.labels)}",
            )
        self._check_range("labels", self.labels, len(self.class_names))
        self._check_range("test", self.test, len(self))
        check_indexes(f"{self.name}.test", self.test)

    def _check_range(self, field: str, values: Tensor, end: int) -> None:
        wrong = values[(values < 0) | (values >= end)]
        if len(wrong):
            raise DatasetError(
                f"{self.name}.{field}", f"expected 0 to {end - 1}, got {int(wrong[0])}"
            )

    def _check_classes(self) -> None:
        if len(self.class_names) < 2:
            raise DatasetError(
                self.name, f"expected at least 2 classes, got {len(self.class_names)}"
            )
        if len(set(self.class_names)) != len(self.class_names):
            raise DatasetError(self.name, "expected different class names, got one twice")
        everything = torch.arange(len(self))
        self._check_each_class(everything, "image")
        self._check_each_class(everything[~torch.isin(everything, self.test)], "image to train on")

    def _check_each_class(self, indexes: Tensor, missing: str) -> None:
        for name, count in zip(
            self.class_names, self._count(self.labels[indexes]).tolist(), strict=True
        ):
            if not count:
                raise DatasetError(self.name, f"class '{name}' has no {missing}")
