"""What a search looks for: the reward of a trial, and its costs.

Reference: Cai et al. 2018, section 3.3 (reward); Tan et al. 2019 (arXiv:1807.11626) for soft
    targets.
"""

import math
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, cast

from search_engine.spec.declared import Declared, Number, about, declared
from search_engine.spec.documents import Document
from search_engine.spec.errors import InvalidConfig

MAX_TERMS = 8
USUAL_WEIGHT = 0.5


class CostKind(StrEnum):
    """What a network costs: parameters, multiply-adds of one image; measured on the device that
    trains, seconds for a batch of one and of 64 images, and bytes for a batch of one."""

    PARAMETERS = "parameters"
    MULTIPLY_ADDS = "multiply_adds"
    LATENCY_1 = "latency_1"
    LATENCY_64 = "latency_64"
    MEMORY = "memory"
    EAGER_1 = "eager_1"
    EAGER_64 = "eager_64"

    @property
    def is_measured(self) -> bool:
        """It is known of a network that runs, not of its description."""
        return self not in (CostKind.PARAMETERS, CostKind.MULTIPLY_ADDS)

    @property
    def is_eager(self) -> bool:
        """It is told beside the latency where that is a GPU's own, and nothing can be wanted of it:
        what launches operation by operation takes Python's time more than the network's.
        """
        return self in (CostKind.EAGER_1, CostKind.EAGER_64)

    @property
    def label(self) -> str:
        """Its name for people."""
        return _LABELS[self][0]

    @property
    def unit(self) -> str:
        """The unit in which it is counted."""
        return _LABELS[self][1]

    @classmethod
    def _missing_(cls, value: object) -> "CostKind | None":
        # The name of latency_1 before there was latency_64: configs and results still have it.
        return cls.LATENCY_1 if value == "latency_seconds" else None


_LABELS = {
    CostKind.PARAMETERS: ("Parameters", ""),
    CostKind.MULTIPLY_ADDS: ("Multiply-adds", "for one image"),
    CostKind.LATENCY_1: ("Latency of one image", "s"),
    CostKind.LATENCY_64: ("Latency of a batch of 64", "s"),
    CostKind.MEMORY: ("Memory of inference", "bytes"),
    CostKind.EAGER_1: ("Eager latency of one image", "s"),
    CostKind.EAGER_64: ("Eager latency of a batch of 64", "s"),
}


WANTED = tuple(cost for cost in CostKind if not cost.is_eager)
"""Costs that a search can be told to heed."""


class CostRule(StrEnum):
    """`target`: what is above it lowers the reward. `limit`: what is above it is not wanted."""

    TARGET = "target"
    LIMIT = "limit"


@declared
class CostTerm(Declared):
    """One cost that counts beside the accuracy."""

    place = "objective"

    cost: Annotated[CostKind, about("Cost", "which")]
    rule: Annotated[CostRule, about("Rule", "how it counts")]
    value: Annotated[Number, about("Value", "the target or limit, in the cost's unit", gt=0)]
    weight: Annotated[
        Number,
        about(
            "Weight",
            "of a target: the reward is multiplied by (target / cost) ** weight above it",
            gt=0,
        ),
    ] = USUAL_WEIGHT

    def __post_init__(self) -> None:
        if self.cost.is_eager:
            wanted = ", ".join(WANTED)
            raise InvalidConfig("cost", f"expected one of {wanted}, got {self.cost.value}")

    def factor(self, costs: Mapping[CostKind, float]) -> float:
        """What the reward is multiplied by, at most 1; a cost that is not known does not count."""
        cost = costs.get(self.cost, 0.0)
        if cost <= self.value:
            return 1.0
        return 0.0 if self.rule is CostRule.LIMIT else (self.value / cost) ** self.weight


@declared
class Objective(Declared):
    """Accuracy, and the costs that count beside it."""

    place = "objective"
    alone = "terms"

    terms: Annotated[
        tuple[CostTerm, ...],
        about("Objective", "costs that count beside the accuracy", max_length=MAX_TERMS),
    ] = ()

    @property
    def needs_measuring(self) -> bool:
        """Whether latency or memory counts, so that each child must be measured."""
        return any(term.cost.is_measured for term in self.terms)

    def exceeds(self, costs: Mapping[CostKind, float]) -> CostTerm | None:
        """The first limit that the costs are above, if any."""
        limits = (term for term in self.terms if term.rule is CostRule.LIMIT)
        return next((term for term in limits if term.factor(costs) == 0), None)

    def reward(self, accuracy: float, images: int, costs: Mapping[CostKind, float]) -> float:
        """Reward of a trial.

        Args:
            accuracy: by the search's measure, on the validation images; a fraction.
            images: how many validation images there are.
        """
        reward = accuracy_reward(accuracy, images)
        for term in self.terms:
            reward *= term.factor(costs)
        return reward

    def to_json(self) -> list[Document]:  # type: ignore[override]  # an array of its terms
        return cast(list[Document], super().to_json())


def accuracy_reward(accuracy: float, images: int) -> float:
    """tan(accuracy x pi / 2), with the accuracy held below 1 by half an image, where it is
    infinite.

    Args:
        accuracy: a fraction.
        images: how many images it was measured on.
    """
    return math.tan(min(accuracy, 1 - 1 / (2 * images)) * math.pi / 2)
