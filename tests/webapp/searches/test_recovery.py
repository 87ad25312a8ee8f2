"""Whatever dies, every trial counts once and keeps its number and seed."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from search_engine.errors import OutOfMemory
from search_engine.training import Recipe
from tests.webapp.searches.conftest import Launch
from tests.webapp.searches.driving import kinds, queued, work
from webapp import stopping
from webapp.searches import (
    coordinator,
    evaluator,
    holding,
    lifecycle,
    recovery,
    services,
    start_trainer,
)
from webapp.searches.models import Search, SearchEvent, Trial
from webapp.state import State

pytestmark = pytest.mark.django_db


def claimed(search: Search) -> tuple[Trial, int]:
    """The next trial, held by a worker."""
    trial = queued(search)
    assert trial is not None
    token = lifecycle.trial_claimed(trial.pk, "worker")
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


def test_a_result_under_an_old_token_does_not_count(launch: Launch) -> None:
    search = launch()
    work(search, trials=0)
    trial, old = claimed(search)
    lose(trial)
    _, new = claimed(search)
    assert not lifecycle.trial_evaluated(trial.pk, old, {"failure": "late"})
    assert not lifecycle.trial_lease_renewed(trial.pk, old)
    coordinator.advance(search.pk)
    trial.refresh_from_db()
    assert (trial.state, trial.attempt, trial.outcome) == (State.RUNNING, new, None)


def test_a_trial_is_claimed_once(launch: Launch) -> None:
    search = launch()
    work(search, trials=0)
    trial, _ = claimed(search)
    assert lifecycle.trial_claimed(trial.pk, "other") is None


def test_a_trial_lost_three_times_fails_with_the_reason(launch: Launch) -> None:
    search = launch()
    work(search, trials=0)
    for _ in range(3):
        trial, _ = claimed(search)
        lose(trial)
    coordinator.advance(search.pk)
    trial.refresh_from_db()
    assert trial.state == State.FAILED
    assert "lost 3 times" in trial.failure
    work(search)
    assert (search.state, search.trials_completed, search.trials_failed) == ("completed", 2, 1)


def test_a_worker_that_is_asked_to_stop_hands_its_trial_back(
    launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = launch(recipe=Recipe(epochs=3, learning_rate=0.1))
    work(search, trials=0)
    told = lifecycle.trial_progressed

    def then_stop(trial_id: int, token: int, progress: Any) -> bool:
        patch.setattr(stopping, "requested", lambda: True)
        return told(trial_id, token, progress)

    with monkeypatch.context() as patch:
        patch.setattr(lifecycle, "trial_progressed", then_stop)
        work(search, trials=1)
    trial = search.trials.get(number=1)
    assert (trial.state, trial.attempt, trial.losses) == (State.QUEUED, 1, 0)
    work(search)
    assert search.trials_completed == 3


def test_a_lost_start_network_goes_on_in_another_worker(launch: Launch) -> None:
    search = launch()
    lifecycle.start_claimed(search.pk, "worker")
    past = timezone.now() - timedelta(seconds=1)
    Search.objects.filter(pk=search.pk).update(start_lease_until=past)
    recovery.recover()
    assert kinds(search)[-1] == "start_network.interrupted"
    work(search)
    assert search.state == State.COMPLETED


def test_a_start_network_is_claimed_once(launch: Launch) -> None:
    search = launch()
    assert lifecycle.start_claimed(search.pk, "one") == 1
    assert lifecycle.start_claimed(search.pk, "other") is None


def test_a_start_network_interrupted_goes_on_from_its_last_epoch(
    launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = launch(start_recipe=Recipe(epochs=3, learning_rate=0.1))
    told = lifecycle.start_progressed

    def then_stop(search_id: int, token: int, progress: Any) -> bool:
        monkeypatch.setattr(stopping, "requested", lambda: True)
        return told(search_id, token, progress)

    with monkeypatch.context() as patch:
        patch.setattr(lifecycle, "start_progressed", then_stop)
        start_trainer.train(search.pk, "worker")
    monkeypatch.setattr(stopping, "requested", lambda: False)
    work(search, trials=0)
    progress = search.events.filter(kind="start_network.progress").order_by("sequence")
    assert [event.payload["epoch"] for event in progress] == [1, 2, 3]


def test_with_all_messages_lost_recovery_says_again_what_is_due(
    launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[str, int]] = []
    monkeypatch.setattr(recovery, "send", lambda task, pk: sent.append((str(task), pk)))
    search, other = launch(), launch()
    work(other, trials=0)
    recovery.recover(at_start=True)
    trial = other.trials.get()
    assert ("searches.train_start_network", search.pk) in sent
    assert ("searches.evaluate_trial", trial.pk) in sent
    sent.clear()
    recovery.recover()
    assert sent == []  # said a moment ago


def test_a_result_that_nobody_told_the_engine_is_found(
    launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[str, int]] = []
    monkeypatch.setattr(recovery, "send", lambda task, pk: sent.append((str(task), pk)))
    search = launch()
    work(search, trials=0)
    trial, token = claimed(search)
    lifecycle.trial_evaluated(trial.pk, token, {"failure": "diverged"})
    recovery.recover()
    assert sent == [("searches.advance_search", search.pk)]


def test_a_trial_that_fails_by_its_own_fault_is_failed_and_the_search_goes_on(
    launch: Launch,
) -> None:
    search = launch()
    work(search, trials=0)
    trial, token = claimed(search)
    result = {"failure": str(OutOfMemory("2 GiB"))}
    lifecycle.trial_evaluated(trial.pk, token, result)
    work(search)
    assert (search.state, search.trials_failed) == (State.COMPLETED, 1)
    assert search.trials.get(number=1).failure == "out of memory: 2 GiB"


def test_a_failed_trial_can_be_tried_again_and_counts_once(launch: Launch) -> None:
    search = launch()
    work(search, trials=0)
    trial, token = claimed(search)
    lifecycle.trial_evaluated(trial.pk, token, {"failure": "diverged"})
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

    monkeypatch.setattr(evaluator, "_evaluate", broken)
    for trial in list(search.trials.all()):
        with pytest.raises(ZeroDivisionError):
            evaluator.evaluate_trial(trial.pk, "worker")
    search.refresh_from_db()
    assert search.state == State.FAILED
    assert "oops" in search.failure
    assert "ZeroDivisionError" in search.trials.get(number=1).traceback


def test_old_progress_is_compacted_and_other_events_stay(launch: Launch) -> None:
    search = launch()
    work(search)
    SearchEvent.objects.update(at=timezone.now() - timedelta(minutes=11))
    before = kinds(search)
    recovery.compact()
    assert list(search.events.order_by("sequence").values_list("kind", flat=True)) != []
    assert not search.events.filter(kind="trial.progress").exists()
    assert kinds(search) == before


def test_cancelling_stops_a_training_at_its_next_step(
    launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holding, "LOOK_SECONDS", 0.0)
    search = launch(recipe=Recipe(epochs=3, learning_rate=0.1))
    work(search, trials=0)
    told = lifecycle.trial_progressed

    def then_cancel(trial_id: int, token: int, progress: Any) -> bool:
        services.cancel(search.owner, search.pk)
        return told(trial_id, token, progress)

    with monkeypatch.context() as patch:
        patch.setattr(lifecycle, "trial_progressed", then_cancel)
        work(search, trials=1)
    assert search.state == State.CANCELLED
    assert search.trials.get().state == State.CANCELLED
    assert kinds(search)[-2:] == ["trial.cancelled", "search.cancelled"]
