"""Settings of the strategies. No torch here, so that a config is judged before anything trains."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from search_engine.architecture.documents import describe
from search_engine.errors import InvalidConfig

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class ReinforceSettings:
    """How the controller is built and learns; the defaults are the paper's but for `max_weight`.

    Args:
        hidden: width of the encoder's states.
        embedding: width of the encoder's embeddings.
        learning_rate: of Adam.
        batch: cells in an update.
        entropy_bonus: weight of the entropy beside the reward.
        baseline_decay: weight of the old baseline against a new batch's mean.
        max_gradient_norm: longer gradients are scaled down to it.
        max_weight: importance weights are cut here. A growth's weight is a product over all of its
            decisions, so a few late cells can outweigh their batch. Measured on the synthetic
            reward of benchmarks/controller.py with 40 trials under way: weights up to 30 and an
            effective 24 % of the cells uncut, 63 % cut at 2, which is above nine tenths of the
            weights. The bias is what is cut from cells that have become much likelier; it turns
            no cell's gradient round, and these cells will be drawn again.

    Raises:
        InvalidConfig: a setting is outside its limits.
    """

    hidden: int = 100
    embedding: int = 10
    learning_rate: float = 0.006
    batch: int = 10
    entropy_bonus: float = 0.01
    baseline_decay: float = 0.95
    max_gradient_norm: float = 40.0
    max_weight: float = 2.0

    def __post_init__(self) -> None:
        for field in ("hidden", "embedding", "batch"):
            _check(getattr(self, field) >= 1, field, "at least 1", getattr(self, field))
        for field in ("learning_rate", "max_gradient_norm"):
            value = getattr(self, field)
            _check(0 < value < math.inf, field, "a positive number", value)
        _check(0 <= self.entropy_bonus < math.inf, "entropy_bonus", "0 or more", self.entropy_bonus)
        decay = self.baseline_decay
        _check(0 <= decay < 1, "baseline_decay", "0 or more and less than 1", decay)
        _check(1 <= self.max_weight < math.inf, "max_weight", "1 or more", self.max_weight)


@dataclass(frozen=True, slots=True)
class EvolutionSettings:
    """Sizes for searches of some hundred trials (the paper's are 100 and 25 for 20,000).

    Args:
        population: how many of the latest cells may become parents; as many are random at first.
        tournament: how many of them are drawn for one parent, the best of which it is.

    Raises:
        InvalidConfig: a setting is outside its limits.
    """

    population: int = 50
    tournament: int = 10

    def __post_init__(self) -> None:
        if not 1 <= self.tournament <= self.population:
            raise InvalidConfig(
                "tournament", f"expected 1 to {self.population}, got {self.tournament}"
            )


@dataclass(frozen=True, slots=True)
class RandomSettings:
    """Chance has nothing to set."""


KINDS: Mapping[str, type[ReinforceSettings | RandomSettings | EvolutionSettings]] = {
    "reinforce": ReinforceSettings,
    "random": RandomSettings,
    "evolution": EvolutionSettings,
}
"""What each strategy can be told, by its name."""


def check_settings(strategy: str, given: Mapping[str, float]) -> None:
    """Refuse settings that the strategy would refuse when it starts.

    Raises:
        InvalidConfig: an unknown name, or a value outside its limits.
    """
    try:
        read_settings(KINDS[strategy], {name: whole(value) for name, value in given.items()})
    except InvalidConfig as error:
        raise InvalidConfig("strategy_settings", f"{error.field}: {error.reason}") from None


def whole(value: float) -> float:
    """A whole number as `int`, which counts are."""
    return int(value) if float(value).is_integer() else value


def read_settings(kind: type[S], given: Mapping[str, object]) -> S:
    """A dataclass of numbers from names and values; what is not given has its default.

    Raises:
        InvalidConfig: an unknown name, or a value of the wrong type or outside its limits.
    """
    defaults: dict[str, Any] = {f.name: f.default for f in dataclasses.fields(cast(Any, kind))}
    for name, value in given.items():
        if name not in defaults:
            raise InvalidConfig(name, f"unknown setting; expected one of {', '.join(defaults)}")
        counts = isinstance(defaults[name], int)
        if isinstance(value, bool) or not isinstance(value, int if counts else int | float):
            expected = "a whole number" if counts else "a number"
            raise InvalidConfig(name, f"expected {expected}, got {describe(value)}")
    return kind(**given)


def _check(legal: bool, field: str, expected: str, got: object) -> None:
    if not legal:
        raise InvalidConfig(field, f"expected {expected}, got {got}")
