"""Real final trainings on digits, seconds each; the worker's task is called in this process."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from search_engine.spec.errors import OutOfMemory, TrainingBroken
from search_engine.training.final_folder import FinalFolder
from tests.webapp.trainings.conftest import Train, tiny
from tests.webapp.trainings.driving import kinds, train
from webapp.checkpoints import files
from webapp.checkpoints.models import Checkpoint, Origin
from webapp.live.models import Event
from webapp.searches import services as search_services
from webapp.searches.models import Trial
from webapp.state import State
from webapp.trainings import folders, services, worker
from webapp.trainings.documents import Compare
from webapp.trainings.kinds import TRAINING
from webapp.trainings.models import Training
from webapp.work import fairness, recovery, runner, stopping

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]

EPOCHS = 3


class Killed(BaseException):
    """The worker dies on the spot: no handler runs."""


@pytest.fixture
def three_epochs(trial: Trial, train_fully: Train) -> Training:
    """One that waits for a worker."""
    return launched(trial, train_fully)


def launched(trial: Trial, train_fully: Train, **changes: Any) -> Training:
    recipe = {"version": 1, "epochs": EPOCHS, "batch_size": 128, "learning_rate": 0.1}
    return train_fully(trial, recipe=recipe, **changes)


def lose(training: Training) -> None:
    past = timezone.now() - timedelta(seconds=1)
    Training.objects.filter(pk=training.pk).update(lease_until=past)
    recovery.recover()
    training.refresh_from_db()


def after_epoch(number: int, action: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once, when this epoch's state is on the disk and has not been told yet."""
    write = FinalFolder.write_epoch

    def then(self: FinalFolder, ended: Any, state: Any) -> None:
        write(self, ended, state)
        if ended.epoch == number:
            monkeypatch.setattr(FinalFolder, "write_epoch", write)
            action()

    monkeypatch.setattr(FinalFolder, "write_epoch", then)


def learned(training: Training) -> tuple[Any, ...]:
    """What came of it: every epoch, the accuracy, the very weights."""
    assert training.state == State.COMPLETED
    assert training.checkpoint is not None
    curve = [(epoch["accuracy"], epoch["loss"]) for epoch in training.history]
    return curve, training.test_accuracy, training.checkpoint.sha256


def test_it_runs_from_launch_to_a_checkpoint(three_epochs: Training) -> None:
    training = train(three_epochs)
    assert (training.state, kinds(training)) == (
        State.COMPLETED,
        ["created", "started", "completed"],
    )
    assert [epoch["accuracy"] is not None for epoch in training.history] == [True] * EPOCHS
    kept = Checkpoint.objects.get(origin=Origin.FINAL)
    assert training.checkpoint == kept
    assert (kept.owner, kept.search, kept.trial) == (training.search.owner, training.search, None)
    assert kept.accuracy == training.accuracy
    assert kept.latency_1 is not None and kept.memory is not None and kept.measured_on
    assert default_storage.exists(f"{kept.folder}/weights.safetensors")
    assert not folders.training_folder(training.pk).exists()


def test_confusion_and_test_accuracy_are_of_all_test_images(three_epochs: Training) -> None:
    training = train(three_epochs)
    assert training.confusion is not None
    right = sum(row[index] for index, row in enumerate(training.confusion))
    images = sum(map(sum, training.confusion))
    assert images == training.test_images
    assert training.test_accuracy == pytest.approx(right / images)


def test_the_command_line_measures_the_checkpoint_as_the_row_says(
    three_epochs: Training,
) -> None:
    training = train(three_epochs)
    assert training.checkpoint is not None
    with files.local(training.checkpoint.folder) as folder:
        ran = subprocess.run(
            [sys.executable, "-m", "search_engine", "evaluate", str(folder), "--json"],
            cwd=Path(__file__).parents[3],
            capture_output=True,
            text=True,
            check=True,
        )
    measured = json.loads(ran.stdout)
    assert measured["accuracy"] == training.test_accuracy
    assert measured["images"] == training.test_images


