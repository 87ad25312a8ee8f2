"""Evaluating a trial: inherit, morph, train, measure; before that, the start network."""

import dataclasses
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from search_engine.architecture import Architecture
from search_engine.checkpoint import TrainedOn
from search_engine.config import DataConfig, SearchConfig
from search_engine.data import Batches, Dataset, DeviceImages
from search_engine.errors import InvalidConfig, OutOfMemory, TrialFault
from search_engine.latency import measure_latency
from search_engine.networks import Network, build_network
from search_engine.objective import CostKind
from search_engine.search import Trial
from search_engine.training import EpochEnded, Event, Recipe
from search_engine.training.memory import is_out_of_memory
from search_engine.training.metrics import evaluate
from search_engine.training.resumable import run_resumable
from search_engine.training.trainer import Trainer
from search_engine.transforms import inherit
from search_engine.trial import TrialResult

CALIBRATION_BATCH = 64
MAX_CALIBRATION_IMAGES = 1000

Listener = Callable[[Event], None]


class SearchData:
    """A data set divided for a search, its images on the device.

    Args:
        dataset: all images.
        config: how they are divided.
        seed: of the division.
        device: that trains.

    Raises:
        DatasetError: there are too few images.
    """

    def __init__(
        self,
        dataset: Dataset,
        config: DataConfig,
        *,
        seed: int,
        device: torch.device | str = "cpu",
    ) -> None:
        self.dataset = dataset
        self.splits = dataset.split(
            validation=config.validation,
            calibration=config.calibration,
            seed=seed,
            train_limit=config.train_limit,
        )
        self.statistics = dataset.statistics(self.splits.train)
        self.images = DeviceImages(dataset, device)

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return len(self.dataset.class_names)

    @property
    def trained_on(self) -> TrainedOn:
        """What a checkpoint says of the data."""
        return TrainedOn(
            self.dataset.name,
            self.dataset.class_names,
            self.statistics.mean,
            self.statistics.std,
        )

    def training(self, recipe: Recipe, *, seed: int) -> Batches:
        """Batches to learn from, shuffled and augmented by seed and epoch."""
        return Batches(
            self.images,
            self.splits.train,
            recipe.batch_size,
            statistics=self.statistics,
            augmentation=self.dataset.augmentation,
            seed=seed,
        )

    def validation(self) -> Batches:
        """Batches that the search selects by."""
        return self._plain(self.splits.validation, 256)

    def test(self) -> Batches:
        """Batches to look at once, at the end."""
        return self._plain(self.splits.test, 256)

    def calibration(self) -> list[Tensor]:
        """Images for calibration and distillation, in batches; training reads none of them."""
        indexes = self.splits.calibration[:MAX_CALIBRATION_IMAGES]
        return [images for images, _ in self._plain(indexes, CALIBRATION_BATCH).in_order()]

    def _plain(self, indexes: Tensor, batch_size: int) -> Batches:
        return Batches(self.images, indexes, batch_size, statistics=self.statistics)


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
        curve: list[float] = []
        speeds: list[float] = []
        network: Network | None = None
        failure: str | None = None
        try:
            with _memory_faults():
                network = self._child(trial)
                events = self._train(network, trial, should_stop)
                stopped = _follow(events, listener, stops_early, curve, speeds)
                costs = self._costs(network)
        except TrialFault as fault:
            network, failure, stopped, costs = None, str(fault), False, {}
        result = TrialResult(
            accuracy=None if failure else curve[-1],
            curve=tuple(curve),
            costs=costs,
            epochs=len(curve),
            seconds=time.perf_counter() - started,
            images_per_second=statistics.fmean(speeds) if speeds else 0.0,
            stopped_early=stopped,
            failure=failure,
        )
        return Evaluated(result, None if stopped else network)

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
        if self._config.objective.measures_latency:
            costs[CostKind.LATENCY_SECONDS] = measure_latency(network)
        return costs


def train_start_network(
    config: SearchConfig,
    data: SearchData,
    *,
    folder: Path | None = None,
    device: torch.device | str = "cpu",
    listener: Listener = lambda event: None,
    should_stop: Callable[[], bool] | None = None,
) -> tuple[Network, float]:
    """Train the search's start network.

    Args:
        config: of the search.
        data: divided.
        folder: where the training keeps its state, to go on after an interruption.
        device: that trains.
        listener: hears of the training's progress.
        should_stop: asked at each step.

    Returns:
        The network, in eval mode, and its accuracy on the validation images.

    Raises:
        InvalidConfig: the images do not have the skeleton's shape.
        TrialFault: it diverged, or the device has not enough memory.
        TrainingStopped: `should_stop` said so.
    """
    architecture = start_architecture(config, data)
    network = build_network(architecture, seed=config.seed, device=device)
    trainer = Trainer(
        network,
        config.start_recipe,
        data.training(config.start_recipe, seed=config.seed),
        data.validation(),
        seed=config.seed,
        device=device,
        should_stop=should_stop,
    )
    with _memory_faults():
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


def _follow(
    events: Iterable[Event],
    listener: Listener,
    stops_early: Callable[[tuple[float, ...]], bool],
    curve: list[float],
    speeds: list[float],
) -> bool:
    """Take a training's events; whether it was stopped early."""
    for event in events:
        listener(event)
        if isinstance(event, EpochEnded) and event.validation_accuracy is not None:
            curve.append(event.validation_accuracy)
            speeds.append(event.images_per_second)
            if stops_early(tuple(curve)):
                return True
    return False


@contextmanager
def _memory_faults() -> Iterator[None]:
    """Turn errors that say that memory is full into a fault of the trial."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise OutOfMemory(str(error).splitlines()[0]) from None
