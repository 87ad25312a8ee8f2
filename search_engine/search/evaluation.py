"""Evaluating a trial: inherit, morph, train, measure. Before that, training the start network."""

import copy
import statistics
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch

from search_engine.cost_measurement import measure_costs
from search_engine.data import SplitDataset
from search_engine.networks import AdoptedNetwork, Network, build_network
from search_engine.search.trials import Trial
from search_engine.spec import Architecture
from search_engine.spec.errors import (
    CheckpointError,
    DeviceFull,
    InvalidConfig,
    OutOfMemory,
    TrialFault,
)
from search_engine.spec.objective import CostKind
from search_engine.spec.search_config import SearchConfig
from search_engine.spec.start_training import StartResult
from search_engine.spec.training_events import EpochEnded, Event
from search_engine.spec.trial import TrialResult
from search_engine.training.device import free_memory, is_filled_by_others, memory_faults
from search_engine.training.rounds import RoundsTraining
from search_engine.training.trainer import Trainer
from search_engine.transforms import inherit

Listener = Callable[[Event], None]

MAX_PARENTS = 4
"""Networks of trials that stay in memory for more children of theirs."""


def _no_parent(number: int) -> Network:
    raise CheckpointError(f"trial {number}", "its network is not kept, so nothing grows from it")


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A trial's result, with the network where it was trained to the end.

    `fault` is the reason for which it failed, if it did.
    """

    result: TrialResult
    network: Network | None
    fault: TrialFault | None = None


@dataclass(slots=True)
class _Attempt:
    """How far a trial has come."""

    network: Network | None = None
    epochs: list[EpochEnded] = field(default_factory=list)
    stopped: bool = False
    costs: dict[CostKind, float] = field(default_factory=dict)
    graph_failure: str | None = None
    fault: TrialFault | None = None


class Evaluator:
    """Evaluates trials of one search, one after the other, on one device.

    Args:
        start: the trained start network, in eval mode.
        parent: gives the trained network of a trial, for the children that grow from it.
    """

    def __init__(
        self,
        config: SearchConfig,
        data: SplitDataset,
        start: Network,
        *,
        device: torch.device | str = "cpu",
        parent: Callable[[int], Network] = _no_parent,
    ) -> None:
        self._config = config
        self._data = data
        self._device = torch.device(device)
        self._start = start.to(self._device)
        self._parent = parent
        self._parents: OrderedDict[int, Network] = OrderedDict()
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
            stops_early: asked after each epoch, with the accuracies so far.
            listener: hears of a training, which may begin anew where memory was full.
            should_stop: asked at each step; True gives the trial up.

        Returns:
            The result; a trial that fails by its own fault (diverged, out of memory) has a reason.

        Raises:
            TrainingStopped: `should_stop` said so: the trial counts for nothing.
            DeviceFull: other programs have filled the device: it counts for nothing, either.
        """
        started = time.perf_counter()
        attempt = _Attempt()
        for is_last in (False, True):
            attempt = _Attempt()
            try:
                with memory_faults():
                    self._attempt(attempt, trial, listener, stops_early, should_stop)
            except TrialFault as raised:
                attempt.fault = raised
            if is_last or not self._may_try_again(attempt.fault):
                break
            attempt.network = None
            self._parents.clear()
            free_memory(self._device)
        if isinstance(attempt.fault, OutOfMemory) and is_filled_by_others(self._device):
            raise DeviceFull(attempt.fault.reason)
        return self._evaluated(attempt, time.perf_counter() - started)

    def _attempt(
        self,
        attempt: "_Attempt",
        trial: Trial,
        listener: Listener,
        stops_early: Callable[[tuple[float, ...]], bool],
        should_stop: Callable[[], bool] | None,
    ) -> None:
        """Train and measure, and note how far it comes."""
        attempt.network = network = self._child(trial)
        trainer = self._trainer(network, trial, should_stop)
        for event in trainer.run():
            listener(event)
            if isinstance(event, EpochEnded):
                attempt.epochs.append(event)
                attempt.stopped = stops_early(_curve(attempt.epochs))
            if attempt.stopped:
                break
        attempt.graph_failure = trainer.graph_failure
        attempt.costs = self._costs(network)

    def _may_try_again(self, fault: TrialFault | None) -> bool:
        """On a GPU what earlier trials left may have filled the memory, or a neighbour."""
        return isinstance(fault, OutOfMemory) and self._device.type == "cuda"

    def _evaluated(self, attempt: "_Attempt", seconds: float) -> Evaluated:
        epochs, fault = attempt.epochs, attempt.fault
        curve = _curve(epochs)
        result = TrialResult(
            accuracy=None if fault else curve[-1],
            balanced_accuracy=None if fault else epochs[-1].balanced_accuracy,
            curve=curve,
            costs=attempt.costs,
            epochs=len(epochs),
            compute=self._compute(attempt.network, len(epochs)),
            seconds=seconds,
            images_per_second=_mean([e.images_per_second for e in epochs]),
            stopped_early=attempt.stopped,
            failure=str(fault) if fault else None,
            graph_failure=attempt.graph_failure,
        )
        return Evaluated(result, None if attempt.stopped or fault else attempt.network, fault)

    def _child(self, trial: Trial) -> Network:
        """The network before its training."""
        lineage = trial.lineage(self._config)
        if self._config.inherit:
            return inherit(self._parent_of(trial), lineage, self._calibration)
        architecture = lineage.architecture(self._start.architecture)
        return build_network(architecture, seed=trial.seed, device=self._device)

    def _parent_of(self, trial: Trial) -> Network:
        """The network that a trial grows from; the last ones asked for are kept in memory."""
        if not trial.parent:
            return self._start
        network = self._parents.pop(trial.parent, None)
        if network is None:
            network = self._parent(trial.parent).to(self._device).eval()
        self._parents[trial.parent] = network
        while len(self._parents) > MAX_PARENTS:
            self._parents.popitem(last=False)
        return network

    def _compute(self, network: Network | None, epochs: int) -> float:
        """Multiply-adds of a training: backward takes twice what forward does."""
        if network is None:
            return 0.0
        images = epochs * len(self._data.splits.train)
        return 3.0 * images * network.architecture.cost.multiply_adds

    def _trainer(
        self, network: Network, trial: Trial, should_stop: Callable[[], bool] | None
    ) -> Trainer:
        recipe = self._config.recipe
        taught = self._config.inherit and recipe.teacher_weight > 0
        return Trainer(
            network,
            recipe,
            self._data.training(recipe, seed=trial.seed),
            self._data.validation(),
            seed=trial.seed,
            device=self._device,
            should_stop=should_stop,
            teacher=self._parent_of(trial) if taught else None,
        )

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
    data: SplitDataset,
    *,
    folder: Path | None = None,
    device: torch.device | str = "cpu",
    listener: Listener = lambda event: None,
    should_stop: Callable[[], bool] | None = None,
    initial: Network | None = None,
) -> tuple[Network, StartResult]:
    """Train the search's start network, until one more round no longer pays.

    Args:
        folder: where the training keeps its state, to go on after an interruption.
        should_stop: asked at each step.
        initial: whose weights it starts from, such as an adopted network's; it is not changed. From
            fresh weights where None.

    Returns:
        The network, in eval mode, and what it has come to.

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
    training = RoundsTraining(
        network,
        config.start_recipe,
        data,
        config.start_rounds,
        seed=config.seed,
        device=device,
        folder=folder,
        should_stop=should_stop,
    )
    with memory_faults():
        for event in training.run():
            listener(event)
    return network, training.result


def start_architecture(config: SearchConfig, data: SplitDataset) -> Architecture:
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
    return config.start_architecture(data.classes)


def _copy(initial: Network, architecture: Architecture, seed: int) -> Network:
    """A copy of the initial network, with a new last layer where the number of classes differs."""
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
