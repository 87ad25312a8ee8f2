"""A search on one machine: it drives `Search`, and can be stopped at any step.

The state is saved when a trial is asked for and when it is told, so a process that is killed loses
at most the trials in flight; these are evaluated again with the same seeds.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import torch

from search_engine.data import SplitDataset
from search_engine.networks import Network
from search_engine.search.comparison import Entrant, compare
from search_engine.search.evaluation import (
    Evaluated,
    Evaluator,
    start_architecture,
    train_start_network,
)
from search_engine.search.folder import SearchFolder
from search_engine.search.pool import Pool
from search_engine.search.record import Found
from search_engine.search.search import Search
from search_engine.search.trials import EndedTrial, Trial
from search_engine.spec.early_stopping import StoppingRule
from search_engine.spec.errors import CheckpointError, TrainingStopped
from search_engine.spec.search_config import SearchConfig
from search_engine.spec.start_training import StartResult
from search_engine.spec.training_events import Event
from search_engine.training.metrics import evaluate


class Listener:
    """Hears of a run's progress; override the methods of interest."""

    def start_training(self, event: Event) -> None:
        """The training of the start network has made progress."""

    def start_ready(self, network: Network, result: StartResult) -> None:
        """The start network is trained."""

    def trial_started(self, trial: Trial) -> None:
        """A trial's evaluation begins."""

    def trial_training(self, trial: Trial, event: Event) -> None:
        """The training of a trial has made progress."""

    def trial_ended(self, ended: EndedTrial, best: EndedTrial | None) -> None:
        """A trial has ended; `best` is the best so far."""


