"""What every strategy offers: ask for a proposal, tell its reward, go on from a state.

    strategy = make_strategy("reinforce", space, seed=0)
    proposal = strategy.ask()
    strategy.tell(proposal, reward)

Any number of proposals may be under way; they may be told in any order, late, or never.
"""

import math
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self, final

from torch import Tensor

from search_engine.architecture import Growth, SearchSpace
from search_engine.architecture.documents import Document, Reader, describe
from search_engine.errors import InvalidConfig
from search_engine.strategies.proposal import Proposal

STATE_VERSION = 1
SHARES_DECAY = 0.95


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
        if not isinstance(shares, Mapping):
            reader.fail("strategy.operation_shares", f"expected an object, got {describe(shares)}")
        strategy = cls._restore(space, Reader(reader.take("own"), "strategy.own"), state.tensors)
        strategy.told = told
        strategy._shares = {str(name): float(share) for name, share in shares.items()}
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
