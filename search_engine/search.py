"""The search as an object that anything can drive: ask for a trial, tell its result, save the
state.

    search = Search(config, classes=10, validation_images=300)
    while (trial := search.ask()) is not None:
        search.tell(trial.number, evaluate(trial))

Any number of trials may be in flight and be told in any order. The same config, seed and order of
tells give the same trials, also when the search is stopped in between and restored from its state.
Reference: Cai et al. 2018, section 3.3 (arXiv:1806.02639).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from torch import Tensor

from search_engine.architecture import Architecture, Cell, Lineage, format_cell
from search_engine.architecture.documents import Document, Reader
from search_engine.config import SearchConfig
from search_engine.errors import IllegalTransformation, InvalidArchitecture, InvalidConfig
from search_engine.objective import CostKind
from search_engine.strategies import (
    Proposal,
    StrategyState,
    make_strategy,
    restore_strategy,
)
from search_engine.strategy_settings import whole
from search_engine.trial import TrialResult

SEARCH_STATE_VERSION = 1
MAX_SKIPPED_IN_A_ROW = 1_000
"""After so many proposals that are known already or above a limit, the space counts as exhausted.
"""


@dataclass(frozen=True, slots=True)
class Trial:
    """A trial to be evaluated.

    Args:
        number: from 1.
        proposal: the cell and how it grows.
        seed: of every draw in its evaluation.
    """

    number: int
    proposal: Proposal
    seed: int

    @property
    def cell(self) -> Cell:
        """The cell to be tried."""
        return self.proposal.growth.cell

    def lineage(self, config: SearchConfig) -> Lineage:
        """How the start network becomes the trial's child."""
        return Lineage(self.proposal.growth.transformations, self.seed, config.morph)


@dataclass(frozen=True, slots=True)
class EndedTrial:
    """A trial with its result.

    Args:
        trial: what was tried.
        result: what came of it.
        reward: what the strategy was told.
        diagnostics: of the strategy, after it was told.
    """

    trial: Trial
    result: TrialResult
    reward: float
    diagnostics: Mapping[str, float]

    def to_json(self) -> Document:
        """The line of the trials' record."""
        return {
            "trial": self.trial.number,
            "state": self.result.state,
            "reward": self.reward,
            "notation": format_cell(self.trial.cell),
            "digest": self.trial.cell.digest,
            "seed": self.trial.seed,
            "proposal": self.trial.proposal.to_json(),
            "result": self.result.to_json(),
            "diagnostics": dict(self.diagnostics),
        }


@dataclass(frozen=True, slots=True)
class SearchState:
    """All that a search needs to go on exactly.

    Args:
        values: plain values for `json.dumps`.
        tensors: of the strategy, for safetensors.
    """

    values: Document
    tensors: Mapping[str, Tensor]


