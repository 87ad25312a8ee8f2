"""Regularised evolution: the oldest of the population dies, however good it is.

A third point in the paper's comparison of strategies. Reference: Real et al. 2019,
"Regularized Evolution for Image Classifier Architecture Search" (arXiv:1802.01548).
"""

import random
from collections import deque
from dataclasses import dataclass
from typing import ClassVar, Self

from search_engine.spec import SearchSpace, sample
from search_engine.spec.declared import Declared, Measured, Whole
from search_engine.spec.documents import Document
from search_engine.spec.strategy_settings import EvolutionSettings
from search_engine.strategies.base import Ground, Settings, Strategy, Tensors, Told
from search_engine.strategies.generator_json import GeneratorField
from search_engine.strategies.mutation import mutate
from search_engine.strategies.proposal import GrowthField, Proposal, growth_of


@dataclass(frozen=True, slots=True)
class Member(Declared):
    """A told cell of the population."""

    growth: GrowthField
    reward: Measured


@dataclass(frozen=True, slots=True)
class _State(Declared):
    place = "strategy.own"

    settings: EvolutionSettings
    generator: GeneratorField
    asked: Whole
    population: tuple[Member, ...]


class EvolutionStrategy(Strategy):
    """Proposals by mutation of the best of a few."""

    name: ClassVar[str] = "evolution"

    def __init__(self, space: SearchSpace, settings: EvolutionSettings, rng: random.Random) -> None:
        super().__init__(space)
        self.settings = settings
        self._rng = rng
        self._asked = 0
        self._population: deque[Member] = deque(maxlen=settings.population)

    @classmethod
    def make(
        cls, space: SearchSpace, seed: int, settings: Settings, ground: Ground | None = None
    ) -> Self:
        return cls(space, EvolutionSettings.from_json(settings), random.Random(seed))

    def ask(self) -> Proposal:
        self._asked += 1
        # Also while nobody has been told: trials may take longer than the first round of asking.
        if self._asked <= self.settings.population or not self._population:
            return Proposal(sample(self.space, self._rng).transformations)
        drawn = min(self.settings.tournament, len(self._population))
        parent = max(self._rng.sample(self._population, drawn), key=lambda member: member.reward)
        return Proposal(mutate(self.space, parent.growth, self._rng).transformations)

    def diagnostics(self) -> dict[str, float]:
        """Adds the size of the `population`, and the `best` and `mean` reward in it."""
        rewards = [member.reward for member in self._population]
        own = {"population": float(len(rewards))}
        if rewards:
            own |= {"best": max(rewards), "mean": sum(rewards) / len(rewards)}
        return {**super().diagnostics(), **own}

    def _learn(self, proposal: Proposal, told: Told) -> None:
        growth = growth_of(self.space, proposal.transformations)
        self._population.append(Member(growth, told.reward))

    def _values(self) -> Document:
        population = tuple(self._population)
        return _State(self.settings, self._rng, self._asked, population).to_json()

    @classmethod
    def _restore(
        cls, space: SearchSpace, own: Document, tensors: Tensors, ground: Ground | None
    ) -> Self:
        state = _State.from_json(own, space)
        strategy = cls(space, state.settings, state.generator)
        strategy._asked = state.asked
        strategy._population.extend(state.population)
        return strategy
