"""What every strategy offers: ask for a proposal, tell its reward, go on from a state.

    strategy = make_strategy("reinforce", space, seed=0)
    proposal = strategy.ask()
    strategy.tell(proposal, reward)

Any number of proposals may be under way; they may be told in any order, late, or never.
"""

import dataclasses
import math
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self, TypeVar, cast, final

from torch import Tensor

from search_engine.architecture import (
    CellTransformation,
    Growth,
    SearchSpace,
    grow_cell,
    transformations_from_json,
    transformations_to_json,
)
from search_engine.architecture.documents import Document, Reader, describe
from search_engine.controller.replay import Choices
from search_engine.errors import InvalidConfig

STATE_VERSION = 1
SHARES_DECAY = 0.95

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Proposal:
    """A cell to be tried.

    Args:
        growth: the cell, and the transformations that make it from the start cell.
        choices: how the controller grew it; empty where no controller did.
        log_probability: of the choices when they were drawn.
        update: how many updates the controller had had by then.
    """

    growth: Growth
    choices: Choices = ()
    log_probability: float = 0.0
    update: int = 0

    def to_json(self) -> Document:
        """Plain values for `json.dumps`; the cell follows from the transformations."""
        return {
            "transformations": transformations_to_json(self.growth.transformations),
            "choices": list(self.choices),
            "log_probability": self.log_probability,
            "update": self.update,
        }

    @classmethod
    def from_json(cls, space: SearchSpace, document: object) -> Self:
        """A proposal from what `to_json` made.

        Raises:
            InvalidConfig: malformed; the message names the field.
            IllegalTransformation: the transformations do not fit the space's start cell.
        """
        reader = Reader(document, "proposal")
        proposal = cls(
            growth_from_json(space, reader.take("transformations")),
            reader.integers("choices"),
            reader.number("log_probability"),
            reader.integer("update"),
        )
        reader.done()
        return proposal


@dataclass(frozen=True, slots=True)
class StrategyState:
    """All that a strategy needs to go on exactly.

    Args:
        values: plain values for `json.dumps`; `name` says which strategy it is.
        tensors: for safetensors; empty where the strategy has none.
    """

    values: Document
    tensors: Mapping[str, Tensor]


class Strategy(ABC):
    """Chooses which cells of a space are tried.

    Args:
        space: what may be proposed.
    """

    name: ClassVar[str]

    def __init__(self, space: SearchSpace) -> None:
        self.space = space
        self.told = 0
        self._shares: dict[str, float] = {}

    @classmethod
    @abstractmethod
    def make(cls, space: SearchSpace, seed: int, settings: Mapping[str, object]) -> Self:
        """A strategy at its start.

        Raises:
            InvalidConfig: a setting is unknown or outside its limits.
        """

    @abstractmethod
    def ask(self) -> Proposal:
        """The next cell to try. It needs no answer before the next one is asked for."""

    @final
    def tell(self, proposal: Proposal, reward: float) -> None:
        """Learn what a proposal was worth.

        Raises:
            InvalidConfig: the reward is not finite, or the proposal is not of this strategy.
        """
        if not math.isfinite(reward):
            raise InvalidConfig("reward", f"expected a finite number, got {reward}")
        self._learn(proposal, reward)
        self.told += 1
        self._count_operations(proposal.growth)

    @final
    def state(self) -> StrategyState:
        """All that is needed to go on exactly; later changes of the strategy do not reach it."""
        values = {
            "version": STATE_VERSION,
            "name": self.name,
            "told": self.told,
            "operation_shares": dict(self._shares),
            "own": self._values(),
        }
        return StrategyState(values, self._tensors())

    @classmethod
    @final
    def from_state(cls, space: SearchSpace, state: StrategyState) -> Self:
        """The strategy that goes on where the state was taken.

        Raises:
            InvalidConfig: the state is malformed, or another strategy's.
        """
        reader = Reader(state.values, "strategy")
        reader.version(STATE_VERSION)
        if (name := reader.string("name")) != cls.name:
            reader.fail("strategy.name", f"expected {cls.name!r}, got {name!r}")
        told, shares = reader.integer("told"), reader.take("operation_shares")
        strategy = cls._restore(space, Reader(reader.take("own"), "strategy.own"), state.tensors)
        strategy.told = told
        strategy._shares = dict(cast(Mapping[str, float], shares))
        reader.done()
        return strategy

    def diagnostics(self) -> dict[str, float]:
        """Numbers to watch: how many were told, and the recent share of each operation on the edges
        whose operation is chosen (moving average over the cells told)."""
        shares = {f"share.{name}": share for name, share in sorted(self._shares.items())}
        return {"told": float(self.told), **shares}

    @abstractmethod
    def _learn(self, proposal: Proposal, reward: float) -> None:
        """What `tell` does beyond checking the reward; refuses before it changes anything."""

    @abstractmethod
    def _values(self) -> Document:
        """The plain part of the strategy's own state."""

    def _tensors(self) -> dict[str, Tensor]:
        return {}

    @classmethod
    @abstractmethod
    def _restore(cls, space: SearchSpace, own: Reader, tensors: Mapping[str, Tensor]) -> Self:
        """From what `_values` and `_tensors` gave."""

    def _count_operations(self, growth: Growth) -> None:
        edges = [b.operation.value for path, b in growth.cell.branches() if len(path) > 1]
        counts = Counter(edges)
        old = SHARES_DECAY if self._shares else 0.0
        for operation in self.space.operations if edges else ():
            share = counts[operation.value] / len(edges)
            before = self._shares.get(operation.value, 0.0)
            self._shares[operation.value] = old * before + (1 - old) * share


def growth_from_json(space: SearchSpace, document: object) -> Growth:
    """A growth from its transformations as JSON.

    Raises:
        InvalidConfig: malformed.
        IllegalTransformation: they do not fit the space's start cell.
    """
    # Layer transformations cannot occur: `apply` of a cell is all that `grow_cell` asks for.
    transformations = cast(
        tuple[CellTransformation, ...],
        transformations_from_json(list(document) if isinstance(document, tuple) else document),
    )
    return Growth(grow_cell(space.start_cell, transformations), transformations)


def read_settings(kind: type[S], given: Mapping[str, object]) -> S:
    """A dataclass of numbers from names and values; what is not given has its default.

    Raises:
        InvalidConfig: an unknown name, or a value of the wrong type or outside its limits.
    """
    defaults: dict[str, Any] = {f.name: f.default for f in dataclasses.fields(cast(Any, kind))}
    for name, value in given.items():
        if name not in defaults:
            raise InvalidConfig(name, f"unknown setting; expected one of {', '.join(defaults)}")
        whole = isinstance(defaults[name], int)
        if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
            expected = "a whole number" if whole else "a number"
            raise InvalidConfig(name, f"expected {expected}, got {describe(value)}")
    return kind(**given)
