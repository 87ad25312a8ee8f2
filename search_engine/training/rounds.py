"""A start network's training: whole recipes, one after the other, until one more no longer pays."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import torch

from search_engine.data import SplitDataset
from search_engine.networks import Network
from search_engine.spec.recipe import Recipe
from search_engine.spec.start_training import StartResult, StartRounds, last_gain
from search_engine.spec.training_events import EpochEnded, Event
from search_engine.training.metrics import Evaluation, evaluate
from search_engine.training.state import StateFolder, TrainingState
from search_engine.training.trainer import Trainer


class RoundsTraining:
    """Trains a network in place, in rounds; each continues from where the one before has ended.

    Args:
        recipe: of each round.
        folder: keeps the state after each epoch, and training goes on from the one that is there,
            on the CPU bit for bit.
        should_stop: asked before each step.
    """

    def __init__(
        self,
        network: Network,
        recipe: Recipe,
        data: SplitDataset,
        rounds: StartRounds,
        *,
        seed: int,
        device: torch.device | str = "cpu",
        folder: Path | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> None:
        self._network = network
        self._recipe = recipe
        self._data = data
        self._rounds = rounds
        self._seed = seed
        self._device = device
        self._folder = folder
        self._should_stop = should_stop
        self._accuracies: tuple[float, ...] = ()
        self._measured: Evaluation | None = None

    def run(self) -> Iterator[Event]:
        """Train to the end, yielding events whose epochs and steps count over all rounds.

        How many steps there are and how much time is left is told of the rounds up to the present.

        Raises:
            SearchEngineError: as `Trainer.run`.
        """
        kept = StateFolder(self._folder).read_state() if self._folder else None
        self._accuracies = kept.header.rounds if kept else ()
        while not self._rounds.is_over(self._accuracies):
            yield from self._round()
            self._measured = evaluate(self._network, self._data.validation())
            self._accuracies = (*self._accuracies, self._measured.accuracy)

    @property
    def result(self) -> StartResult:
        """What it has come to, once `run` has ended."""
        assert self._measured is not None
        return StartResult.measured(self._measured, last_gain(self._accuracies))

    def _round(self) -> Iterator[Event]:
        done = len(self._accuracies)
        seed = round_seed(self._seed, done)
        trainer = Trainer(
            self._network,
            self._recipe,
            self._data.training(self._recipe, seed=seed),
            self._data.validation(),
            seed=seed,
            device=self._device,
            should_stop=self._should_stop,
        )
        folder = _RoundFolder(self._folder, self._accuracies) if self._folder else None
        for event in trainer.run(folder):
            yield _after(event, done, self._recipe.epochs)


class _RoundFolder(StateFolder):
    """Keeps with each state of a round what the rounds before it have come to.

    Args:
        before: accuracies after the rounds before this one.
    """

    def __init__(self, path: Path, before: tuple[float, ...]) -> None:
        super().__init__(path)
        self._before = before

    def read_state(self) -> TrainingState | None:
        """The state within this round; what is there at first may be an earlier round's."""
        state = super().read_state()
        return state if state and state.header.rounds == self._before else None

    def write_epoch(self, ended: EpochEnded, state: TrainingState) -> None:
        header = replace(state.header, rounds=self._before)
        super().write_epoch(ended, replace(state, header=header))


def round_seed(seed: int, done: int) -> int:
    """Seed of the round that follows `done` others: each sees the images in another order."""
    if not done:
        return seed
    return int.from_bytes(hashlib.sha256(f"{seed}/round/{done}".encode()).digest()[:4], "big")


def _after(event: Event, rounds: int, epochs: int) -> Event:
    """The event as one of a training in which so many rounds were before."""
    epoch = event.epoch + rounds * epochs
    if isinstance(event, EpochEnded):
        return replace(event, epoch=epoch)
    before = rounds * event.steps
    return replace(event, epoch=epoch, step=event.step + before, steps=event.steps + before)
