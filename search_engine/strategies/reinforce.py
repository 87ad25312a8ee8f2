"""The learned strategy: the controller proposes, and learns by REINFORCE from every ten rewards."""

import dataclasses
from collections import deque
from collections.abc import Mapping
from typing import ClassVar, Self

import torch
from torch import Tensor

from search_engine.architecture import SearchSpace
from search_engine.architecture.documents import Document, Reader
from search_engine.controller import (
    Controller,
    Outcome,
    Reinforce,
    UpdateReport,
    replay,
)
from search_engine.errors import InvalidConfig
from search_engine.strategies.base import Strategy
from search_engine.strategies.proposal import Proposal
from search_engine.strategy_settings import ReinforceSettings, read_settings


class ReinforceStrategy(Strategy):
    """Proposals by the controller.

    Cells are drawn a batch at a time, which is cheaper. Those not asked for when the controller
    changes are forgotten, so every proposal is drawn from the policy of its moment.

    Args:
        space: what may be proposed.
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
    def make(cls, space: SearchSpace, seed: int, settings: Mapping[str, object]) -> Self:
        generator = torch.Generator().manual_seed(seed)
        return cls(space, read_settings(ReinforceSettings, settings), generator)

    @property
    def controller(self) -> Controller:
        """The policy."""
        return self._learner.controller

    def ask(self) -> Proposal:
        if not self._ready:
            self._ready.extend(
                Proposal(cell.growth, cell.choices, cell.log_probability, self._learner.updates)
                for cell in self.controller.sample(self.settings.batch, self._generator)
            )
        return self._ready.popleft()

    def _learn(self, proposal: Proposal, reward: float) -> None:
        # A record that cannot be gone through again must not wait in the batch to spoil the update.
        if replay(self.space, proposal.choices).growth.cell != proposal.growth.cell:
            raise InvalidConfig("proposal", "expected the cell that its choices grow")
        self._outcomes.append(
            Outcome(proposal.choices, proposal.log_probability, reward, proposal.update)
        )
        if len(self._outcomes) == self.settings.batch:
            self._report = self._learner.update(self._outcomes)
            self._outcomes = []
            self._ready.clear()

    def diagnostics(self) -> dict[str, float]:
        """With `updates`, `waiting` (told since the last update) and `baseline`; of the last update
        `entropy`, `advantage`, `weight`, `lag` and `gradient_norm`."""
        own = {"updates": float(self._learner.updates), "waiting": float(len(self._outcomes))}
        if self._learner.baseline.value is not None:
            own["baseline"] = self._learner.baseline.value
        if self._report is not None:
            own |= dataclasses.asdict(self._report)
        return {**super().diagnostics(), **own}

    def _values(self) -> Document:
        return {
            "settings": dataclasses.asdict(self.settings),
            "updates": self._learner.updates,
            "baseline": self._learner.baseline.value,
            "ready": [proposal.to_json() for proposal in self._ready],
            "outcomes": [dataclasses.asdict(outcome) for outcome in self._outcomes],
            "report": None if self._report is None else dataclasses.asdict(self._report),
        }

    def _tensors(self) -> dict[str, Tensor]:
        return {**self._learner.tensors(), "generator": self._generator.get_state()}

    @classmethod
    def _restore(cls, space: SearchSpace, own: Reader, tensors: Mapping[str, Tensor]) -> Self:
        strategy = cls.make(space, 0, _mapping(own, "settings"))
        learner = strategy._learner
        learner.updates = own.integer("updates")
        baseline = own.take("baseline")
        learner.baseline.value = baseline if isinstance(baseline, float) else None
        strategy._ready.extend(Proposal.from_json(space, item) for item in own.sequence("ready"))
        strategy._outcomes = [_outcome(item) for item in own.sequence("outcomes")]
        strategy._report = _report(own.take("report"))
        own.done()
        learner.load_tensors(tensors)
        if "generator" not in tensors:
            raise InvalidConfig("generator", "expected the state of a generator, got none")
        strategy._generator.set_state(tensors["generator"])
        return strategy


def _mapping(reader: Reader, name: str) -> Mapping[str, object]:
    value = reader.take(name)
    if not isinstance(value, Mapping):
        reader.fail(f"{reader.place}.{name}", "expected an object")
    return value


def _outcome(document: object) -> Outcome:
    reader = Reader(document, "outcome")
    return Outcome(
        reader.integers("choices"),
        reader.number("log_probability"),
        reader.number("reward"),
        reader.integer("update"),
    )


def _report(document: object) -> UpdateReport | None:
    if document is None:
        return None
    reader = Reader(document, "report")
    return UpdateReport(**{f.name: reader.number(f.name) for f in dataclasses.fields(UpdateReport)})
