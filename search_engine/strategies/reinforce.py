"""The learned strategy: the controller proposes, and learns by REINFORCE from every ten rewards."""

from collections import deque
from dataclasses import asdict, dataclass
from typing import ClassVar, Self

import torch
from torch import Tensor

from search_engine.controller import Controller, Outcome, Reinforce, UpdateReport, replay
from search_engine.spec import SearchSpace
from search_engine.spec.declared import Declared, Measured, Whole
from search_engine.spec.documents import Document
from search_engine.spec.errors import InvalidConfig
from search_engine.spec.strategy_settings import ReinforceSettings
from search_engine.strategies.base import Ground, Settings, Strategy, Tensors, Told
from search_engine.strategies.proposal import Proposal


@dataclass(frozen=True, slots=True)
class _State(Declared):
    place = "strategy.own"

    settings: ReinforceSettings
    updates: Whole
    baseline: Measured | None
    ready: tuple[Proposal, ...]
    outcomes: tuple[Outcome, ...]
    report: UpdateReport | None


class ReinforceStrategy(Strategy):
    """Proposals by the controller.

    Cells are drawn a batch at a time, which is cheaper. Those not asked for when the controller
    changes are forgotten, so every proposal is drawn from the policy of its moment.

    Args:
        settings: how the controller is built and learns.
        generator: gives the controller's first values, then its draws.
    """

    name: ClassVar[str] = "reinforce"

    def __init__(
        self, space: SearchSpace, settings: ReinforceSettings, generator: torch.Generator
    ) -> None:
        super().__init__(space)
        self.settings = settings
        controller = Controller(
            space, hidden=settings.hidden, embedding=settings.embedding, generator=generator
        )
        self._generator = generator
        self._learner = Reinforce(controller, settings)
        self._ready: deque[Proposal] = deque()
        self._outcomes: list[Outcome] = []
        self._report: UpdateReport | None = None

    @classmethod
    def make(
        cls, space: SearchSpace, seed: int, settings: Settings, ground: Ground | None = None
    ) -> Self:
        generator = torch.Generator().manual_seed(seed)
        return cls(space, ReinforceSettings.from_json(settings), generator)

    @property
    def controller(self) -> Controller:
        """The policy."""
        return self._learner.controller

    def ask(self) -> Proposal:
        if not self._ready:
            self._ready.extend(
                Proposal(
                    cell.growth.transformations,
                    cell.choices,
                    cell.log_probability,
                    self._learner.updates,
                )
                for cell in self.controller.sample(self.settings.batch, self._generator)
            )
        return self._ready.popleft()

    def _learn(self, proposal: Proposal, told: Told) -> None:
        # A record that cannot be gone through again must not wait in the batch to spoil the update.
        growth = replay(self.space, proposal.choices).growth
        if growth.transformations != proposal.transformations:
            raise InvalidConfig("proposal", "expected the cell that its choices grow")
        self._outcomes.append(
            Outcome(proposal.choices, proposal.log_probability, told.reward, proposal.update)
        )
        if len(self._outcomes) == self.settings.batch:
            self._report = self._learner.update(self._outcomes)
            self._outcomes = []
            self._ready.clear()

    def diagnostics(self) -> dict[str, float]:
        """Adds `updates`, `waiting` (rewards told since the last update) and `baseline`, and the
        `entropy`, `advantage`, `weight`, `lag` and `gradient_norm` of the last update.
        """
        own = {"updates": float(self._learner.updates), "waiting": float(len(self._outcomes))}
        if self._learner.baseline.value is not None:
            own["baseline"] = self._learner.baseline.value
        if self._report is not None:
            own |= asdict(self._report)
        return {**super().diagnostics(), **own}

    def _values(self) -> Document:
        return _State(
            self.settings,
            self._learner.updates,
            self._learner.baseline.value,
            tuple(self._ready),
            tuple(self._outcomes),
            self._report,
        ).to_json()

    def _tensors(self) -> dict[str, Tensor]:
        return {**self._learner.tensors(), "generator": self._generator.get_state()}

    @classmethod
    def _restore(
        cls, space: SearchSpace, own: Document, tensors: Tensors, ground: Ground | None
    ) -> Self:
        state = _State.from_json(own, space)
        strategy = cls(space, state.settings, torch.Generator())
        learner = strategy._learner
        learner.updates, learner.baseline.value = state.updates, state.baseline
        strategy._ready.extend(state.ready)
        strategy._outcomes, strategy._report = list(state.outcomes), state.report
        learner.load_tensors(tensors)
        if "generator" not in tensors:
            raise InvalidConfig("generator", "expected the state of a generator, got none")
        strategy._generator.set_state(tensors["generator"])
        return strategy
