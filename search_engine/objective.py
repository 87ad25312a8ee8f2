"""What a search looks for: the reward of a trial, its costs, and which trials no other beats.

Reference: Cai et al. 2018, section 3.3 (reward); Tan et al. 2019 (arXiv:1807.11626) for soft
    targets.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from search_engine.architecture.documents import Document, Reader
from search_engine.errors import InvalidConfig

MAX_TERMS = 8


class CostKind(StrEnum):
    """What a network costs: parameters, multiply-adds of one image; measured on the device that
    trains, seconds for a batch of one and of 64 images, and bytes for a batch of one."""

    PARAMETERS = "parameters"
    MULTIPLY_ADDS = "multiply_adds"
    LATENCY_1 = "latency_1"
    LATENCY_64 = "latency_64"
    MEMORY = "memory"

    @property
    def is_measured(self) -> bool:
        """It is known of a network that runs, not of its description."""
        return self in (CostKind.LATENCY_1, CostKind.LATENCY_64, CostKind.MEMORY)

    @classmethod
    def _missing_(cls, value: object) -> "CostKind | None":
        # The name of latency_1 before there was latency_64: configs and results still have it.
        return cls.LATENCY_1 if value == "latency_seconds" else None


class CostRule(StrEnum):
    """`target`: what is above it lowers the reward. `limit`: what is above it is not wanted."""

    TARGET = "target"
    LIMIT = "limit"


@dataclass(frozen=True, slots=True)
class CostTerm:
    """One cost that counts.

    Args:
        cost: which.
        rule: how it counts.
        value: the target or limit, in the cost's unit.
        weight: of a target: the reward is multiplied by (target / cost) ** weight above it.

    Raises:
        InvalidConfig: a number is not above 0.
    """

    cost: CostKind
    rule: CostRule
    value: float
    weight: float = 0.5

    def __post_init__(self) -> None:
        for name, number in (("value", self.value), ("weight", self.weight)):
            if not (math.isfinite(number) and number > 0):
                raise InvalidConfig(f"objective.{name}", f"expected a number above 0, got {number}")

    def factor(self, costs: Mapping[CostKind, float]) -> float:
        """What the reward is multiplied by, at most 1; a cost that is not known does not count."""
        cost = costs.get(self.cost, 0.0)
        if cost <= self.value:
            return 1.0
        return 0.0 if self.rule is CostRule.LIMIT else (self.value / cost) ** self.weight


@dataclass(frozen=True, slots=True)
class Objective:
    """Accuracy, and the costs that count beside it.

    Args:
        terms: at most `MAX_TERMS`.

    Raises:
        InvalidConfig: too many terms.
    """

    terms: tuple[CostTerm, ...] = ()

    def __post_init__(self) -> None:
        if len(self.terms) > MAX_TERMS:
            raise InvalidConfig("objective", f"expected at most {MAX_TERMS} costs")

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
            accuracy: on the validation images, a fraction.
            images: how many validation images there are.
            costs: of the child.
        """
        reward = accuracy_reward(accuracy, images)
        for term in self.terms:
            reward *= term.factor(costs)
        return reward

    def to_json(self) -> list[Document]:
        """The terms as plain values."""
        return [
            {"cost": t.cost.value, "rule": t.rule.value, "value": t.value, "weight": t.weight}
            for t in self.terms
        ]

    @classmethod
    def from_json(cls, document: object) -> Self:
        """An objective from what `to_json` made.

        Raises:
            InvalidConfig: malformed; the message names the field.
        """
        if not isinstance(document, list):
            raise InvalidConfig("objective", "expected an array")
        return cls(tuple(_read_term(term, index) for index, term in enumerate(document)))


def accuracy_reward(accuracy: float, images: int) -> float:
    """tan(accuracy x pi / 2), with the accuracy held below 1 by half an image, where it is
    infinite.

    Args:
        accuracy: a fraction.
        images: how many images it was measured on.
    """
    return math.tan(min(accuracy, 1 - 1 / (2 * images)) * math.pi / 2)


def pareto_front(points: Sequence[tuple[float, float]]) -> list[int]:
    """Which (cost, accuracy) points no other beats: as cheap and better, or cheaper and as good.

    Returns:
        Their indexes, the cheapest first; of equal points the first.
    """
    order = sorted(range(len(points)), key=lambda i: (points[i][0], -points[i][1], i))
    front: list[int] = []
    for index in order:
        if not front or points[index][1] > points[front[-1]][1]:
            front.append(index)
    return front


def _read_term(document: object, index: int) -> CostTerm:
    reader = Reader(document, f"objective[{index}]")
    term = CostTerm(
        _read_cost(reader),
        reader.choice("rule", CostRule),
        reader.number("value"),
        reader.number("weight"),
    )
    reader.done()
    return term


def _read_cost(reader: Reader) -> CostKind:
    name = reader.string("cost")
    try:
        return CostKind(name)
    except ValueError:
        # As every other choice is refused.
        return Reader({"cost": name}, reader.place).choice("cost", CostKind)
