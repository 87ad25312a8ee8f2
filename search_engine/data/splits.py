"""Disjoint sets of images for training, calibration, validation and test, stratified by class."""

import hashlib
from dataclasses import dataclass, fields
from itertools import combinations

import torch
from torch import Tensor

from search_engine.spec.errors import DatasetError, InvalidConfig


def seeded_generator(*seeds: int) -> torch.Generator:
    """A generator on the CPU that depends on all the seeds, and on all their bits.

    torch reads only 32 bits of a seed on the CPU, so 1 and 1 + 2**32 would give the same numbers:
    hence the hash.
    """
    digest = hashlib.sha256(repr(seeds).encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:4], "big"))


@dataclass(frozen=True, slots=True, eq=False)
class Splits:
    """Indexes of the images in each split. No image is in two of them, which is checked here.

    Args:
        train: images that weights and statistics are learned from, int64, `(N,)`.
        calibration: images for batch norm calibration and distillation.
        validation: images that the search selects by.
        test: images that are looked at once, at the end.

    Raises:
        DatasetError: a part holds an image twice, or two parts share one.
    """

    train: Tensor
    calibration: Tensor
    validation: Tensor
    test: Tensor

    def __post_init__(self) -> None:
        parts = {field.name: getattr(self, field.name) for field in fields(self)}
        for name, indexes in parts.items():
            check_indexes(f"splits.{name}", indexes)
        for one, other in combinations(parts, 2):
            shared = parts[one][torch.isin(parts[one], parts[other])]
            if len(shared):
                raise DatasetError("splits", f"{one} and {other} share image {int(shared[0])}")


def check_indexes(place: str, indexes: Tensor) -> None:
    """Check that `indexes` names images, each once.

    Raises:
        DatasetError: it is not int64, `(N,)`, or names an image twice.
    """
    if indexes.dtype != torch.int64 or indexes.dim() != 1:
        raise DatasetError(
            place, f"expected int64 (N,), got {indexes.dtype} {tuple(indexes.shape)}"
        )
    ordered = indexes.sort().values
    repeated = ordered[1:][ordered.diff() == 0]
    if len(repeated):
        raise DatasetError(place, f"names image {int(repeated[0])} twice")


def draw_stratified(
    labels: Tensor,
    pool: Tensor,
    count: int,
    generator: torch.Generator,
    groups: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Draw `count` images from the pool, from each class its share to within one image.

    Where there are groups of copies, each is drawn whole or not at all, so a class may get less
    than its share; one that would get nothing is drawn from as if it had no groups.

    Args:
        labels: int64, `(N,)`, of all images.
        pool: int64, `(M,)`, indexes that may be drawn.
        count: number of images to draw, at most M.
        generator: on the CPU.
        groups: int64, `(N,)`, the group of each image, those without copies each in its own.

    Returns:
        Drawn and remaining indexes, both ascending.
    """
    shuffled = pool[torch.randperm(len(pool), generator=generator)]
    by_class = shuffled[labels[shuffled].argsort(stable=True)]
    classes = labels[by_class]
    sizes = torch.bincount(classes)
    first = sizes.cumsum(0) - sizes
    rank = torch.arange(len(by_class)) - first[classes]
    shares = _shares(sizes, count)
    drawn = rank < shares[classes]
    if groups is not None and len(groups[by_class].unique()) < len(by_class):
        drawn = _drawn_whole(classes, groups[by_class], shares, drawn)
    return by_class[drawn].sort().values, by_class[~drawn].sort().values


def _drawn_whole(classes: Tensor, groups: Tensor, shares: Tensor, single: Tensor) -> Tensor:
    """Which images are drawn so that groups stay together: bool, `(M,)`.

    Args:
        classes: of the images, one class after the other, in the order of the draw.
        groups: of the images.
        single: which would be drawn if there were no groups.
    """
    members: dict[int, list[int]] = {}
    for place, group in enumerate(groups.tolist()):
        members.setdefault(group, []).append(place)
    drawn = torch.zeros_like(single)
    left = shares.tolist()
    of = classes.tolist()
    for places in members.values():
        wanted: dict[int, int] = {}
        for place in places:
            wanted[of[place]] = wanted.get(of[place], 0) + 1
        if all(number <= left[label] for label, number in wanted.items()):
            drawn[places] = True
            for label, number in wanted.items():
                left[label] -= number
    got = torch.bincount(classes[drawn], minlength=len(shares))
    return torch.where((got == 0)[classes], single, drawn)


def as_count(field: str, amount: int | float, available: int) -> int:
    """Number of images meant by `amount`: itself, or a fraction of those available.

    Raises:
        InvalidConfig: a fraction outside [0, 1), a number below 0 or above `available`.
    """
    if isinstance(amount, float):
        if not 0 <= amount < 1:
            raise InvalidConfig(field, f"expected a fraction in [0, 1), got {amount}")
        return round(amount * available)
    if isinstance(amount, bool) or not 0 <= amount <= available:
        raise InvalidConfig(field, f"expected 0 to {available} images, got {amount}")
    return amount


def _shares(sizes: Tensor, count: int) -> Tensor:
    """Divide `count` in proportion to `sizes`, the rest by largest remainder: int64, `(K,)`."""
    products = sizes * count
    total = max(int(sizes.sum()), 1)
    shares = products // total
    rest = count - int(shares.sum())
    largest = (products % total).argsort(descending=True, stable=True)
    shares[largest[:rest]] += 1
    return shares
