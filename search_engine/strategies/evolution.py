"""Regularised evolution: the oldest of the population dies, however good it is.

A third point in the paper's comparison of strategies. Reference: Real et al. 2019,
"Regularized Evolution for Image Classifier Architecture Search" (arXiv:1802.01548).
"""

import dataclasses
import random
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from torch import Tensor

from search_engine.architecture import Growth, SearchSpace, sample, transformations_to_json
from search_engine.architecture.documents import Document, Reader
from search_engine.strategies.base import Strategy
from search_engine.strategies.generator_json import generator_from_json, generator_to_json
from search_engine.strategies.mutation import mutate
from search_engine.strategies.proposal import Proposal, growth_from_json
from search_engine.strategy_settings import EvolutionSettings, read_settings


@dataclass(frozen=True, slots=True)
class Member:
    """A told cell of the population."""

    growth: Growth
    reward: float


class EvolutionStrategy(Strategy):
    """Proposals by mutation of the best of a few.

    Args:
        space: what may be proposed.
        settings: sizes of population and tournament.
        rng: draws everything.
    """

    name: ClassVar[str] = "evolution"

    def __init__(self, space: SearchSpace, settings: EvolutionSettings, rng: random.Random) -> None:
        super().__init__(space)
        self.settings = settings
        self._rng = rng
        self._asked = 0
        self._population: deque[Member] = deque(maxlen=settings.population)

    @classmethod
    def make(cls, space: SearchSpace, seed: int, settings: Mapping[str, object]) -> Self:
        return cls(space, read_settings(EvolutionSettings, settings), random.Random(seed))

    def ask(self) -> Proposal:
        self._asked += 1
        # Also while nobody has been told: trials may take longer than the first round of asking.
        if self._asked <= self.settings.population or not self._population:
            return Proposal(sample(self.space, self._rng))
        drawn = min(self.settings.tournament, len(self._population))
        parent = max(self._rng.sample(self._population, drawn), key=lambda member: member.reward)
        return Proposal(mutate(self.space, parent.growth, self._rng))

    def diagnostics(self) -> dict[str, float]:
        """With `population`, and the `best` and `mean` reward in it."""
        rewards = [member.reward for member in self._population]
        own = {"population": float(len(rewards))}
        if rewards:
            own |= {"best": max(rewards), "mean": sum(rewards) / len(rewards)}
        return {**super().diagnostics(), **own}

    def _learn(self, proposal: Proposal, reward: float) -> None:
        self._population.append(Member(proposal.growth, reward))

    def _values(self) -> Document:
        return {
            "settings": dataclasses.asdict(self.settings),
            "generator": generator_to_json(self._rng),
            "asked": self._asked,
            "population": [
                {
                    "transformations": transformations_to_json(member.growth.transformations),
                    "reward": member.reward,
                }
                for member in self._population
            ],
        }

    @classmethod
    def _restore(cls, space: SearchSpace, own: Reader, tensors: Mapping[str, Tensor]) -> Self:
        settings = Reader(own.take("settings"), "strategy.own.settings")
        strategy = cls(
            space,
            EvolutionSettings(settings.integer("population"), settings.integer("tournament")),
            generator_from_json(own.take("generator")),
        )
        strategy._asked = own.integer("asked")
        strategy._population.extend(_member(space, item) for item in own.sequence("population"))
        own.done()
        return strategy


def _member(space: SearchSpace, document: object) -> Member:
    reader = Reader(document, "member")
    return Member(growth_from_json(space, reader.take("transformations")), reader.number("reward"))
