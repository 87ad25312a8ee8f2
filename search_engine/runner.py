"""A search on one machine: it drives `Search` with one evaluator, and can be stopped at any step.

The state is saved when a trial is asked for and when it is told, so a process that is killed loses
at most the trial in flight; that one is evaluated again with the same seed.
"""

import time
from collections.abc import Callable
from dataclasses import replace

import torch

from search_engine.config import SearchConfig
from search_engine.errors import CheckpointError, TrainingStopped
from search_engine.evaluation import (
    Evaluator,
    start_architecture,
    train_start_network,
)
from search_engine.networks import Network
from search_engine.search import EndedTrial, Search, Trial
from search_engine.search_data import SearchData
from search_engine.search_folder import SearchFolder
from search_engine.training import Event
from search_engine.training.metrics import evaluate


class Listener:
    """Who watches a run; override what is of interest."""

    def start_training(self, event: Event) -> None:
        """The start network's training goes on."""

    def start_ready(self, network: Network, accuracy: float) -> None:
        """The start network is trained."""

    def trial_started(self, trial: Trial) -> None:
        """A trial's evaluation begins."""

    def trial_training(self, trial: Trial, event: Event) -> None:
        """A trial's training goes on."""

    def trial_ended(self, ended: EndedTrial, best: EndedTrial | None) -> None:
        """A trial has ended; `best` is the best so far."""


class Runner:
    """A search that runs here and now.

    Args:
        config: its settings. On a folder where a search was begun, only its budget may differ.
        data: divided.
        folder: where it is kept.
        device: that trains.
        listener: who watches.
        should_stop: asked at every step of every training.

    Raises:
        CheckpointError: the folder holds another search.
    """

    def __init__(
        self,
        config: SearchConfig,
        data: SearchData,
        folder: SearchFolder,
        *,
        device: torch.device | str = "cpu",
        listener: Listener | None = None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        if folder.exists:
            _check_same(folder, config)
        self.config = config
        self.start_accuracy = 0.0
        self.elapsed_before = 0.0
        self._data = data
        self._folder = folder
        self._device = device
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
        evaluator = Evaluator(
            self.config, self._data, self._start_network(start), device=self._device
        )
        while (trial := self._next_trial()) is not None:
            self._evaluate(evaluator, trial)

    def _next_trial(self) -> Trial | None:
        """The oldest trial in flight, after as many were asked for as may be in flight."""
        search = self.search
        while len(search.in_flight) < self.config.parallel:
            if search.ask(self.elapsed_seconds) is None:
                break
        self._save()
        return min(search.in_flight.values(), key=lambda trial: trial.number, default=None)

    def _evaluate(self, evaluator: Evaluator, trial: Trial) -> None:
        self._listener.trial_started(trial)
        evaluated = evaluator.evaluate(
            trial,
            listener=lambda event: self._listener.trial_training(trial, event),
            stops_early=lambda curve: self.search.stops_early(trial.number, curve),
            should_stop=self._should_stop,
        )
        ended = self.search.tell(trial.number, evaluated.result)
        self._keep(ended, evaluated.network)
        self._save()
        self._folder.append_trial(ended)
        self._listener.trial_ended(ended, self.search.best)
        if self._should_stop():
            raise TrainingStopped(evaluated.result.epochs)

    def _keep(self, ended: EndedTrial, network: Network | None) -> None:
        """Keep the networks of the best trials that were trained to the end."""
        completed = [e for e in self.search.ended if e.result.failure is None]
        best = sorted(completed, key=lambda e: (-e.reward, e.trial.number))[: self.config.keep]
        if network is not None and any(e is ended for e in best):
            lineage = ended.trial.lineage(self.config) if self.config.inherit else None
            self._folder.write_trial(ended, network, lineage, self._data.trained_on)
        self._folder.drop_trials(best)

    def _start_network(self, given: Network | None) -> Network:
        kept = self._folder.read_start()
        if kept is not None:
            network, self.start_accuracy = kept
        elif given is not None:
            network, self.start_accuracy = self._measured(given)
        else:
            network, self.start_accuracy = train_start_network(
                self.config,
                self._data,
                folder=self._folder.start_training,
                device=self._device,
                listener=self._listener.start_training,
                should_stop=self._should_stop,
                initial=self._folder.read_initial(),
            )
        if kept is None:
            self._folder.write_start(network, self.start_accuracy, self._data.trained_on)
        self._listener.start_ready(network, self.start_accuracy)
        return network

    def _measured(self, network: Network) -> tuple[Network, float]:
        expected = start_architecture(self.config, self._data)
        if network.architecture != expected:
            raise CheckpointError(
                "start network", "it is not the start network that the settings describe"
            )
        network = network.to(self._device).eval()
        return network, evaluate(network, self._data.validation()).accuracy

    def _restore(self) -> Search:
        kept = self._folder.read_state()
        if kept is None:
            return Search(
                self.config,
                classes=self._data.classes,
                validation_images=len(self._data.splits.validation),
            )
        state, self.elapsed_before = kept
        search = Search.from_state(state)
        search.config = self.config
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
