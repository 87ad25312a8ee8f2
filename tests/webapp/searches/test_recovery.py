"""Whatever dies, every trial counts once and keeps its number and seed."""

from datetime import timedelta

import pytest
from django.utils import timezone

from search_engine.spec.errors import DatasetError, OutOfMemory
from search_engine.spec.recipe import Recipe
from search_engine.spec.training_events import EpochEnded, Event
from tests.webapp.searches.conftest import Launch
from tests.webapp.searches.driving import kinds, queued, work
from webapp.datasets import worker as images
from webapp.live import log
from webapp.live.models import Event as LogEvent
from webapp.searches import coordinator, services, tasks, worker
from webapp.searches.lifecycle import TRIAL
from webapp.searches.models import Search, Trial
from webapp.searches.worker import memory as worker_memory
from webapp.state import State
from webapp.trainings import worker as trainer
from webapp.trainings.kinds import TRAINING
from webapp.trainings.models import Training
from webapp.work import queue, recovery, runner, stopping
from webapp.work.models import DELAYS

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]


def claimed(search: Search) -> tuple[Trial, int]:
    """The next trial, held by a worker."""
    trial = queued(search)
    assert trial is not None
    token = TRIAL.claim(trial.pk, "worker")
    assert token is not None
    return trial, token


def lose(trial: Trial) -> None:
    """The worker dies: its lease runs out, and recovery notices."""
    Trial.objects.filter(pk=trial.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    recovery.recover()
    trial.refresh_from_db()


def test_a_trial_whose_worker_was_killed_is_tried_again_and_counts_once(launch: Launch) -> None:
    search, undisturbed = launch(), launch()
    work(search, trials=0)
    trial, _ = claimed(search)
    lose(trial)
    assert (trial.state, trial.number) == (State.QUEUED, 1)
    assert "trial.interrupted" in kinds(search)
    work(search)
    work(undisturbed)
    assert search.trials_completed == 3
    columns = ("number", "notation", "seed", "accuracy")
    assert list(search.trials.values_list(*columns)) == list(
        undisturbed.trials.values_list(*columns)
    )


def test_a_trial_lost_three_times_pauses_its_search_and_moves_it_by_nothing(
    launch: Launch,
) -> None:
    search, undisturbed = launch(), launch()
    work(search, trials=0)
    for _ in range(3):
        trial, _ = claimed(search)
        lose(trial)
    search.refresh_from_db()
    assert (search.state, search.trials_failed) == (State.PAUSED, 0)
    assert "lost its worker 3 times" in search.failure
    services.resume(search.owner, search.pk)
    work(search)
    work(undisturbed)
    columns = ("number", "notation", "seed", "accuracy", "reward")
    assert list(search.trials.values_list(*columns)) == list(
        undisturbed.trials.values_list(*columns)
    )


def test_images_that_are_gone_pause_the_search_until_they_are_back(
    launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    search, undisturbed = launch(), launch()
    work(search, trials=1)
    with monkeypatch.context() as patch:

        def gone(*_: object, **__: object) -> None:
            raise DatasetError("digits", "its files are gone")

        patch.setattr(images, "load_dataset", gone)
        worker_memory.forget()
        for _ in range(len(DELAYS) + 1):
            work(search, trials=1)
            search.trials.update(not_before=None)
    assert (search.state, search.trials_failed) == (State.PAUSED, 0)
    assert search.failure.startswith("Trial 2 could not be evaluated. The images of “Digits” ")
    services.resume(search.owner, search.pk)
    work(search)
    work(undisturbed)
    columns = ("number", "notation", "accuracy", "reward")
    assert list(search.trials.values_list(*columns)) == list(
        undisturbed.trials.values_list(*columns)
    )


def test_a_trial_that_needs_too_much_memory_twice_has_failed(
    launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = launch()
    work(search, trials=0)

    def full(*_: object) -> None:
        raise RuntimeError("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED")

    with monkeypatch.context() as patch:
        patch.setattr("search_engine.search.evaluation.inherit", full)
        work(search, trials=1)
        trial = search.trials.get()
        assert (trial.state, trial.delay_code) == (State.QUEUED, "memory")
        search.trials.update(not_before=None)
        work(search, trials=1)
    trial.refresh_from_db()
    assert (trial.state, search.trials_failed) == (State.FAILED, 1)
    assert trial.failure.startswith("out of memory: cuDNN error")


def test_a_worker_that_is_asked_to_stop_hands_its_trial_back(
    launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = launch(recipe=Recipe(epochs=3, learning_rate=0.1))
    work(search, trials=0)
    with monkeypatch.context() as patch:
        tell = worker.Progress.__call__

        def then_stop(self: worker.Progress, event: Event) -> None:
            tell(self, event)
            patch.setattr(stopping, "requested", lambda: True)

        patch.setattr(worker.Progress, "__call__", then_stop)
        work(search, trials=1)
    trial = search.trials.get(number=1)
    assert (trial.state, trial.attempt, trial.workers_lost) == (State.QUEUED, 1, 0)
    work(search)
    assert search.trials_completed == 3


def test_a_lost_start_network_goes_on_in_another_worker(launch: Launch) -> None:
    search = launch()
    TRAINING.claim(search.start.pk, "worker")
    past = timezone.now() - timedelta(seconds=1)
    Training.objects.filter(search=search).update(lease_until=past)
    recovery.recover()
    assert kinds(search)[-1] == "start_network.interrupted"
    work(search)
    assert search.state == State.COMPLETED


def started(search: Search) -> list[LogEvent]:
    return list(log.events(search.topic).filter(kind="start_network.started"))


def test_a_start_network_interrupted_goes_on_from_its_last_epoch(
    launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = launch(start_recipe=Recipe(epochs=3, learning_rate=0.1))
    monkeypatch.setattr(trainer, "ANNOUNCE_SECONDS", 0.0)
    tell = trainer.Progress.__call__

    def then_stop(self: trainer.Progress, event: Event) -> None:
        tell(self, event)
        patch.setattr(stopping, "requested", lambda: isinstance(event, EpochEnded))

    with monkeypatch.context() as patch:
        patch.setattr(trainer.Progress, "__call__", then_stop)
        runner.run("training", search.start.pk, "worker")
    assert (search.start.state, search.start.attempt) == (State.QUEUED, 1)
    work(search, trials=0)
    progress = log.events(search.topic).filter(kind="start_network.progress").order_by("sequence")
    assert list(dict.fromkeys(event.payload["epoch"] for event in progress)) == [1, 2, 3]
    assert [event.payload["attempt"] for event in started(search)] == [1, 2]


def test_with_all_messages_lost_recovery_says_again_what_is_due(
    launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[str, int]] = []
    monkeypatch.setattr(tasks, "send", lambda task, pk: sent.append((str(task), pk)))
    monkeypatch.setattr(queue, "send_work", lambda to, name, pk: sent.append((name, pk)))
    search, other = launch(), launch()
    work(other, trials=0)
    recovery.recover(at_start=True)
    trial = other.trials.get()
    assert ("training", search.start.pk) in sent
    assert ("trial", trial.pk) in sent
    sent.clear()
    recovery.recover()
    assert sent == []  # said a moment ago


def test_a_result_that_nobody_told_the_engine_is_found(
    launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[str, int]] = []
    monkeypatch.setattr(tasks, "send", lambda task, pk: sent.append((str(task), pk)))
    search = launch()
    work(search, trials=0)
    trial, token = claimed(search)
    TRIAL.complete(trial.pk, token, outcome={"failure": "diverged"})
    recovery.recover()
    assert sent == [("searches.advance_search", search.pk)]


def test_a_trial_that_fails_by_its_own_fault_is_failed_and_the_search_goes_on(
    launch: Launch,
) -> None:
    search = launch()
    work(search, trials=0)
    trial, token = claimed(search)
    result = {"failure": str(OutOfMemory("2 GiB"))}
    TRIAL.complete(trial.pk, token, outcome=result)
    work(search)
    assert (search.state, search.trials_failed) == (State.COMPLETED, 1)
    assert search.trials.get(number=1).failure == "out of memory: 2 GiB"


def test_a_failed_trial_can_be_tried_again_and_counts_once(launch: Launch) -> None:
    search = launch()
    work(search, trials=0)
    trial, token = claimed(search)
    TRIAL.complete(trial.pk, token, outcome={"failure": "diverged"})
    work(search)
    services.retry_trial(search.owner, search.pk, 1)
    work(search)
    assert (search.state, search.trials_completed, search.trials_failed) == ("completed", 3, 0)
    assert search.trials.get(number=1).accuracy is not None


def test_a_bug_keeps_its_traceback_and_three_in_a_row_fail_the_search(
    launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = launch(parallel=3)
    work(search, trials=0)

    def broken(*_: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(worker, "_evaluate", broken)
    for trial in list(search.trials.all()):
        with pytest.raises(ZeroDivisionError):
            runner.run("trial", trial.pk, "worker")
    coordinator.advance(search.pk)
    search.refresh_from_db()
    assert search.state == State.FAILED
    assert "oops" in search.failure
    assert "ZeroDivisionError" in search.trials.get(number=1).traceback


def test_old_progress_is_compacted_and_other_events_stay(launch: Launch) -> None:
    search = launch()
    work(search)
    LogEvent.objects.update(at=timezone.now() - timedelta(minutes=11))
    before = kinds(search)
    recovery.forget_progress()
    assert list(log.events(search.topic).order_by("sequence").values_list("kind", flat=True)) != []
    assert not log.events(search.topic).filter(kind="trial.progress").exists()
    assert kinds(search) == before


def test_cancelling_stops_a_training_at_its_next_step(
    launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "LOOK_SECONDS", 0.0)
    search = launch(recipe=Recipe(epochs=3, learning_rate=0.1))
    work(search, trials=0)
    tell = worker.Progress.__call__

    def then_cancel(self: worker.Progress, event: Event) -> None:
        patch.setattr(worker.Progress, "__call__", tell)
        tell(self, event)
        services.cancel(search.owner, search.pk)

    with monkeypatch.context() as patch:
        patch.setattr(worker.Progress, "__call__", then_cancel)
        work(search, trials=1)
    assert search.state == State.CANCELLED
    assert search.trials.get().state == State.CANCELLED
    assert kinds(search)[-2:] == ["trial.cancelled", "search.cancelled"]
