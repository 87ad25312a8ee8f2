"""Final training: a chosen cell in a larger network, trained from its first epoch to its test.

It is a `Trainer` that keeps its state in a folder, and starts from weights grown from a trial's
where the config asks for them.
"""

import time
from collections.abc import Callable
from pathlib import Path

import torch

from search_engine.checkpoint import save_checkpoint
from search_engine.data import Dataset
from search_engine.networks import CondenseNet, Network, build_empty
from search_engine.spec.errors import TrainingBroken, TrainingStopped
from search_engine.spec.final_result import FinalResult
from search_engine.spec.final_training import FinalTrainingConfig
from search_engine.spec.training_events import Event
from search_engine.training.device import memory_faults
from search_engine.training.final_folder import FinalFolder
from search_engine.training.final_inputs import final_data, first_network
from search_engine.training.metrics import evaluate
from search_engine.training.process_group import SINGLE_PROCESS, ProcessGroup, is_lost_connection
from search_engine.training.trainer import Trainer

Listener = Callable[[Event], None]

FIRST_STEPS, TIMED_STEPS = 6, 20
"""The first ones are slower: memory is allocated, and on a GPU a step is recorded."""


def train_final(
    config: FinalTrainingConfig,
    folder: Path,
    *,
    dataset: Dataset,
    start_checkpoint: Path | None = None,
    listener: Listener = lambda event: None,
    should_stop: Callable[[], bool] | None = None,
    device: torch.device | str = "cpu",
) -> FinalResult:
    """Train to the end, and measure on the test images, which nothing else looks at.

    Called again with the same folder it goes on after the last complete epoch, whatever ended the
    call before; on the CPU with the result, bit for bit, that it would have had. A training that
    has ended is not done again.

    Args:
        folder: keeps the training's state, and the checkpoint in the end.
        start_checkpoint: folder of the trial's network, for grown weights; of the network that was
            brought in, for adopted ones.
        should_stop: asked at each step.

    Raises:
        InvalidConfig: settings, data set and trial's checkpoint do not go together.
        CheckpointError: the folder holds another training or a damaged one, or another process
            trains there.
        TrialFault: it diverged, or the device has not enough memory.
        TrainingStopped: `should_stop` said so.
    """
    kept = FinalFolder(folder)
    with kept.claimed(config):
        found = kept.read_result()
        if found is not None:
            return found
        training = FinalTraining(config, kept, dataset, torch.device(device))
        training.run(start_checkpoint, listener, should_stop)
        return training.finish()


class FinalTraining:
    """A final training in this process, which may be one of several.

    Args:
        kept: written by the main process only.

    Raises:
        InvalidConfig: the images or classes are not the skeleton's.
        DatasetError: there are too few images.
    """

    def __init__(
        self,
        config: FinalTrainingConfig,
        kept: FinalFolder,
        dataset: Dataset,
        device: torch.device,
        group: ProcessGroup = SINGLE_PROCESS,
    ) -> None:
        self._config = config
        self._kept = kept
        self._device = device
        self._group = group
        self._data = final_data(config, dataset, device)
        self._network: Network | None = None
        self._graph_failure: str | None = None

    def run(
        self,
        start_checkpoint: Path | None,
        listener: Listener,
        should_stop: Callable[[], bool] | None,
    ) -> None:
        """Train to the end, from the folder's state where there is one.

        Raises:
            TrainingBroken: another process of the group has died.
            SearchEngineError: as `train_final`.
        """
        try:
            with memory_faults():
                self._network = self._first_network(start_checkpoint)
                trainer = self._trainer(self._network, should_stop)
                for event in trainer.run(self._kept):
                    if self._group.is_main_process:
                        listener(event)
                self._graph_failure = trainer.graph_failure
        except RuntimeError as error:
            if self._group.size == 1 or not is_lost_connection(error):
                raise
            raise TrainingBroken(" ".join(str(error).split())[:300]) from error

    def steps_per_second(
        self, start_checkpoint: Path | None, should_stop: Callable[[], bool]
    ) -> float | None:
        """How fast it trains, by some first steps of which nothing is kept.

        Returns:
            None where it was stopped before that, or has not as many steps.

        Raises:
            SearchEngineError: as `train_final`.
        """
        timed = _Timed(self._device, should_stop)
        try:
            with memory_faults():
                network = first_network(self._config, self._data, start_checkpoint, self._device)
                for _ in self._trainer(network, timed).run():
                    pass
        except TrainingStopped:
            pass
        return timed.rate

    def finish(self) -> FinalResult:
        """Measure the trained network, and write checkpoint and result; for the main process."""
        assert self._network is not None
        network, data = self._network, self._data
        plain = network.converted() if isinstance(network, CondenseNet) else network
        tested = evaluate(plain, data.test())
        validated = evaluate(plain, data.validation()) if self._config.data.validation else None
        metrics = {"test_accuracy": tested.accuracy}
        if validated is not None:
            metrics["accuracy"] = validated.accuracy
        save_checkpoint(plain, self._kept.checkpoint, trained_on=data.trained_on, metrics=metrics)
        curve = self._kept.read_epochs()
        cost = self._config.architecture.cost
        result = FinalResult(
            test_accuracy=tested.accuracy,
            test_balanced_accuracy=tested.balanced_accuracy,
            test_loss=tested.loss,
            test_images=tested.images,
            validation_accuracy=validated.accuracy if validated else None,
            by_class=tuple(zip(data.dataset.class_names, tested.per_class_accuracy, strict=True)),
            confusion=tuple(tuple(row) for row in tested.confusion.tolist()),
            curve=curve,
            seconds=sum(epoch.seconds for epoch in curve),
            parameters=cost.parameters,
            multiply_adds=cost.multiply_adds,
            graph_failure=self._graph_failure,
            checkpoint=self._kept.checkpoint,
        )
        self._kept.write_result(result)
        return result

    def _first_network(self, start_checkpoint: Path | None) -> Network:
        """The network before its first epoch; an empty one where a state will be restored."""
        if self._kept.has_state:
            return build_empty(self._config.architecture, device=self._device)
        return first_network(self._config, self._data, start_checkpoint, self._device)

    def _trainer(self, network: Network, should_stop: Callable[[], bool] | None) -> Trainer:
        config, data, group = self._config, self._data, self._group
        return Trainer(
            network,
            config.recipe,
            data.training(config.recipe, seed=config.seed, share=(group.rank, group.size)),
            data.validation() if config.data.validation else None,
            seed=config.seed,
            device=self._device,
            should_stop=should_stop,
            group=group,
        )


class _Timed:
    """Times some steps of a training, before each of which it is asked, and then stops it."""

    def __init__(self, device: torch.device, should_stop: Callable[[], bool]) -> None:
        self._device, self._should_stop = device, should_stop
        self._steps, self._times = 0, list[float]()

    def __call__(self) -> bool:
        if self._steps in (FIRST_STEPS, FIRST_STEPS + TIMED_STEPS):
            if self._device.type == "cuda":
                torch.cuda.synchronize(self._device)
            self._times.append(time.perf_counter())
        self._steps += 1
        return len(self._times) == 2 or self._should_stop()

    @property
    def rate(self) -> float | None:
        """Steps a second; None where they were too few."""
        if len(self._times) < 2:
            return None
        return TIMED_STEPS / (self._times[1] - self._times[0])
