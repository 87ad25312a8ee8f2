"""Final training: a chosen cell in a larger network, from its first epoch to its test accuracy."""

from collections.abc import Callable, Iterator
from pathlib import Path

import torch

from search_engine.checkpoint import save_checkpoint
from search_engine.data import Dataset
from search_engine.errors import TrainingBroken
from search_engine.final_training.config import FinalTrainingConfig
from search_engine.final_training.data import final_data
from search_engine.final_training.folder import FinalFolder
from search_engine.final_training.grown import first_network
from search_engine.final_training.result import FinalResult
from search_engine.networks import CondenseNet, Network, build_empty
from search_engine.training import EpochEnded, Event
from search_engine.training.memory import memory_faults
from search_engine.training.metrics import evaluate
from search_engine.training.state import TrainingState
from search_engine.training.team import ALONE, Team, is_lost_connection
from search_engine.training.trainer import Trainer

Listener = Callable[[Event], None]


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
        config: what to train.
        folder: where the training is kept, and the checkpoint in the end.
        dataset: its images.
        start_checkpoint: folder of the trial's network, for grown weights.
        listener: hears of the training's progress.
        should_stop: asked at each step.
        device: that trains.

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
    """A final training in this process, which may be one of a team.

    Args:
        config: what to train.
        kept: where it is kept; only the team's leader writes.
        dataset: its images.
        device: of this process.
        team: who trains it together.

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
        team: Team = ALONE,
    ) -> None:
        self._config = config
        self._kept = kept
        self._device = device
        self._team = team
        self._data = final_data(config, dataset, device)
        self._network: Network | None = None

    def run(
        self,
        start_checkpoint: Path | None,
        listener: Listener,
        should_stop: Callable[[], bool] | None,
    ) -> None:
        """Train to the end, from the folder's state where there is one.

        Raises:
            TrainingBroken: another process of the team has died.
            SearchEngineError: as `train_final`.
        """
        try:
            with memory_faults():
                trainer = self._trainer(start_checkpoint, should_stop)
                for event in self._events(trainer):
                    if self._team.leads:
                        listener(event)
        except RuntimeError as error:
            if self._team.size == 1 or not is_lost_connection(error):
                raise
            raise TrainingBroken(" ".join(str(error).split())[:300]) from error

    def finish(self) -> FinalResult:
        """Measure the trained network, and write checkpoint and result. For the leader."""
        assert self._network is not None
        network, data = self._network, self._data
        plain = network.converted() if isinstance(network, CondenseNet) else network
        tested = evaluate(plain, data.test())
        validated = evaluate(plain, data.validation()) if self._config.data.validation else None
        metrics = {"test_accuracy": tested.accuracy}
        if validated is not None:
            metrics["accuracy"] = validated.accuracy
        save_checkpoint(plain, self._kept.path, trained_on=data.trained_on, metrics=metrics)
        curve = self._kept.read_epochs()
        cost = self._config.architecture.cost
        result = FinalResult(
            test_accuracy=tested.accuracy,
            test_loss=tested.loss,
            test_images=tested.images,
            validation_accuracy=validated.accuracy if validated else None,
            by_class=tuple(zip(data.dataset.class_names, tested.per_class_accuracy, strict=True)),
            confusion=tuple(tuple(row) for row in tested.confusion.tolist()),
            curve=curve,
            seconds=sum(epoch.seconds for epoch in curve),
            parameters=cost.parameters,
            multiply_adds=cost.multiply_adds,
            checkpoint=self._kept.path,
        )
        self._kept.write_result(result)
        return result

    def _trainer(
        self, start_checkpoint: Path | None, should_stop: Callable[[], bool] | None
    ) -> Trainer:
        config, data, team = self._config, self._data, self._team
        state = self._kept.read_state()
        self._network = self._first_network(start_checkpoint, state)
        trainer = Trainer(
            self._network,
            config.recipe,
            data.training(config.recipe, seed=config.seed, share=(team.rank, team.size)),
            data.validation() if config.data.validation else None,
            seed=config.seed,
            device=self._device,
            should_stop=should_stop,
            team=team,
        )
        if state is not None:
            trainer.restore(state)
        if team.leads:
            self._kept.cut_epochs(trainer.epoch)
        return trainer

    def _first_network(self, start_checkpoint: Path | None, state: TrainingState | None) -> Network:
        """The network before its first epoch; an empty one where a state will be restored."""
        config = self._config
        if state is not None:
            return build_empty(config.architecture, device=self._device)
        return first_network(config, self._data, start_checkpoint, self._device)

    def _events(self, trainer: Trainer) -> Iterator[Event]:
        for event in trainer.run():
            if isinstance(event, EpochEnded) and self._team.leads:
                self._kept.write_epoch(event, trainer.state())
            yield event
