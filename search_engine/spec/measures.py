"""The measures by which a trained network is judged. No torch."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Protocol


class Measure(StrEnum):
    """`accuracy`: the fraction of all images told right. `balanced_accuracy`: the mean of that
    fraction over the classes, so that a rare class counts as much as a common one."""

    ACCURACY = "accuracy"
    BALANCED_ACCURACY = "balanced_accuracy"

    @property
    def label(self) -> str:
        """Its name for people."""
        return self.replace("_", " ")


class Judged(Protocol):
    """What was measured of a network on the validation images."""

    @property
    def accuracy(self) -> float | None:
        """Fraction of all images."""

    @property
    def balanced_accuracy(self) -> float | None:
        """Mean over the classes; None where a result is from before it was measured."""


def measured(result: Judged, measure: Measure) -> float | None:
    """What the network is judged by; its accuracy where a result is older than the measure."""
    if measure is Measure.BALANCED_ACCURACY and result.balanced_accuracy is not None:
        return result.balanced_accuracy
    return result.accuracy


def accuracy_by_class(confusion: Sequence[Sequence[int]]) -> list[float | None]:
    """Fraction of each class told right; None for a class without images.

    Args:
        confusion: images by class, a row each, and by what they were taken for.
    """
    return [row[i] / sum(row) if sum(row) else None for i, row in enumerate(confusion)]


def balanced_accuracy(by_class: Iterable[float | None]) -> float | None:
    """The mean of the classes' accuracies; None where there are no images.

    Args:
        by_class: fraction of each class told right; None for a class without images.
    """
    present = [accuracy for accuracy in by_class if accuracy is not None]
    return sum(present) / len(present) if present else None
