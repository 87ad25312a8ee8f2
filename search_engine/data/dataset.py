"""One type for every data set: labelled images, with names, origin and default augmentation."""

from dataclasses import dataclass, field
from itertools import pairwise

import torch
from torch import Tensor

from search_engine.data.augmentation import Augmentation
from search_engine.data.splits import (
    Splits,
    as_count,
    check_indexes,
    draw_stratified,
    seeded_generator,
)
from search_engine.spec.errors import DatasetError, InvalidConfig
from search_engine.spec.pictures import Rendering

_CHUNK_BYTES = 1 << 26
"""Size of images that are looked at together: a set need not fit into memory."""
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
    together = max(1, _CHUNK_BYTES // images[0].numel())
    for chunk in torch.split(indexes, together):
        chosen = images[chunk]
        for channel, count in enumerate(counts):
            count += torch.bincount(chosen[:, channel].flatten(), minlength=256)
    return counts


def _no_indexes() -> Tensor:
    return torch.empty(0, dtype=torch.int64)


_TEST_SEED = 0


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Labelled images. All of them, test images too, lie in one tensor.

    Args:
        name: short name, or that of the folder.
        images: uint8, `(N, C, H, W)`; best stored channels last, as the sources do it, because
            `DeviceImages` then needs no second copy on the CPU.
        labels: int64, `(N,)`, positions in `class_names`.
        class_names: names of the classes, two or more.
        test: int64, `(T,)`, indexes of the official test images; empty where there are none.
        validation: int64, `(V,)`, indexes of the images that were given to select by; empty where
            there are none.
        rendering: how the images were made of pictures, and others shall be.
        groups: int64, `(N,)`, equal for copies of one another, which are divided together; empty
            where nothing is known of copies.
        licence: the licence as the publisher states it.
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
    validation: Tensor = field(default_factory=_no_indexes)
    rendering: Rendering = field(default_factory=Rendering)
    groups: Tensor = field(default_factory=_no_indexes)

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
        fold: tuple[int, int] | None = None,
    ) -> Splits:
        """Divide the images, stratified by class.

        The test images do not depend on the seed, and the validation images not on `calibration`
        or `train_limit`.

        Args:
            validation: number of images, or a fraction of those that are not test images. Where a
                validation part was given it is used as such, and 0 trains on it.
            train_limit: the most training images; the others are left out.
            test_fraction: of all images, where the data set has no official test images.
            fold: which, from 1, of how many parts of all images is for test; the first of five is
                what is drawn without.

        Raises:
            InvalidConfig: more images are asked for than there are, or folds of a data set with
                official test images.
            DatasetError: a class would keep no training image.
        """
        test, left = self._fold(*fold) if fold else self._test_and_rest(test_fraction)
        generator = seeded_generator(seed)
        if len(self.validation) and validation:
            chosen = self.validation.sort().values
            left = left[~torch.isin(left, chosen)]
        else:
            count = as_count("validation", validation, len(left))
            chosen, left = self._drawn(left, count, generator)
        count = as_count("calibration", calibration, len(left))
        calibrating, train = self._drawn(left, count, generator)
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
        everything = everything[~torch.isin(everything, self.validation)]
        if not 0 < test_fraction < 1:
            raise InvalidConfig("test_fraction", f"expected it in (0, 1), got {test_fraction}")
        count = as_count("test_fraction", test_fraction, len(everything))
        generator = seeded_generator(_TEST_SEED)
        test, left = self._drawn(everything, count, generator)
        return test, torch.cat((left, self.validation)).sort().values

    def _fold(self, number: int, of: int) -> tuple[Tensor, Tensor]:
        """All images divided into parts that are as alike as can be: one of them, and the rest."""
        if len(self.test):
            reason = "the data set has test images of its own: expected 1"
            raise InvalidConfig("data.folds", reason)
        everything = torch.arange(len(self))
        everything = everything[~torch.isin(everything, self.validation)]
        count, left = len(everything), everything
        generator = seeded_generator(_TEST_SEED)
        ends = [round(count * part / of) for part in range(number + 1)]
        for start, end in pairwise(ends):
            if end == count:
                test = left
            else:
                test, left = self._drawn(left, end - start, generator)
        left = everything[~torch.isin(everything, test)]
        return test, torch.cat((left, self.validation)).sort().values

    def _drawn(self, pool: Tensor, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        groups = self.groups if len(self.groups) else None
        return draw_stratified(self.labels, pool, count, generator, groups)

    def _count(self, labels: Tensor) -> Tensor:
        return torch.bincount(labels, minlength=len(self.class_names))

    def _check_tensors(self) -> None:
        expected = {
            "images": (self.images, torch.uint8, 4),
            "labels": (self.labels, torch.int64, 1),
        }
        for name, (tensor, dtype, dimensions) in expected.items():
            if tensor.dtype != dtype or tensor.dim() != dimensions:
                raise DatasetError(
                    f"{self.name}.{name}",
                    f"expected {dtype} with {dimensions} dimensions,"
                    f" got {tensor.dtype} of shape {tuple(tensor.shape)}",
                )
        if 0 in self.images.shape:
            raise DatasetError(f"{self.name}.images", f"none, shape {tuple(self.images.shape)}")
        if len(self.groups) not in (0, len(self)):
            raise DatasetError(f"{self.name}.groups", f"expected {len(self)}, one per image")
        if len(self.labels) != len(self):
            raise DatasetError(
                f"{self.name}.labels",
                f"expected {len(self)}, one per image, got {len(self.labels)}",
            )
        self._check_range("labels", self.labels, len(self.class_names))
        for part in ("test", "validation"):
            self._check_range(part, getattr(self, part), len(self))
            check_indexes(f"{self.name}.{part}", getattr(self, part))

    def _check_range(self, field: str, values: Tensor, end: int) -> None:
        wrong = values[(values < 0) | (values >= end)]
        if len(wrong):
            raise DatasetError(
                f"{self.name}.{field}", f"expected 0 to {end - 1}, got {int(wrong[0])}"
            )

    def _check_classes(self) -> None:
        if len(self.class_names) < 2:
            reason = f"expected at least 2 classes, got {len(self.class_names)}"
            raise DatasetError(self.name, reason, "too_few_classes")
        if len(set(self.class_names)) != len(self.class_names):
            reason = "expected different class names, got one twice"
            raise DatasetError(self.name, reason, "duplicate_class_names")
        everything = torch.arange(len(self))
        self._check_each_class(everything, "image")
        held_out = torch.cat((self.test, self.validation))
        self._check_each_class(everything[~torch.isin(everything, held_out)], "image to train on")

    def _check_each_class(self, indexes: Tensor, missing: str) -> None:
        for name, count in zip(
            self.class_names, self._count(self.labels[indexes]).tolist(), strict=True
        ):
            if not count:
                raise DatasetError(self.name, f"class '{name}' has no {missing}")
