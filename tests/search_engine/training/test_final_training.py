"""Final training: what it leaves, that it can be stopped and killed anywhere, and grown weights."""

import multiprocessing
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from search_engine.checkpoint import load_checkpoint, read_description
from search_engine.data import Dataset
from search_engine.spec.errors import CheckpointError, InvalidConfig, TrainingStopped
from search_engine.spec.final_result import FinalResult
from search_engine.spec.training_events import EpochEnded, Event, StepProgress
from search_engine.training.final_folder import FinalFolder
from search_engine.training.final_training import train_final
from tests.search_engine.training.small import same_weights
from tests.search_engine.training.small_final import config, dataset

pytestmark = pytest.mark.thorough

LAYER = "stage1_block1.bottleneck"
ROOT = Path(__file__).parents[3]

KILLED = """
import os, signal, sys
from pathlib import Path
import torch
from search_engine.training.final_training import train_final
from search_engine.spec.training_events import StepProgress
from tests.search_engine.training.small_final import config, dataset

def listen(event):
    if isinstance(event, StepProgress) and event.epoch == 3:
        os.kill(os.getpid(), signal.SIGKILL)

torch.set_num_threads(1)
settings = config(recipe={"ema_decay": 0.9})
train_final(settings, Path(sys.argv[1]), dataset=dataset(), listener=listen)
"""


def measured(result: FinalResult) -> tuple[object, ...]:
    """All of a result that does not depend on the clock."""
    curve = [(e.loss, e.training_accuracy, e.validation_accuracy) for e in result.curve]
    return curve, result.test_accuracy, result.test_loss, result.by_class, result.confusion


