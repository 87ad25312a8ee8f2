"""What a search came to: its winner beside the control and the start network, on test images that
nobody selected by. Plain values, without torch."""

from collections.abc import Sequence
from enum import StrEnum
from statistics import fmean
from typing import Annotated, Final, Self

from search_engine.spec.declared import Declared, Measured, Whole, about, always, declared
from search_engine.spec.noise import mcnemar, paired_interval, standard_error, with_noise

MAX_CHANGED: Final = 200
"""The most images that changed sides, each way, whose indexes are kept."""

Recalls = tuple[Measured | None, ...]
"""A number for each class, None for one without test images."""


class Verdict(StrEnum):
    """What a difference comes to; `alike`: its interval includes 0, so the two networks cannot be
    told apart."""

    BETTER = "better"
    WORSE = "worse"
    ALIKE = "alike"


@declared(kw_only=True)
class Contender(Declared):
    """A network as the test images saw it. Accuracies are fractions."""

    place = "contender"
    derived = ("balanced_accuracy", "standard_error")

    trial: Annotated[Whole, about("Trial", "in which it was trained; 0 for the start network")]
    accuracy: Annotated[Measured, about("Accuracy", "of the test images")]
    images: Annotated[Whole, about("Images", "how many test images there are", ge=1)]
    recalls: Annotated[
        Recalls,
        about("Recalls", "of each class, in the order of `class_names`; null without images"),
    ]
    parameters: Annotated[Whole, about("Parameters", "of the network")]
    multiply_adds: Annotated[Whole, about("Multiply-adds", "of one image")]
    latency_1: Annotated[
        Measured | None, about("Latency of one image", "null where not measured", unit="s")
    ] = None
    latency_64: Annotated[
        Measured | None, about("Latency of a batch of 64", "null where not measured", unit="s")
    ] = None

    @property
    def balanced_accuracy(self) -> float:
        """Mean recall of the classes that have test images."""
        return fmean(recall for recall in self.recalls if recall is not None)

    @property
    def standard_error(self) -> float:
        """Standard error of the accuracy."""
        return standard_error(self.accuracy, self.images)


@declared(kw_only=True)
class Picture(Declared):
    """A test image, small, with what two networks take it for: numbers of classes."""

    place = "picture"

    index: Annotated[Whole, about("Index", "its place among the test images")]
    label: Annotated[Whole, about("Label", "the class that it is of")]
    winner: Annotated[Whole, about("Winner", "the class that the winner takes it for")]
    other: Annotated[Whole, about("Other", "the class that the other takes it for")]
    webp: Annotated[str, about("WebP", "the image in base64")]


@declared(kw_only=True)
class ChangedImages(Declared):
    """Images that one network tells right and another wrong."""

    place = "changed"

    count: Annotated[Whole, about("Count", "how many there are", ge=0)]
    indexes: Annotated[
        tuple[Whole, ...],
        about("Indexes", f"the first {MAX_CHANGED} of them, by their places among the test images"),
    ]
    pictures: Annotated[tuple[Picture, ...], about("Pictures", "of a few of them")] = ()

    @classmethod
    def of(cls, changed: Sequence[bool]) -> Self:
        """The images of which this is true."""
        indexes = [index for index, is_changed in enumerate(changed) if is_changed]
        return cls(count=len(indexes), indexes=tuple(indexes[:MAX_CHANGED]))


