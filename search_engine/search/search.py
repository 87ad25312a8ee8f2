"""The search as an object that anything can drive: ask for a trial, tell its result, save the
state.

    search = Search(config, classes=10, validation_images=300)
    while (trial := search.ask()) is not None:
        search.tell(trial.number, evaluate(trial))

Any number of trials may be in flight and be told in any order. The same config, seed and order of
tells give the same trials, also when the search is stopped in between and restored from its state.

Beside the children stand controls: the start network, trained as they are. When the budget is spent
the best children are trained once more with other seeds, and so confirmed: `ask` gives all three.
Reference: Cai et al. 2018, section 3.3 (arXiv:1806.02639).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Self

from torch import Tensor

from search_engine.search.record import Record
from search_engine.search.trials import EndedTrial, Trial, reward_of, trial_seed
from search_engine.spec import Architecture, format_cell
from search_engine.spec.declared import Declared, Flag, Whole, always, read
from search_engine.spec.documents import Document
from search_engine.spec.errors import IllegalTransformation, InvalidArchitecture, InvalidConfig
from search_engine.spec.objective import CostKind
from search_engine.spec.search_config import Budget, SearchConfig
from search_engine.spec.strategy_settings import whole
from search_engine.spec.trial import Role, TrialResult
from search_engine.strategies import (
    Ground,
    Proposal,
    StrategyState,
    make_strategy,
    restore_strategy,
)

MAX_SKIPPED_IN_A_ROW = 1_000
"""Number of proposals, known already or above a limit, after which a space counts as exhausted."""


@dataclass(frozen=True, slots=True)
class _Values(Declared):
    """The plain values of a search, but for its config and the ended trials."""

    place = "search_state"
    fixed = always(version=1)

    classes: Whole
    validation_images: Whole
    strategy: Document
    in_flight: tuple[Trial, ...]
    waiting: Mapping[str, tuple[Proposal, ...]]
    skipped: Whole
    exhausted: Flag


@dataclass(frozen=True, slots=True)
class SearchState:
    """All that a search needs to go on exactly."""

    values: Document
    tensors: Mapping[str, Tensor]


class Search:
    """Proposes trials and learns from their results.

    Args:
        classes: of the data set; a trial that fails by its own fault counts as chance, 1 / classes.
        validation_images: number of images on which accuracies are measured.

    Raises:
        InvalidConfig: a setting of the strategy is unknown or outside its limits.
    """

    def __init__(self, config: SearchConfig, *, classes: int, validation_images: int) -> None:
        self.config = config
        self.classes = classes
        self.validation_images = validation_images
        self.start = config.start_architecture(classes)
        settings = {name: whole(value) for name, value in config.strategy_settings}
        self._ground = Ground(self.start, validation_images)
        self.strategy = make_strategy(
            config.strategy, config.space, config.seed, ground=self._ground, **settings
        )
        self.record = Record(
            is_chain=self.strategy.has_parents, finalists=config.confirmation.finalists
        )
        self.skipped = 0
        self.exhausted = False
        self._known: dict[str, float] = {}
        self._waiting: dict[str, list[Proposal]] = {}
        self._architectures = {0: self.start}

    @property
    def in_flight(self) -> dict[int, Trial]:
        """The trials that were asked for and not told, by number."""
        return self.record.in_flight

    @property
    def ended(self) -> list[EndedTrial]:
        """The trials in the order in which they were told."""
        return self.record.ended

    @property
    def best(self) -> EndedTrial | None:
        """The completed child with the greatest reward, the first of equals."""
        return next(iter(self.record.ranked()), None)

    @property
    def epochs(self) -> int:
        """Total number of epochs of all ended trials."""
        return sum(ended.result.epochs for ended in self.ended)

    @property
    def compute(self) -> float:
        """Multiply-adds of all trainings so far."""
        return sum(ended.result.compute for ended in self.ended)

    def architecture(self, trial: Trial) -> Architecture:
        """The network that a trial makes of its parent's.

        Raises:
            IllegalTransformation: a transformation that the parent does not admit.
        """
        if trial.number not in self._architectures:
            self._architectures[trial.number] = self._grown(trial.proposal)
        return self._architectures[trial.number]

    def is_spent(self, elapsed_seconds: float = 0.0) -> bool:
        """Whether no more trials will be asked for; those in flight may still end.

        Args:
            elapsed_seconds: running time so far, measured by the caller.
        """
        budget = self.config.budget
        return (
            self.exhausted
            or self.strategy.has_ended
            or len(self.record.trials(Role.CHILD)) >= budget.max_trials
            or (budget.max_epochs is not None and self.epochs >= budget.max_epochs)
            or (budget.max_seconds is not None and elapsed_seconds >= budget.max_seconds)
            or (budget.max_compute is not None and self.compute >= budget.max_compute * 1e12)
        )

    def ask(self, elapsed_seconds: float = 0.0) -> Trial | None:
        """The next trial to evaluate; None where there is none for now, or none any more.

        A cell that was tried before is answered from the record and another one is drawn; one that
        is being tried is told together with it; one above a limit is told as worthless.
        """
        is_spent = self.is_spent(elapsed_seconds)
        if (control := self._next_control(is_spent)) is not None:
            return self._launch(control, Role.CONTROL)
        if is_spent:
            return self._next_confirmation()
        for _ in range(MAX_SKIPPED_IN_A_ROW):
            proposal = self.strategy.ask()
            if self._is_new(proposal):
                return self._launch(proposal)
            self.skipped += 1
        self.exhausted = True
        return self._next_confirmation()

    def tell(self, number: int, result: TrialResult) -> EndedTrial:
        """Take a trial's result.

        A trial that was lost to the infrastructure is not told: evaluate it again.

        Raises:
            InvalidConfig: no such trial is in flight.
        """
        if number not in self.in_flight:
            raise InvalidConfig("trial", f"expected a trial in flight, got {number}")
        trial = self.in_flight.pop(number)
        cell, reward = self.architecture(trial).cell, self.reward(result)
        if trial.role is Role.CHILD and not self.strategy.has_parents:
            self._known[cell.digest] = reward
            for proposal in (trial.proposal, *self._waiting.pop(cell.digest, ())):
                self.strategy.tell(proposal, reward, number=number, result=result)
        elif self.strategy.has_parents and trial.role is not Role.CONFIRMATION:
            self.strategy.tell(trial.proposal, reward, number=number, result=result)
        diagnostics = self.strategy.diagnostics()
        ended = EndedTrial(trial, result, reward, diagnostics, format_cell(cell), cell.digest)
        self.record.extend([ended])
        return ended

    def retell(self, number: int, result: TrialResult) -> EndedTrial:
        """Replace the result of an ended trial that was evaluated again.

        The strategy learned from the first result already and is not told a second time: one trial
        counts once.

        Raises:
            InvalidConfig: no such trial has ended.
        """
        before = self.record.find(number)
        if before is None:
            raise InvalidConfig("trial", f"expected a trial that has ended, got {number}")
        ended = replace(before, result=result, reward=self.reward(result))
        self.record.replace(ended)
        if ended.trial.role is Role.CHILD:
            self._known[ended.digest] = ended.reward
        return ended

    def reward(self, result: TrialResult) -> float:
        """What the strategy learns from a result, on the objective's scale."""
        return reward_of(
            result,
            self.config,
            classes=self.classes,
            validation_images=self.validation_images,
        )

    def stops_early(self, number: int, curve: tuple[float, ...]) -> bool:
        """Whether a trial in flight stops now, by its accuracy after each epoch so far."""
        trial = self.in_flight.get(number)
        if trial is not None and trial.role is not Role.CHILD:
            return False
        children = self.record.ended_as(Role.CHILD)
        others = (e.result.curve for e in children if e.number != number)
        return self.config.early_stopping.stops(curve, others)

    def needed(self) -> frozenset[int]:
        """Numbers of the trials whose networks must be kept: of those that are, or may become,
        parents, of those that shall be confirmed once more, and of what has been found."""
        return frozenset(self.record.needed() | self.strategy.parents())

    def extend(self, budget: Budget) -> None:
        """Go on under another budget; every other setting is fixed when the search begins."""
        self.config = replace(self.config, budget=budget)

    def state(self, *, whole: bool = True) -> SearchState:
        """All that is needed to go on exactly, trials in flight included.

        Args:
            whole: False leaves out the config and the ended trials, which grow without limit: a
                caller that keeps them elsewhere hands them to `from_state`.
        """
        strategy = self.strategy.state()
        values = _Values(
            classes=self.classes,
            validation_images=self.validation_images,
            strategy=strategy.values,
            in_flight=tuple(self.in_flight.values()),
            waiting={digest: tuple(proposals) for digest, proposals in self._waiting.items()},
            skipped=self.skipped,
            exhausted=self.exhausted,
        ).to_json()
        if whole:
            values["config"] = self.config.to_json()
            values["ended"] = [ended.to_json() for ended in self.ended]
        return SearchState(values, strategy.tensors)

    @classmethod
    def from_state(
        cls, state: SearchState, *, config: SearchConfig | None = None, ended: Iterable[object] = ()
    ) -> Self:
        """The search that goes on where the state was taken.

        Args:
            state: whole, or without its config and ended trials.
            config: used in place of the state's, for example with an extended budget.
            ended: JSON of the ended trials in the order in which they were told, where the state
                has none.

        Raises:
            InvalidConfig: malformed; the message names the field.
        """
        document = dict(state.values)
        kept, record = document.pop("config", None), document.pop("ended", None)
        config = config or SearchConfig.from_json(kept)
        values = _Values.from_json(document)
        search = cls(config, classes=values.classes, validation_images=values.validation_images)
        search.strategy = restore_strategy(
            config.space, StrategyState(values.strategy, state.tensors), search._ground
        )
        search.in_flight.update({trial.number: trial for trial in values.in_flight})
        record = list(ended) if record is None else record
        search._remember(read(tuple[EndedTrial, ...], record, "ended"))
        search._waiting = {digest: list(waiting) for digest, waiting in values.waiting.items()}
        search.skipped, search.exhausted = values.skipped, values.exhausted
        return search

    def _is_new(self, proposal: Proposal) -> bool:
        """Whether the proposal must be evaluated; otherwise it is answered here."""
        try:
            network = self._grown(proposal)
        except (InvalidArchitecture, IllegalTransformation):  # it does not fit the start network
            self.strategy.tell(proposal, 0.0)
            return False
        digest = network.cell.digest
        if not self.strategy.has_parents:
            if digest in self._known:
                self.strategy.tell(proposal, self._known[digest])
                return False
            children = (t for t in self.in_flight.values() if t.role is Role.CHILD)
            if any(self.architecture(trial).cell.digest == digest for trial in children):
                self._waiting.setdefault(digest, []).append(proposal)
                return False
        if self._is_above_a_limit(network):
            self.strategy.tell(proposal, 0.0)
            return False
        return True

    def _is_above_a_limit(self, network: Architecture) -> bool:
        cost = network.cost
        costs = {
            CostKind.PARAMETERS: float(cost.parameters),
            CostKind.MULTIPLY_ADDS: float(cost.multiply_adds),
        }
        return self.config.objective.exceeds(costs) is not None

    def _launch(self, proposal: Proposal, role: Role = Role.CHILD, repeats: int = 0) -> Trial:
        number = len(self.ended) + len(self.in_flight) + 1
        seed = trial_seed(self.config.seed, number)
        trial = Trial(number, proposal, seed, role, repeats)
        self.in_flight[number] = trial
        return trial

    def _grown(self, proposal: Proposal) -> Architecture:
        network = self._architecture_of(proposal.parent)
        for transformation in proposal.transformations:
            network = network.after(transformation)
        return network

    def _architecture_of(self, number: int) -> Architecture:
        if number in self._architectures:
            return self._architectures[number]
        ended = self.record.find(number)
        if ended is None:
            raise InvalidConfig("parent", f"expected a trial that has ended, got {number}")
        return self.architecture(ended.trial)

    def _remember(self, ended: Iterable[EndedTrial]) -> None:
        """Take the record of ended trials."""
        for one in ended:
            self.record.extend([one])
            cell = self.architecture(one.trial).cell
            self.record.replace(replace(one, notation=format_cell(cell), digest=cell.digest))
            if one.trial.role is Role.CHILD:
                self._known[cell.digest] = one.reward

    def _next_control(self, is_spent: bool) -> Proposal | None:
        """The next training of the start network that is due beside the children, if one is."""
        controls = self.record.trials(Role.CONTROL)
        children = len(self.record.trials(Role.CHILD))
        if not self.config.control or not children or (len(controls) >= children and not is_spent):
            return None
        if not self.strategy.has_parents:
            return self.strategy.rest() if len(controls) < self.config.control else None
        last = controls[-1].number if controls else 0
        before = self.record.find(last)
        if last and (before is None or not before.is_trained):
            return None  # it is under way, or the chain is broken
        line = self.record.generation(self.best.trial) if self.best else 1
        return self.strategy.rest(last) if len(controls) < line else None

    def _next_confirmation(self) -> Trial | None:
        """The next training of a finalist once more, when all else has ended."""
        if any(trial.role is not Role.CONFIRMATION for trial in self.in_flight.values()):
            return None
        if not self.config.confirmation.finalists:
            return None
        repeated = [trial.repeats for trial in self.record.trials(Role.CONFIRMATION)]
        for found in self.record.finalists():
            if repeated.count(found.number) < self.config.confirmation.seeds:
                return self._launch(found.trial.proposal, Role.CONFIRMATION, found.number)
        return None