def ended(told: list[Event]) -> list[EpochEnded]:
    """The epochs that have been told of."""
    return [event for event in told if isinstance(event, EpochEnded)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> FinalResult:
    """A training that nothing interrupts."""
    folder = tmp_path_factory.mktemp("whole")
    return train_final(config(recipe={"ema_decay": 0.9}), folder, dataset=dataset())


def test_it_ends_with_a_checkpoint_and_all_that_was_measured(whole: FinalResult) -> None:
    description = read_description(whole.checkpoint)
    assert description.architecture == config().architecture
    assert description.metrics == {
        "test_accuracy": whole.test_accuracy,
        "accuracy": whole.validation_accuracy,
    }
    assert [epoch.epoch for epoch in whole.curve] == [1, 2, 3, 4]
    assert whole.test_images == sum(map(sum, whole.confusion)) == 14
    assert whole.seconds == sum(epoch.seconds for epoch in whole.curve)
    assert whole.parameters == config().architecture.cost.parameters
    assert FinalResult.beside(whole.to_json(), whole.checkpoint) == whole


def test_the_same_config_gives_the_same_network(whole: FinalResult, tmp_path: Path) -> None:
    again = train_final(config(recipe={"ema_decay": 0.9}), tmp_path, dataset=dataset())
    assert measured(again) == measured(whole)
    assert same_weights(load_checkpoint(tmp_path), load_checkpoint(whole.checkpoint))


@pytest.mark.parametrize("epoch", [1, 2, 3])
def test_stopped_and_resumed_equals_uninterrupted(
    epoch: int, whole: FinalResult, tmp_path: Path
) -> None:
    told: list[Event] = []
    settings = config(recipe={"ema_decay": 0.9})
    with pytest.raises(TrainingStopped) as stopped:
        train_final(
            settings,
            tmp_path,
            dataset=dataset(),
            listener=told.append,
            should_stop=lambda: len(ended(told)) == epoch,
        )
    assert stopped.value.epoch == epoch
    resumed = train_final(settings, tmp_path, dataset=dataset())
    assert measured(resumed) == measured(whole)
    assert same_weights(load_checkpoint(tmp_path), load_checkpoint(whole.checkpoint))


def test_killed_within_an_epoch_and_resumed_equals_uninterrupted(
    whole: FinalResult, tmp_path: Path
) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    kept = FinalFolder(tmp_path)
    state = kept.read_state()
    assert state is not None and state.header.epoch == 2
    told: list[Event] = []
    resumed = train_final(
        config(recipe={"ema_decay": 0.9}), tmp_path, dataset=dataset(), listener=told.append
    )
    assert {event.epoch for event in told} == {3, 4}
    assert measured(resumed) == measured(whole)
    assert same_weights(load_checkpoint(tmp_path), load_checkpoint(whole.checkpoint))


def test_an_epoch_whose_state_was_not_written_is_done_again(
    whole: FinalResult, tmp_path: Path
) -> None:
    settings = config(recipe={"ema_decay": 0.9})
    told: list[Event] = []
    with pytest.raises(TrainingStopped):
        train_final(
            settings,
            tmp_path,
            dataset=dataset(),
            listener=told.append,
            should_stop=lambda: bool(ended(told)),
        )
    epochs = tmp_path / "training" / "epochs.jsonl"
    first = epochs.read_text()
    epochs.write_text(first + first[:40])  # the second was being written
    assert measured(train_final(settings, tmp_path, dataset=dataset())) == measured(whole)


def test_a_training_that_has_ended_is_not_done_again(whole: FinalResult) -> None:
    told: list[Event] = []
    again = train_final(
        config(recipe={"ema_decay": 0.9}),
        whole.checkpoint,
        dataset=dataset(),
        listener=told.append,
    )
    assert again == whole
    assert told == []


def test_another_training_in_the_same_folder_is_refused(whole: FinalResult) -> None:
    with pytest.raises(CheckpointError, match="another final training"):
        train_final(config(seed=1), whole.checkpoint, dataset=dataset())


def test_two_processes_do_not_train_in_one_folder(tmp_path: Path) -> None:
    kept = FinalFolder(tmp_path)
    with (
        kept.claimed(config()),
        pytest.raises(CheckpointError, match="another process"),
        FinalFolder(tmp_path).claimed(config(), wait_seconds=0),
    ):
        pass
    with kept.claimed(config()):
        pass


def test_several_trainings_go_on_at_once(whole: FinalResult, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [
        context.Process(target=_train_there, args=(tmp_path / str(number),)) for number in (1, 2)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    for number in (1, 2):
        found = FinalFolder(tmp_path / str(number)).read_result()
        assert found is not None and measured(found) == measured(whole)


def _train_there(folder: Path) -> None:
    torch.set_num_threads(1)
    train_final(config(recipe={"ema_decay": 0.9}), folder, dataset=dataset())


def test_test_images_change_nothing_but_the_test_accuracy(
    whole: FinalResult, tmp_path: Path
) -> None:
    images = dataset()
    images.images[images.test] = 255 - images.images[images.test]
    train_final(config(recipe={"ema_decay": 0.9}), tmp_path, dataset=images)
    assert same_weights(load_checkpoint(tmp_path), load_checkpoint(whole.checkpoint))


def test_without_validation_images_all_are_learned_from(tmp_path: Path) -> None:
    settings = config(recipe={"epochs": 1})
    settings = replace(settings, data=replace(settings.data, validation=0))
    told: list[Event] = []
    result = train_final(settings, tmp_path, dataset=dataset(), listener=told.append)
    assert result.validation_accuracy is None
    assert result.curve[0].validation_accuracy is None
    assert {event.steps for event in told if isinstance(event, StepProgress)} == {4}
    assert "accuracy" not in read_description(tmp_path).metrics


@pytest.mark.parametrize(
    ("images", "field"),
    [
        (dataset(image=(3, 8, 8)), "skeleton.image"),
        (dataset(classes=7), "skeleton.classes"),
    ],
)
def test_images_that_do_not_fit_are_refused(images: Dataset, field: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig, match=field):
        train_final(config(), tmp_path, dataset=images)