def test_a_killed_worker_costs_the_epoch_that_it_was_in_and_changes_nothing(
    trial: Trial, train_fully: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = train(launched(trial, train_fully))
    training = launched(trial, train_fully)

    def die() -> None:
        raise Killed

    after_epoch(2, die, monkeypatch)
    with pytest.raises(Killed):
        runner.run("training", training.pk, "worker")
    lose(training)
    assert training.state == State.QUEUED
    assert learned(train(training)) == learned(undisturbed)
    assert (training.attempt, training.workers_lost) == (2, 0)


def test_paused_and_resumed_it_comes_to_the_same(
    trial: Trial, train_fully: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "LOOK_SECONDS", 0.0)
    undisturbed = train(launched(trial, train_fully))
    training = launched(trial, train_fully)
    owner = training.search.owner
    after_epoch(1, lambda: services.pause(owner, training.pk), monkeypatch)
    assert train(training).state == State.PAUSED
    assert len(training.history) == 1
    services.resume(owner, training.pk)
    assert learned(train(training)) == learned(undisturbed)
    steps = ["created", "started", "pause_requested", "paused", "resumed", "started", "completed"]
    assert kinds(training) == steps


def test_a_worker_that_is_asked_to_stop_hands_it_back_and_it_goes_on(
    three_epochs: Training, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        stop = lambda: patch.setattr(stopping, "requested", lambda: True)  # noqa: E731
        after_epoch(1, stop, patch)
        training = train(three_epochs)
    assert (training.state, training.workers_lost) == (State.QUEUED, 0)
    assert train(training).state == State.COMPLETED
    progress = Event.objects.filter(kind="final_training.progress").order_by("sequence")
    attempt_2 = progress.last()
    assert attempt_2 is not None
    assert attempt_2.payload["epoch"] == EPOCHS


def test_cancelled_it_stops_at_its_next_step_and_keeps_nothing(
    three_epochs: Training, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "LOOK_SECONDS", 0.0)
    owner = three_epochs.search.owner
    after_epoch(1, lambda: services.cancel(owner, three_epochs.pk), monkeypatch)
    training = train(three_epochs)
    assert (training.state, len(training.history)) == (State.CANCELLED, 1)
    assert not Checkpoint.objects.filter(origin=Origin.FINAL).exists()


def test_a_result_under_an_old_token_does_not_count_and_its_files_go(
    three_epochs: Training, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(runner.Hold, "complete", lambda *_, **__: False)
        training = train(three_epochs)
    assert training.state == State.RUNNING
    assert default_storage.listdir(f"searches/{training.search_id}/final")[0] == []


def test_after_its_turn_it_makes_way_for_what_waits(
    trial: Trial, train_fully: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    training, other = launched(trial, train_fully), launched(trial, train_fully, seed=2)
    monkeypatch.setattr(fairness, "TURN_SECONDS", 0.0)
    # Its start network would wait for a worker, too.
    search_services.cancel(training.search.owner, training.search_id)
    row = Training.objects.filter(pk=other.pk)
    row.update(sent_at=timezone.now() + timedelta(hours=1))
    # A free worker would take what has just come.
    assert not fairness.somebody_waits(TRAINING, training.pk)
    row.update(sent_at=timezone.now() - fairness.PATIENCE)
    assert train(training).state == State.QUEUED
    assert (len(training.history), kinds(training)[-1]) == (1, "interrupted")
    reason = Event.objects.get(kind="final_training.interrupted").payload["reason"]
    assert reason == "preempted"
    services.pause(other.search.owner, other.pk)
    assert train(training).state == State.COMPLETED


def test_with_several_devices_it_trains_where_that_is_faster(
    three_epochs: Training, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(worker, "all_devices", lambda: ("cpu", "cpu"))
    monkeypatch.setattr(fairness, "somebody_waits", lambda *_: False)
    caplog.set_level("INFO")
    training = train(three_epochs)
    assert training.state == State.COMPLETED, training.failure
    assert len(training.history) == EPOCHS
    # So few steps are not worth a second process.
    assert "trained on cpu: cpu alone, no answer; cpu, cpu together, no answer" in caplog.text


def test_a_process_that_died_counts_as_a_loss_and_it_goes_on(
    three_epochs: Training, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise TrainingBroken("a process has died")

    with monkeypatch.context() as patch:
        patch.setattr(worker, "train_final", broken)
        training = train(three_epochs)
    assert (training.state, training.workers_lost) == (State.QUEUED, 1)
    assert train(training).state == State.COMPLETED


def test_out_of_memory_twice_fails_it_with_the_reason(
    three_epochs: Training, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OutOfMemory("2 GiB")

    monkeypatch.setattr(worker, "train_final", full)
    training = train(three_epochs)
    assert (training.state, training.delay_code) == (State.QUEUED, "memory")
    Training.objects.update(not_before=None)
    training = train(training)
    assert (training.state, training.traceback) == (State.FAILED, "")
    assert "out of memory" in training.failure


def test_a_training_that_is_deleted_under_way_ends_quietly(
    three_epochs: Training, monkeypatch: pytest.MonkeyPatch
) -> None:
    pk = three_epochs.pk
    after_epoch(1, lambda: Training.objects.filter(pk=pk).delete(), monkeypatch)
    runner.run("training", pk, "worker")
    assert not folders.training_folder(pk).exists()


def test_weights_grow_from_the_trials(tried: Trial, train_fully: Train) -> None:
    skeleton = {**tried.search.config["skeleton"]}
    training = launched(tried, train_fully, skeleton=skeleton, weights="grown")
    assert train(training).state == State.COMPLETED


def test_grown_weights_need_the_trials_checkpoint(tried: Trial, train_fully: Train) -> None:
    skeleton = {**tried.search.config["skeleton"]}
    training = launched(tried, train_fully, skeleton=skeleton, weights="grown")
    Checkpoint.objects.filter(trial=tried).delete()
    training = train(training)
    assert training.state == State.FAILED
    assert "is gone" in training.failure


def test_without_validation_images_the_curve_is_of_training(
    trial: Trial, train_fully: Train
) -> None:
    data = {"name": "digits", "validation": 0, "train_limit": None, "seed": 0}
    training = train(launched(trial, train_fully, data=data))
    assert (training.state, training.accuracy) == (State.COMPLETED, None)
    assert all(epoch["training_accuracy"] > 0 for epoch in training.history)


def test_the_start_network_is_trained_with_the_same_recipe(
    trial: Trial, train_fully: Train
) -> None:
    training = train_fully(trial, Compare.SAME_SETTINGS)
    other = training.compared_with
    assert other is not None
    assert train(other).state == State.COMPLETED
    assert other.parameters != training.parameters
    assert other.test_images == train(training).test_images


def test_old_progress_is_compacted_and_the_history_stays(three_epochs: Training) -> None:
    training = train(three_epochs)
    Event.objects.update(at=timezone.now() - timedelta(minutes=11))
    recovery.forget_progress()
    assert not Event.objects.filter(kind="final_training.progress").exists()
    assert kinds(training)[-1] == "completed"
    assert len(training.history) == EPOCHS


def test_a_deleted_search_takes_the_checkpoint_along(three_epochs: Training) -> None:
    training = train(three_epochs)
    owner, search_id = training.search.owner, training.search_id
    search_services.cancel(owner, search_id)
    search_services.delete(owner, search_id)
    assert not Checkpoint.objects.exists()


def test_one_that_is_measured_in_folds_tells_the_accuracy_of_each(
    trial: Trial, train_fully: Train, alice_client: Client
) -> None:
    training = train_fully(trial, data={**tiny(trial)["data"], "validation": 0, "folds": 2})
    assert training.epochs == 4  # twice two
    train(training)
    assert training.state == State.COMPLETED, training.failure
    assert (len(training.history), training.test_images) == (4, 1797)
    answer = alice_client.get(f"/api/v1/final-trainings/{training.pk}/").json()
    found = answer["fold_accuracies"]
    assert len(found) == 2 and min(found) <= answer["test_accuracy"] <= max(found)
