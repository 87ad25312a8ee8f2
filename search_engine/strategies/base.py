"""What every strategy offers: ask for a proposal, tell its reward, go on from a state.

    strategy = make_strategy("reinforce", space, seed=0)
    proposal = strategy.ask()
    strategy.tell(proposal, reward)     # `grow` must know the trial, too

Any number of proposals may be under way; they may be told in any order, late, or never.
"""

import math
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self, final

from torch import Tensor

from search_engine.spec import Architecture, Cell, SearchSpace
from search_engine.spec.declared import Declared, Measured, Whole, always
from search_engine.spec.documents import Document
from search_engine.spec.errors import InvalidConfig
from search_engine.spec.trial import TrialResult
from search_engine.strategies.proposal import Proposal, growth_of

SHARES_DECAY = 0.95

Settings = Mapping[str, object]
"""Settings of a strategy, by name; those that are left out are the default."""
Tensors = Mapping[str, Tensor]


@dataclass(frozen=True, slots=True)
class StrategyState:
    """All that a strategy needs to go on exactly.

    Args:
        values: plain values for `json.dumps`; `name` says which strategy it is.
        tensors: for safetensors; empty where the strategy has none.
    """

    values: Document
    tensors: Tensors


@dataclass(frozen=True, slots=True)
class _Values(Declared):
    """What every strategy's state says, and what is its `own`."""

    place = "strategy"
    fixed = always(version=1)

    name: str
    told: Whole
    operation_shares: Mapping[str, Measured]
    own: Document


@dataclass(frozen=True, slots=True)
class Ground:
    """Where growing begins.

    Args:
        validation_images: how many there are: an accuracy is no finer than they allow.
    """

    start: Architecture
    validation_images: int


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a proposal.

    Args:
        number: of its trial; 0 where none was needed.
        result: of the trial, where there was one.
    """

    reward: float
    number: int = 0
    result: TrialResult | None = None


class Strategy(ABC):
    """Chooses which networks are tried."""

    name: ClassVar[str]
    has_parents: ClassVar[bool] = False
    """Whether children grow from children; else all grow from the start network."""

    def __init__(self, space: SearchSpace) -> None:
        self.space = space
        self.told = 0
        self._shares: dict[str, float] = {}

    @classmethod
    @abstractmethod
    def make(
        cls, space: SearchSpace, seed: int, settings: Settings, ground: Ground | None = None
    ) -> Self:
        """A strategy at its start.

        Args:
            ground: where it begins; only strategies with parents need it.

        Raises:
            InvalidConfig: a setting is unknown or outside its limits.
        """

    @abstractmethod
    def ask(self) -> Proposal:
        """The next network to try. It needs no answer before the next one is asked for."""

    def rest(self, parent: int = 0) -> Proposal:
        """A network trained on, unchanged: what the control is.

        Args:
            parent: a trial that it goes on from, where the strategy has parents.
        """
        return Proposal(())

    @property
    def has_ended(self) -> bool:
        """Whether it expects nothing of further trials."""
        return False

    def parents(self) -> frozenset[int]:
        """Numbers of the trials from which it may let children grow, the start network left out."""
        return frozenset()

    @final
    def tell(
        self,
        proposal: Proposal,
        reward: float,
        *,
        number: int = 0,
        result: TrialResult | None = None,
    ) -> None:
        """Learn what a proposal was worth.

        Args:
            number: of its trial; 0 where none was needed.
            result: of the trial, where there was one.

        Raises:
            InvalidConfig: the reward is not finite, or the proposal is not of this strategy.
        """
        if not math.isfinite(reward):
            raise InvalidConfig("reward", f"expected a finite number, got {reward}")
        self._learn(proposal, Told(reward, number, result))
        self.told += 1
        self._count_operations(self._cell(proposal))

    @final
    def state(self) -> StrategyState:
        """All that is needed to go on exactly; later changes of the strategy do not reach it."""
        values = _Values(self.name, self.told, self._shares, self._values())
        return StrategyState(values.to_json(), self._tensors())

    @classmethod
    @final
    def from_state(
        cls, space: SearchSpace, state: StrategyState, ground: Ground | None = None
    ) -> Self:
        """The strategy that goes on where the state was taken.

        Raises:
            InvalidConfig: the state is malformed, or another strategy's.
        """
        values = _Values.from_json(state.values)
        if values.name != cls.name:
            raise InvalidConfig("strategy.name", f"expected {cls.name!r}, got {values.name!r}")
        strategy = cls._restore(space, values.own, state.tensors, ground)
        strategy.told, strategy._shares = values.told, dict(values.operation_shares)
        return strategy

    def diagnostics(self) -> dict[str, float]:
        """Numbers to watch: how many were told, and the recent share of each operation on the edges
        whose operation is chosen (moving average over the cells told)."""
        shares = {f"share.{name}": share for name, share in sorted(self._shares.items())}
        return {"told": float(self.told), **shares}

    @abstractmethod
    def _learn(self, proposal: Proposal, told: Told) -> None:
        """What `tell` does beyond checking the reward; refuses before it changes anything."""

    @abstractmethod
    def _values(self) -> Document:
        """The plain part of the strategy's own state."""

    def _tensors(self) -> dict[str, Tensor]:
        return {}

    @classmethod
    @abstractmethod
    def _restore(
        cls, space: SearchSpace, own: Document, tensors: Tensors, ground: Ground | None
    ) -> Self:
        """A strategy from what `_values` and `_tensors` gave."""

    def _cell(self, proposal: Proposal) -> Cell:
        """The cell that a proposal makes."""
        return growth_of(self.space, proposal.transformations).cell

    def _count_operations(self, cell: Cell) -> None:
        edges = [b.operation.value for path, b in cell.branches() if len(path) > 1]
        counts = Counter(edges)
        old = SHARES_DECAY if self._shares else 0.0
        for operation in self.space.operations if edges else ():
            share = counts[operation.value] / len(edges)
            before = self._shares.get(operation.value, 0.0)
            self._shares[operation.value] = old * before + (1 - old) * share
