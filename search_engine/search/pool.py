"""Trials of one search at once: a process for each device, all in one folder of one machine."""

import multiprocessing
import shutil
import signal
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from queue import Empty
from typing import Any, NamedTuple, Self

import torch

from search_engine.checkpoint import load_checkpoint, save_checkpoint
from search_engine.data import Dataset, SplitDataset
from search_engine.process_life import die_with_parent
from search_engine.search.evaluation import Evaluated, Evaluator, Listener
from search_engine.search.folder import SearchFolder
from search_engine.search.trials import Trial
from search_engine.spec.errors import TrainingStopped
from search_engine.spec.search_config import SearchConfig
from search_engine.spec.trial import TrialResult

LOOK_SECONDS = 0.1


class _Own(NamedTuple):
    """What a process of the pool has."""

    evaluator: Evaluator
    events: Any
    stop: Any


class Pool:
    """Evaluators of one search, one to a device.

    The start network must be in the folder. Results are handed out in the order in which they are
    asked for, so a search comes to the same as with one evaluator and as many trials in flight.

    Args:
        devices: two or more; a processor may be named several times.
    """

    def __init__(
        self,
        config: SearchConfig,
        dataset: Dataset,
        folder: SearchFolder,
        devices: Sequence[torch.device | str],
    ) -> None:
        context = multiprocessing.get_context("spawn")
        self._under_way = folder.path / "under-way"
        self._events, self._stop, places = context.Queue(), context.Event(), context.Queue()
        for device in devices:
            places.put(str(device))
        threads = max(1, torch.get_num_threads() // len(devices))
        self._executor = ProcessPoolExecutor(
            len(devices),
            context,
            initializer=_begin,
            initargs=(config, dataset, folder, places, threads, self._events, self._stop),
        )
        self._running: dict[int, Future[tuple[TrialResult, bool]]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._executor.shutdown(cancel_futures=True)
        shutil.rmtree(self._under_way, ignore_errors=True)

    def submit(self, trials: Iterable[Trial]) -> None:
        """Begin those that have not begun, the first ones first."""
        for trial in sorted(trials, key=lambda trial: trial.number):
            if trial.number not in self._running:
                path = self._under_way / f"{trial.number:04d}"
                self._running[trial.number] = self._executor.submit(_evaluate, trial, path)

    def evaluate(
        self, trial: Trial, *, listener: Listener, should_stop: Callable[[], bool]
    ) -> Evaluated:
        """Wait for a trial that was submitted; see `Evaluator.evaluate`.

        Raises:
            TrainingStopped: `should_stop` said so: all trials under way count for nothing.
        """
        running = self._running.pop(trial.number)
        while not running.done():
            if should_stop():
                self._stop.set()
                raise TrainingStopped(0)
            try:
                number, event = self._events.get(timeout=LOOK_SECONDS)
            except Empty:
                continue
            if number == trial.number:
                listener(event)
        result, is_whole = running.result()
        path = self._under_way / f"{trial.number:04d}"
        return Evaluated(result, load_checkpoint(path) if is_whole else None)


_own: _Own


def _begin(
    config: SearchConfig,
    dataset: Dataset,
    folder: SearchFolder,
    places: Any,
    threads: int,
    events: Any,
    stop: Any,
) -> None:
    """Get a new process ready: take one of the devices."""
    global _own
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the first process decides
    torch.set_num_threads(threads)
    device = torch.device(places.get())
    if device.type == "cuda":
        torch.cuda.set_device(device)
    kept = folder.read_start()
    assert kept is not None
    data = SplitDataset(
        dataset,
        config.data,
        seed=config.split_seed,
        device=device,
        normalisation=config.skeleton.own_normalisation,
    )
    evaluator = Evaluator(config, data, kept[0], device=device, parent=folder.read_trial)
    _own = _Own(evaluator, events, stop)


def _evaluate(trial: Trial, path: Path) -> tuple[TrialResult, bool]:
    """Evaluate in a process of the pool; whether the trained network lies in the folder, too."""
    evaluated = _own.evaluator.evaluate(
        trial,
        listener=lambda event: _own.events.put((trial.number, event)),
        should_stop=_own.stop.is_set,
    )
    if evaluated.network is not None:
        save_checkpoint(evaluated.network, path)
    return evaluated.result, evaluated.network is not None
