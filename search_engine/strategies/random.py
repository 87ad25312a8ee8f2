"""Random search: what a learned strategy must beat within the same budget."""

import random
from dataclasses import dataclass
from typing import ClassVar, Self

from search_engine.spec import SearchSpace, sample
from search_engine.spec.declared import Declared
from search_engine.spec.documents import Document
from search_engine.spec.strategy_settings import RandomSettings
from search_engine.strategies.base import Ground, Settings, Strategy, Tensors, Told
from search_engine.strategies.generator_json import GeneratorField
from search_engine.strategies.proposal import Proposal


@dataclass(frozen=True, slots=True)
class _State(Declared):
    place = "strategy.own"

    generator: GeneratorField


class RandomStrategy(Strategy):
    """Proposals by chance, every option of every decision being equally likely.

    Reference: Cai et al. 2018, section 4.2 (arXiv:1806.02639).
    """

    name: ClassVar[str] = "random"

    def __init__(self, space: SearchSpace, rng: random.Random) -> None:
        super().__init__(space)
        self._rng = rng

    @classmethod
    def make(
        cls, space: SearchSpace, seed: int, settings: Settings, ground: Ground | None = None
    ) -> Self:
        RandomSettings.from_json(settings)
        return cls(space, random.Random(seed))

    def ask(self) -> Proposal:
        return Proposal(sample(self.space, self._rng).transformations)

    def _learn(self, proposal: Proposal, told: Told) -> None:
        """Nothing: chance does not learn."""

    def _values(self) -> Document:
        return _State(self._rng).to_json()

    @classmethod
    def _restore(
        cls, space: SearchSpace, own: Document, tensors: Tensors, ground: Ground | None
    ) -> Self:
        return cls(space, _State.from_json(own).generator)
