"""Evaluating a trial: inherit, morph, train, measure; before that, the start network."""

import copy
import dataclasses
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from search_engine.architecture import Architecture
from search_engine.config import SearchConfig
from search_engine.errors import CheckpointError, InvalidConfig, TrialFault
from search_engine.latency import measure_costs
from search_engine.networks import AdoptedNetwork, Network, build_network
from search_engine.objective import CostKind
from search_engine.search import Trial
from search_engine.search_data import SearchData
from search_engine.training import EpochEnded, Event
from search_engine.training.memory import memory_faults
from search_engine.training.metrics import evaluate
from search_engine.training.resumable import run_resumable
from search_engine.training.trainer import Trainer
from search_engine.transforms import inherit
from search_engine.trial import TrialResult

Listener = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A trial's result, and the network where it was trained to the end."""

    result: TrialResult
    network: Network | None


class Evaluator:
    """Evaluates trials of one search, one after the other, on one device.

    Args:
        config: of the search.
        data: divided.
        start: the trained start network, in eval mode.
        device: that trains.
    """

    def __init__(
        self,
        config: SearchConfig,
        data: SearchData,
        start: Network,
        *,
        device: torch.device | str = "cpu",
    ) -> None:
        self._config = config
        self._data = data
        self._device = torch.device(device)
        self._start = start.to(self._device)
        self._calibration = data.calibration()

    def evaluate(
        self,
        trial: Trial,
        *,
        listener: Listener = lambda event: None,
        stops_early: Callable[[tuple[float, ...]], bool] = lambda curve: False,
        should_stop: Callable[[], bool] | None = None,
    ) -> Evaluated:
        """Evaluate a trial. The same trial gives the same result on the CPU.

        Args:
            trial: what to evaluate.
            listener: hears of the training's progress.
            stops_early: asked after each epoch, with the accuracies so far.
            should_stop: asked at each step; True gives the trial up.

        Returns:
            The result; a trial that fails by its own fault (diverged, out of memory) has a reason.

        Raises:
            TrainingStopped: `should_stop` said so: the trial counts for nothing.
        """
        started = time.perf_counter()
        epochs: list[EpochEnded] = []
        network: Network | None = None
        failure, stopped, costs = None, False, {}
        try:
            with memory_faults():
                network = self._child(trial)
                for event in self._train(network, trial, should_stop):
                    listener(event)
                    if isinstance(event, EpochEnded):
                        epochs.append(event)
                        stopped = stops_early(_curve(epochs))
                    if stopped:
                        break
                costs = self._costs(network)
        except TrialFault as fault:
            failure = str(fault)
        curve = _curve(epochs)
        result = TrialResult(
            accuracy=None if failure else curve[-1],
            curve=curve,
            costs=costs,
            epochs=len(epochs),
            seconds=time.perf_counter() - started,
            images_per_second=_mean([e.images_per_second for e in epochs]),
            stopped_early=stopped,
            failure=failure,
        )
        return Evaluated(result, None if stopped or failure else network)

    def _child(self, trial: Trial) -> Network:
        """The network before its training."""
        if self._config.inherit:
            return inherit(self._start, trial.lineage(self._config), self._calibration)
        architecture = Architecture(self._start.architecture.skeleton, trial.cell)
        return build_network(architecture, seed=trial.seed, device=self._device)

    def _train(
        self, network: Network, trial: Trial, should_stop: Callable[[], bool] | None
    ) -> Iterable[Event]:
        return Trainer(
            network,
            self._config.recipe,
            self._data.training(self._config.recipe, seed=trial.seed),
            self._data.validation(),
            seed=trial.seed,
            device=self._device,
            should_stop=should_stop,
        ).run()

    def _costs(self, network: Network) -> dict[CostKind, float]:
        cost = network.architecture.cost
        costs = {
            CostKind.PARAMETERS: float(cost.parameters),
            CostKind.MULTIPLY_ADDS: float(cost.multiply_adds),
        }
        if self._config.measure_latency or self._config.objective.needs_measuring:
            costs |= measure_costs(network)
        return costs


def train_start_network(
    config: SearchConfig,
    data: SearchData,
    *,
    folder: Path | None = None,
    device: torch.device | str = "cpu",
    listener: Listener = lambda event: None,
    should_stop: Callable[[], bool] | None = None,
    initial: Network | None = None,
) -> tuple[Network, float]:
    """Train the search's start network.

    Args:
        config: of the search.
        data: divided.
        folder: where the training keeps its state, to go on after an interruption.
        device: that trains.
        listener: hears of the training's progress.
        should_stop: asked at each step.
        initial: whose weights it starts from, such as an adopted network's; it is not changed. From
            fresh weights where None.

    Returns:
        The network, in eval mode, and its accuracy on the validation images.

    Raises:
        InvalidConfig: the images do not have the skeleton's shape, or there are no fresh weights.
        CheckpointError: `initial` is another network.
        TrialFault: it diverged, or the device has not enough memory.
        TrainingStopped: `should_stop` said so.
    """
    architecture = start_architecture(config, data)
    if initial is None:
        network = build_network(architecture, seed=config.seed, device=device)
    else:
        network = _copy(initial, architecture, config.seed).to(device)
    trainer = Trainer(
        network,
        config.start_recipe,
        data.training(config.start_recipe, seed=config.seed),
        data.validation(),
        seed=config.seed,
        device=device,
        should_stop=should_stop,
    )
    with memory_faults():
        for event in run_resumable(trainer, folder) if folder else trainer.run():
            listener(event)
    network.eval()
    return network, evaluate(network, data.validation()).accuracy


def start_architecture(config: SearchConfig, data: SearchData) -> Architecture:
    """The start network's architecture, with as many classes as the data set has.

    Raises:
        InvalidConfig: the images do not have the skeleton's shape.
    """
    image = config.skeleton.image
    expected = (image.channels, image.height, image.width)
    if expected != data.dataset.image_shape:
        raise InvalidConfig(
            "skeleton.image",
            f"expected the data set's {data.dataset.image_shape} (channels, height, width),"
            f" got {expected}",
        )
    return Architecture.start(dataclasses.replace(config.skeleton, classes=data.classes))


def _copy(initial: Network, architecture: Architecture, seed: int) -> Network:
    """A copy of a network to train, with a new last layer where the number of classes differs."""
    classes = architecture.skeleton.classes
    if isinstance(initial, AdoptedNetwork):
        network: Network = initial.for_classes(classes, seed)
    else:
        network = copy.deepcopy(initial)
    if network.architecture != architecture:
        raise CheckpointError("start network", "it is not the one that the settings describe")
    return network


def _mean(values: Sequence[float]) -> float:
    return statistics.fmean(values) if values else 0.0


def _curve(epochs: Sequence[EpochEnded]) -> tuple[float, ...]:
    """Accuracy on the validation images after each epoch."""
    return tuple(e.validation_accuracy for e in epochs if e.validation_accuracy is not None)
