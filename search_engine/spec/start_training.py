"""For how long the start network is trained, and what came of it: plain values, without torch.

A cosine of fixed length says nothing about a plateau before its rate has fallen. So training goes
in rounds, each a whole recipe from its first rate on, until one more no longer pays.
"""

from collections.abc import Sequence
from typing import Annotated, Self

from search_engine.spec.declared import Declared, Measured, Number, Whole, about, declared
from search_engine.spec.measures import Judged


def last_gain(accuracies: Sequence[float]) -> float | None:
    """What the last round gained over the best before it; None where there was none before.

    Args:
        accuracies: after each round, on the validation images.
    """
    *before, last = accuracies
    return last - max(before) if before else None


@declared(kw_only=True)
class StartRounds(Declared):
    """When the start network has been trained for long enough: at the first of these.

    What remains is the last round's network: to take the best round's would be to select by the
    images on which its children are compared with it.
    """

    place = "start_rounds"
    may_lack = None

    max_rounds: Annotated[
        Whole,
        about(
            "Rounds at most",
            "each trains by the whole recipe, from its first learning rate on",
            unit="rounds",
            ge=1,
            le=1000,
        ),
    ] = 5
    plateau_gain: Annotated[
        Number,
        about(
            "Plateau",
            "a round that gains less accuracy than this fraction over the best before is the last:"
            " the network is saturated",
            ge=0,
            lt=1,
        ),
    ] = 0.003

    def is_over(self, accuracies: Sequence[float]) -> bool:
        """Whether no further round is trained.

        Args:
            accuracies: after each round so far, on the validation images.
        """
        if not accuracies:
            return False
        return len(accuracies) >= self.max_rounds or bool(self.is_saturated(last_gain(accuracies)))

    def is_saturated(self, gain: float | None) -> bool | None:
        """Whether further training no longer pays; None where that was not measured.

        Args:
            gain: of the last round over the best before, if there was one before.
        """
        return None if gain is None else gain < self.plateau_gain


ONE_ROUND = StartRounds(max_rounds=1)
"""One recipe and no more: whether the network is saturated is then not known."""


@declared(kw_only=True)
class StartResult(Declared):
    """What the start network has come to, on the validation images."""

    place = "start"
    may_lack = ("balanced_accuracy", "last_gain")

    accuracy: Annotated[Measured, about("Accuracy", "fraction of the validation images")]
    balanced_accuracy: Annotated[
        Measured | None, about("Balanced accuracy", "mean over the classes of their accuracies")
    ] = None
    last_gain: Annotated[
        Measured | None,
        about(
            "Last gain",
            "in accuracy, of the last round of its training over the best before; null where one"
            " round was trained, or none",
        ),
    ] = None

    @classmethod
    def measured(cls, found: Judged, gain: float | None = None) -> Self:
        """The result from what was measured of the network, and what its last round gained."""
        return cls(
            accuracy=found.accuracy or 0.0,
            balanced_accuracy=found.balanced_accuracy,
            last_gain=gain,
        )
