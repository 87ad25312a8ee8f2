"""What a page says about a data set: counts, and warnings that say what to fix. No Django here."""

from collections import defaultdict
from hashlib import blake2b
from typing import TypedDict

import numpy as np

from search_engine.data import Dataset

TINY_CLASS = 10
UNBALANCED_RATIO = 20
_NAMED = 5


class Flaw(TypedDict):
    code: str
    message: str


class Facts(TypedDict):
    image_channels: int
    image_height: int
    image_width: int
    image_count: int
    test_count: int
    class_names: list[str]
    class_counts: list[int]
    warnings: list[Flaw]


def facts_of(dataset: Dataset, *, warn: bool) -> Facts:
    """Counts of a data set; warnings only where its owner can do something about them."""
    channels, height, width = dataset.image_shape
    return Facts(
        image_channels=channels,
        image_height=height,
        image_width=width,
        image_count=len(dataset),
        test_count=len(dataset.test),
        class_names=list(dataset.class_names),
        class_counts=list(dataset.class_counts),
        warnings=warnings_of(dataset) if warn else [],
    )


def warnings_of(dataset: Dataset) -> list[Flaw]:
    """Faults that do not forbid training, each a sentence that says what to fix."""
    counts = dict(zip(dataset.class_names, dataset.class_counts, strict=True))
    found = {
        "tiny_class": _tiny(counts),
        "unbalanced": _unbalanced(counts),
        "duplicates": _duplicates(dataset),
    }
    return [Flaw(code=code, message=text) for code, text in found.items() if text]


def _tiny(counts: dict[str, int]) -> str:
    tiny = {name: count for name, count in counts.items() if count < TINY_CLASS}
    if not tiny:
        return ""
    named = ", ".join(f"“{name}” has {count}" for name, count in list(tiny.items())[:_NAMED])
    rest = f" and {len(tiny) - _NAMED} more classes" if len(tiny) > _NAMED else ""
    return (
        f"Fewer than {TINY_CLASS} images in a class leave almost none to validate with:"
        f" {named}{rest}. Add images to it, or leave it out."
    )


def _unbalanced(counts: dict[str, int]) -> str:
    smallest, largest = min(counts, key=counts.__getitem__), max(counts, key=counts.__getitem__)
    if counts[largest] <= UNBALANCED_RATIO * counts[smallest]:
        return ""
    return (
        f"The classes are very unbalanced: “{largest}” has {counts[largest]:,} images and"
        f" “{smallest}” has {counts[smallest]:,}, so guessing “{largest}” already looks accurate."
        " Add images to the small classes, or leave out some of the large ones."
    )


def _duplicates(dataset: Dataset) -> str:
    """Equal pixels, whatever the files looked like."""
    labels_by_pixels: dict[bytes, list[int]] = defaultdict(list)
    rows = dataset.images.permute(0, 2, 3, 1).numpy()
    for row, label in zip(rows, dataset.labels.tolist(), strict=True):
        digest = blake2b(np.ascontiguousarray(row).data, digest_size=16).digest()
        labels_by_pixels[digest].append(label)
    repeated = [labels for labels in labels_by_pixels.values() if len(labels) > 1]
    if not repeated:
        return ""
    copies = sum(len(labels) - 1 for labels in repeated)
    torn = sum(len(set(labels)) > 1 for labels in repeated)
    several = f" {torn:,} of the repeated images stand in more than one class." if torn else ""
    return (
        f"{copies:,} of {len(dataset):,} images {'is a copy' if copies == 1 else 'are copies'}"
        f" of another, pixel for pixel.{several} A copy may be learned from and validated with at"
        " once, which makes the accuracy look better than it is: remove the copies."
    )
