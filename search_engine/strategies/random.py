"""Random search: what a learned strategy must beat within the same budget."""

import random
from collections.abc import Mapping
from typing import ClassVar, Self

from torch import Tensor

from search_engine.architecture import SearchSpace, sample
from search_engine.architecture.documents import Document, Reader
from search_engine.strategies.base import Strategy
from search_engine.strategies.generator_json import generator_from_json, generator_to_json
from search_engine.strategies.proposal import Proposal
from search_engine.strategy_settings import RandomSettings, read_settings


class RandomStrategy(Strategy):
    """Proposals by chance, every option of every decision being equally likely.

    Args:
        space: what may be proposed.
        rng: draws the choices.

    Reference: Cai et al. 2018, section 4.2 (arXiv:1806.02639).
    """

    name: ClassVar[str] = "random"

    def __init__(self, space: SearchSpace, rng: random.Random) -> None:
        super().__init__(space)
        self._rng = rng

    @classmethod
    def make(cls, space: SearchSpace, seed: int, settings: Mapping[str, object]) -> Self:
        read_settings(RandomSettings, settings)
        return cls(space, random.Random(seed))

    def ask(self) -> Proposal:
        return Proposal(sample(self.space, self._rng))

    def _learn(self, proposal: Proposal, reward: float) -> None:
        """Nothing: chance does not learn."""

    def _values(self) -> Document:
        return {"generator": generator_to_json(self._rng)}

    @classmethod
    def _restore(cls, space: SearchSpace, own: Reader, tensors: Mapping[str, Tensor]) -> Self:
        strategy = cls(space, generator_from_json(own.take("generator")))
        own.done()
        return strategy