class Runner:
    """A search that runs here and now.

    Args:
        config: its settings. On a folder where a search was begun, only its budget may differ.
        devices: the first trains the start network; as many trials are evaluated at once as there
            are devices and `parallel` allows, each in a process of its own where it is several. A
            search that stops children early evaluates one at a time.
        should_stop: asked at every step of every training.

    Raises:
        CheckpointError: the folder holds another search.
    """

    def __init__(
        self,
        config: SearchConfig,
        data: SplitDataset,
        folder: SearchFolder,
        *,
        devices: Sequence[torch.device | str] = ("cpu",),
        listener: Listener | None = None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        if folder.exists:
            _check_same(folder, config)
        self.config = config
        self.start = StartResult(accuracy=0.0)
        self.elapsed_before = 0.0
        self._data = data
        self._folder = folder
        self._device = devices[0]
        in_turn = config.early_stopping.rule is not StoppingRule.NONE
        self._devices = devices[: 1 if in_turn else config.at_once(len(devices))]
        self._listener = listener or Listener()
        self._should_stop = should_stop
        self._began = time.monotonic()
        self.search = self._restore()

    @property
    def elapsed_seconds(self) -> float:
        """Running time, earlier runs included."""
        return self.elapsed_before + time.monotonic() - self._began

    def run(self, start: Network | None = None, *, initial: Network | None = None) -> None:
        """Run until the budget is spent.

        Args:
            start: a trained start network; trained here where there is none.
            initial: whose weights that training starts from; fresh ones where None.

        Raises:
            TrainingStopped: `should_stop` said so. Run again to go on.
            TrialFault: the start network could not be trained.
        """
        self._folder.write_config(self.config)
        if initial is not None:
            self._folder.write_initial(initial)
        network = self._start_network(start)
        with self._evaluators(network) as evaluate:
            while (trial := self._next_trial()) is not None:
                self._evaluate(evaluate, trial)
        self._compare(network)

    @contextmanager
    def _evaluators(self, start: Network) -> Iterator[Callable[[Trial], Evaluated]]:
        if len(self._devices) > 1:
            pool = Pool(self.config, self._data.dataset, self._folder, self._devices)
            with pool:
                yield partial(self._by_one_of, pool)
            return
        evaluator = Evaluator(
            self.config, self._data, start, device=self._device, parent=self._folder.read_trial
        )
        yield partial(self._by, evaluator)

    def _by(self, evaluator: Evaluator, trial: Trial) -> Evaluated:
        return evaluator.evaluate(
            trial,
            listener=lambda event: self._listener.trial_training(trial, event),
            stops_early=lambda curve: self.search.stops_early(trial.number, curve),
            should_stop=self._should_stop,
        )

    def _by_one_of(self, pool: Pool, trial: Trial) -> Evaluated:
        pool.submit(self.search.in_flight.values())
        return pool.evaluate(
            trial,
            listener=lambda event: self._listener.trial_training(trial, event),
            should_stop=self._should_stop,
        )

    def _next_trial(self) -> Trial | None:
        """The oldest trial in flight, after as many were asked for as may be in flight."""
        search = self.search
        while len(search.in_flight) < self.config.at_once(len(self._devices)):
            if search.ask(self.elapsed_seconds) is None:
                break
        self._save()
        return min(search.in_flight.values(), key=lambda trial: trial.number, default=None)

    def _evaluate(self, evaluate: Callable[[Trial], Evaluated], trial: Trial) -> None:
        self._listener.trial_started(trial)
        evaluated = evaluate(trial)
        ended = self.search.tell(trial.number, evaluated.result)
        kept = self._kept()
        if evaluated.network is not None and ended.number in kept:
            self._write(ended, evaluated.network)
        self._save()
        # Only now: until the state is saved, the trial may have to be evaluated once more.
        self._folder.drop_trials(kept)
        self._folder.append_trial(ended)
        self._listener.trial_ended(ended, self.search.best)
        if self._should_stop():
            raise TrainingStopped(evaluated.result.epochs)

    def _kept(self) -> set[int]:
        """Numbers of the trials whose networks stay: of the best, and of those that are needed."""
        best = {one.number for one in self.search.record.ranked()[: self.config.keep]}
        return best | self.search.needed()

    def _write(self, ended: EndedTrial, network: Network) -> None:
        lineage = ended.trial.lineage(self.config) if self.config.inherit else None
        self._folder.write_trial(ended, network, lineage, self._data.trained_on)

    def _compare(self, start: Network) -> None:
        """Let winner, control and start network meet the test images, where there are any."""
        winner, control = self.search.record.winner, self.search.record.control
        if winner is None or not len(self._data.splits.test):
            return
        comparison = compare(
            start,
            None if control is None else self._entrant(control),
            self._entrant(winner),
            self._data,
            device=self._device,
            measure_latency=self.config.measure_latency,
            should_stop=self._should_stop,
        )
        self._folder.write_comparison(comparison)

    def _entrant(self, found: Found) -> Entrant:
        return Entrant(self._folder.read_trial(found.network), found.network)

    def _start_network(self, given: Network | None) -> Network:
        kept = self._folder.read_start()
        if kept is not None:
            network, self.start = kept
        elif given is not None:
            network, self.start = self._measured(given)
        else:
            network, self.start = train_start_network(
                self.config,
                self._data,
                folder=self._folder.start_training,
                device=self._device,
                listener=self._listener.start_training,
                should_stop=self._should_stop,
                initial=self._folder.read_initial(),
            )
        if kept is None:
            self._folder.write_start(network, self.start, self._data.trained_on)
        self._listener.start_ready(network, self.start)
        return network

    def _measured(self, network: Network) -> tuple[Network, StartResult]:
        expected = start_architecture(self.config, self._data)
        if network.architecture != expected:
            raise CheckpointError(
                "start network", "it is not the start network that the settings describe"
            )
        network = network.to(self._device).eval()
        return network, StartResult.measured(evaluate(network, self._data.validation()))

    def _restore(self) -> Search:
        kept = self._folder.read_state()
        if kept is None:
            return Search(
                self.config,
                classes=self._data.classes,
                validation_images=len(self._data.splits.validation),
            )
        state, self.elapsed_before = kept
        search = Search.from_state(state, config=self.config)
        self._folder.rewrite_trials(search.ended)
        return search

    def _save(self) -> None:
        self._folder.write_state(self.search.state(), self.elapsed_seconds)


def _check_same(folder: SearchFolder, config: SearchConfig) -> None:
    kept = folder.read_config()
    if replace(kept, budget=config.budget) != config:
        raise CheckpointError(
            str(folder.path), "it holds another search; choose another folder, or resume that one"
        )