class Search:
    """Proposes trials and learns from their results.

    Args:
        config: all settings.
        classes: of the data set; a trial that fails by its own fault counts as chance, 1 / classes.
        validation_images: on which accuracies are measured.

    Raises:
        InvalidConfig: a setting of the strategy is unknown or outside its limits.
    """

    def __init__(self, config: SearchConfig, *, classes: int, validation_images: int) -> None:
        self.config = config
        self.classes = classes
        self.validation_images = validation_images
        self.start = Architecture.start(replace(config.skeleton, classes=classes))
        settings = {name: whole(value) for name, value in config.strategy_settings}
        self.strategy = make_strategy(config.strategy, config.space, config.seed, **settings)
        self.in_flight: dict[int, Trial] = {}
        self.ended: list[EndedTrial] = []
        self.skipped = 0
        self.exhausted = False
        self._known: dict[str, float] = {}
        self._waiting: dict[str, list[Proposal]] = {}

    @property
    def epochs(self) -> int:
        """Epochs that all ended trials have trained together."""
        return sum(ended.result.epochs for ended in self.ended)

    @property
    def best(self) -> EndedTrial | None:
        """The completed trial with the greatest reward, the first of equals."""
        completed = [ended for ended in self.ended if ended.result.failure is None]
        return max(completed, key=lambda ended: ended.reward, default=None)

    def is_spent(self, elapsed_seconds: float = 0.0) -> bool:
        """Whether no more trials will be asked for; those in flight may still end.

        Args:
            elapsed_seconds: running time so far, as the caller has measured it.
        """
        budget = self.config.budget
        return (
            self.exhausted
            or len(self.ended) + len(self.in_flight) >= budget.max_trials
            or (budget.max_epochs is not None and self.epochs >= budget.max_epochs)
            or (budget.max_seconds is not None and elapsed_seconds >= budget.max_seconds)
        )

    def ask(self, elapsed_seconds: float = 0.0) -> Trial | None:
        """The next trial to evaluate, or None where the budget is spent or the space exhausted.

        A cell that was tried before is answered from the record and another one is drawn; one that
        is being tried is told together with it; one above a limit is told as worthless.
        """
        if self.is_spent(elapsed_seconds):
            return None
        for _ in range(MAX_SKIPPED_IN_A_ROW):
            proposal = self.strategy.ask()
            if self._is_new(proposal):
                return self._launch(proposal)
            self.skipped += 1
        self.exhausted = True
        return None

    def tell(self, number: int, result: TrialResult) -> EndedTrial:
        """Take a trial's result.

        A trial that was lost to the infrastructure is not told: evaluate it again.

        Raises:
            InvalidConfig: no such trial is in flight.
        """
        if number not in self.in_flight:
            raise InvalidConfig("trial", f"expected a trial in flight, got {number}")
        trial = self.in_flight.pop(number)
        digest, reward = trial.cell.digest, self._reward(result)
        self._known[digest] = reward
        for proposal in (trial.proposal, *self._waiting.pop(digest, ())):
            self.strategy.tell(proposal, reward)
        ended = EndedTrial(trial, result, reward, self.strategy.diagnostics())
        self.ended.append(ended)
        return ended

    def stops_early(self, number: int, curve: tuple[float, ...]) -> bool:
        """Whether a trial in flight stops now, by its accuracy after each epoch so far."""
        others = [e.result.curve for e in self.ended if e.trial.number != number]
        return self.config.early_stopping.stops(curve, others)

    def state(self) -> SearchState:
        """All that is needed to go on exactly, trials in flight included."""
        strategy = self.strategy.state()
        values = {
            "version": SEARCH_STATE_VERSION,
            "config": self.config.to_json(),
            "classes": self.classes,
            "validation_images": self.validation_images,
            "strategy": strategy.values,
            "in_flight": [_trial_to_json(trial) for trial in self.in_flight.values()],
            "ended": [ended.to_json() for ended in self.ended],
            "waiting": {
                digest: [proposal.to_json() for proposal in proposals]
                for digest, proposals in self._waiting.items()
            },
            "skipped": self.skipped,
            "exhausted": self.exhausted,
        }
        return SearchState(values, strategy.tensors)

    @classmethod
    def from_state(cls, state: SearchState) -> Self:
        """The search that goes on where the state was taken.

        Raises:
            InvalidConfig: malformed; the message names the field.
        """
        reader = Reader(state.values, "search_state")
        reader.version(SEARCH_STATE_VERSION)
        config = SearchConfig.from_json(reader.take("config"))
        search = cls(
            config,
            classes=reader.integer("classes"),
            validation_images=reader.integer("validation_images"),
        )
        values = reader.take("strategy")
        assert isinstance(values, dict)
        search.strategy = restore_strategy(config.space, StrategyState(values, state.tensors))
        for document in reader.sequence("in_flight"):
            trial = _read_trial(config, Reader(document, "in_flight"))
            search.in_flight[trial.number] = trial
        for document in reader.sequence("ended"):
            ended = _read_ended(config, document)
            search.ended.append(ended)
            search._known[ended.trial.cell.digest] = ended.reward
        waiting = Reader(reader.take("waiting"), "waiting")
        for digest in waiting.names():
            search._waiting[digest] = [
                Proposal.from_json(config.space, proposal) for proposal in waiting.sequence(digest)
            ]
        search.skipped = reader.integer("skipped")
        search.exhausted = reader.boolean("exhausted")
        reader.done()
        return search

    def _is_new(self, proposal: Proposal) -> bool:
        """Whether the proposal must be evaluated; otherwise it is answered here."""
        digest = proposal.growth.cell.digest
        if digest in self._known:
            self.strategy.tell(proposal, self._known[digest])
            return False
        if any(trial.cell.digest == digest for trial in self.in_flight.values()):
            self._waiting.setdefault(digest, []).append(proposal)
            return False
        if self._is_above_a_limit(proposal.growth.cell):
            self.strategy.tell(proposal, 0.0)
            return False
        return True

    def _is_above_a_limit(self, cell: Cell) -> bool:
        """Whether the cell does not fit the start network, or costs more than a limit allows."""
        try:
            cost = Architecture(self.start.skeleton, cell).cost
        except (InvalidArchitecture, IllegalTransformation):
            return True
        costs = {
            CostKind.PARAMETERS: float(cost.parameters),
            CostKind.MULTIPLY_ADDS: float(cost.multiply_adds),
        }
        return self.config.objective.exceeds(costs) is not None

    def _launch(self, proposal: Proposal) -> Trial:
        number = len(self.ended) + len(self.in_flight) + 1
        trial = Trial(number, proposal, trial_seed(self.config.seed, number))
        self.in_flight[number] = trial
        return trial

    def _reward(self, result: TrialResult) -> float:
        accuracy = 1 / self.classes if result.accuracy is None else result.accuracy
        return self.config.objective.reward(accuracy, self.validation_images, result.costs)


def trial_seed(search_seed: int, number: int) -> int:
    """Seed of a trial, 32 bits; it depends on the search's seed and the trial's number only."""
    digest = hashlib.sha256(f"{search_seed}/{number}".encode()).digest()
    return int.from_bytes(digest[:4], "big")


def _trial_to_json(trial: Trial) -> Document:
    return {
        "trial": trial.number,
        "seed": trial.seed,
        "proposal": trial.proposal.to_json(),
    }


def _read_trial(config: SearchConfig, reader: Reader) -> Trial:
    return Trial(
        reader.integer("trial"),
        Proposal.from_json(config.space, reader.take("proposal")),
        reader.integer("seed"),
    )


def _read_ended(config: SearchConfig, document: object) -> EndedTrial:
    reader = Reader(document, "ended")
    return EndedTrial(
        _read_trial(config, reader),
        TrialResult.from_json(reader.take("result")),
        reader.number("reward"),
        reader.numbers("diagnostics"),
    )