@declared(kw_only=True)
class Gain(Declared):
    """How far the winner is ahead of another network on the same images."""

    place = "gain"
    derived = ("verdict",)

    difference: Annotated[Measured, about("Difference", "of the accuracies, a fraction")]
    low: Annotated[Measured, about("Low", "end of its 95 % interval, for paired images")]
    high: Annotated[Measured, about("High", "end of the interval")]
    p_value: Annotated[
        Measured,
        about("p", "of McNemar's exact test: how likely chance alone divides them as unevenly"),
    ]
    by_class: Annotated[
        Recalls, about("By class", "difference of the recalls; null without images")
    ]
    improved: Annotated[ChangedImages, about("Improved", "images that only the winner tells right")]
    worsened: Annotated[ChangedImages, about("Worsened", "images that only the other tells right")]

    @property
    def verdict(self) -> Verdict:
        """Whether the winner is better, as far as these images can tell."""
        if self.low > 0:
            return Verdict.BETTER
        return Verdict.WORSE if self.high < 0 else Verdict.ALIKE

    @classmethod
    def between(
        cls, winner: Sequence[bool], other: Sequence[bool], labels: Sequence[int], classes: int
    ) -> Self:
        """The gain of one network over another.

        Args:
            winner: of each image whether it tells it right.
            other: the same of the network that it is compared with.
            labels: the class of each image.
        """
        pairs = list(zip(winner, other, strict=True))
        improved = ChangedImages.of([ours and not theirs for ours, theirs in pairs])
        worsened = ChangedImages.of([theirs and not ours for ours, theirs in pairs])
        low, high = paired_interval(improved.count, worsened.count, len(pairs))
        recalls = [recalls_of(hits, labels, classes) for hits in (winner, other)]
        return cls(
            difference=(improved.count - worsened.count) / len(pairs),
            low=low,
            high=high,
            p_value=mcnemar(improved.count, worsened.count),
            by_class=tuple(
                None if ours is None or theirs is None else ours - theirs
                for ours, theirs in zip(*recalls, strict=True)
            ),
            improved=improved,
            worsened=worsened,
        )


@declared(kw_only=True)
class Comparison(Declared):
    """Start network, control and winner on the same test images, which were looked at once."""

    place = "comparison"
    fixed = always(version=1)
    derived = ("sentence",)

    start: Annotated[Contender, about("Start network", "as it was before the search")]
    control: Annotated[
        Contender | None,
        about("Control", "the start network trained on as the winner was; null where it is off"),
    ]
    winner: Annotated[Contender, about("Winner", "which the validation images chose")]
    gain: Annotated[
        Gain | None, about("Gain", "of the winner over the control; null where that is off")
    ]
    gain_over_start: Annotated[Gain, about("Gain over the start", "further training included")]
    class_names: Annotated[tuple[str, ...], about("Classes", "in the order of their numbers")]
    class_images: Annotated[tuple[Whole, ...], about("Class images", "test images of each class")]

    @property
    def sentence(self) -> str:
        """What came out, for people."""
        if self.gain is not None:
            return _told(self.gain, f"{self.winner.images:,} test images that nobody chose by")
        told = with_noise(self.winner.accuracy, self.winner.images)
        return (
            f"The grown network tells {told} of {self.winner.images:,} test images right."
            " There was no control, so no gain is claimed."
        )


def _told(gain: Gain, images: str) -> str:
    digits = 2 if gain.high - gain.low < 0.004 else 1
    difference, low, high = (
        f"{100 * value:.{digits}f}".replace("-", "−")
        for value in (gain.difference, gain.low, gain.high)
    )
    if gain.verdict is Verdict.ALIKE:
        return (
            "The grown network cannot be told apart from the control:"
            f" {difference} points ({low} to {high}) on {images}."
        )
    if gain.verdict is Verdict.BETTER:
        where, between = "ahead of", f"{low} to {high}"
    else:
        where, between = "behind", f"{high} to {low}"
    text = f"The grown network is {where} the control by {difference} points ({between})"
    return f"{text.replace('−', '')} on {images}."


def recalls_of(hits: Sequence[bool], labels: Sequence[int], classes: int) -> Recalls:
    """Share of each class's images that are told right; None for a class without images."""
    right, seen = [0] * classes, [0] * classes
    for hit, label in zip(hits, labels, strict=True):
        right[label] += hit
        seen[label] += 1
    return tuple(r / s if s else None for r, s in zip(right, seen, strict=True))
