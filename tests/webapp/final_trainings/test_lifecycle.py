"""Every legal transition of a final training, and the refusal of illegal ones."""

from datetime import timedelta

import pytest
from django.test import TestCase
from django.utils import timezone

from search_engine.final_training import baseline
from tests.webapp.final_trainings.conftest import Train, config_of, tiny
from tests.webapp.final_trainings.driving import kinds
from webapp.accounts.models import User
from webapp.errors import ProductError
from webapp.final_trainings import folders, lifecycle, recovery, services
from webapp.final_trainings.documents import Compare
from webapp.final_trainings.events import Progress, Reason
from webapp.final_trainings.models import FinalTraining
from webapp.searches import services as search_services
from webapp.searches.models import Search, SearchEvent, Trial
from webapp.state import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def training(trial: Trial, train_fully: Train) -> FinalTraining:
    """One that waits for a worker."""
    return train_fully(trial)


@pytest.fixture
def owner(training: FinalTraining) -> User:
    return training.search.owner


def claimed(training: FinalTraining) -> int:
    """Held by a worker; its token."""
    token = lifecycle.claimed(training.pk, "worker")
    assert token is not None
    training.refresh_from_db()
    return token


def progress(training: FinalTraining) -> Progress:
    return {
        "id": training.pk,
        "epoch": 1,
        "epochs": 2,
        "step": 0,
        "steps": 0,
        "loss": 1.0,
        "learning_rate": 0.1,
        "images_per_second": 5.0,
        "eta_seconds": 3.0,
        "history_from": 0,
        "history": [],
    }


def lose(training: FinalTraining) -> None:
    """The worker dies: its lease runs out, and recovery notices."""
    past = timezone.now() - timedelta(seconds=1)
    FinalTraining.objects.filter(pk=training.pk).update(lease_until=past)
    recovery.recover()
    training.refresh_from_db()


def test_a_launched_training_waits_and_its_message_goes_out_on_commit(
    trial: Trial, train_fully: Train
) -> None:
    with TestCase.captureOnCommitCallbacks() as callbacks:
        training = train_fully(trial)
    assert (training.state, kinds(training)) == (State.QUEUED, ["created"])
    sent = [getattr(callback, "args", ("",))[0] for callback in callbacks]
    assert "final_trainings.train_final" in sent  # with Redis the doorbell rings, too


def test_the_start_network_is_launched_with_it_and_compared(
    trial: Trial, train_fully: Train
) -> None:
    training = train_fully(trial, Compare.SAME_SETTINGS)
    other = training.compared_with
    assert other is not None
    assert other.is_of_start_network and other.state == State.QUEUED
    assert config_of(other) == baseline(config_of(training))


def test_a_start_network_trained_with_the_same_recipe_serves_again(
    trial: Trial, train_fully: Train
) -> None:
    one = train_fully(trial, Compare.SAME_SETTINGS)
    other = train_fully(trial, Compare.SAME_SETTINGS)
    assert one.compared_with == other.compared_with
    third = train_fully(trial, Compare.SAME_SETTINGS, seed=9)
    assert third.compared_with != one.compared_with


def test_it_is_claimed_once(training: FinalTraining) -> None:
    assert claimed(training) == 1
    assert training.state == State.RUNNING
    assert lifecycle.claimed(training.pk, "other") is None


def test_several_run_at_once(training: FinalTraining, trial: Trial, train_fully: Train) -> None:
    other = train_fully(trial, seed=2)
    assert [claimed(training), claimed(other)] == [1, 1]
    assert FinalTraining.objects.filter(state=State.RUNNING).count() == 2


def test_a_pause_waits_for_the_worker_and_is_then_done(
    training: FinalTraining, owner: User
) -> None:
    token = claimed(training)
    services.pause(owner, training.pk)
    training.refresh_from_db()
    assert (training.state, training.requested) == (State.RUNNING, "pause")
    assert lifecycle.is_given_up(training.pk, token)
    lifecycle.interrupted(training.pk, token, Reason.STOPPING)
    training.refresh_from_db()
    assert (training.state, training.requested) == (State.PAUSED, "")
    assert kinds(training) == ["created", "started", "pause_requested", "paused"]


def test_one_that_waits_is_paused_at_once_and_resumed(training: FinalTraining, owner: User) -> None:
    services.pause(owner, training.pk)
    training.refresh_from_db()
    assert training.state == State.PAUSED
    assert lifecycle.claimed(training.pk, "worker") is None
    services.resume(owner, training.pk)
    assert lifecycle.claimed(training.pk, "worker") == 1


def test_a_pause_can_be_taken_back(training: FinalTraining, owner: User) -> None:
    token = claimed(training)
    services.pause(owner, training.pk)
    services.resume(owner, training.pk)
    training.refresh_from_db()
    assert (training.state, training.requested) == (State.RUNNING, "")
    assert not lifecycle.is_given_up(training.pk, token)


def test_cancelling_replaces_a_pause_and_nothing_follows_it(
    training: FinalTraining, owner: User
) -> None:
    token = claimed(training)
    services.pause(owner, training.pk)
    services.cancel(owner, training.pk)
    with pytest.raises(lifecycle.IllegalTransition, match="cancel was asked for already"):
        services.pause(owner, training.pk)
    lifecycle.interrupted(training.pk, token, Reason.STOPPING)
    training.refresh_from_db()
    assert training.state == State.CANCELLED


@pytest.mark.parametrize("action", [services.pause, services.resume, services.cancel])
def test_a_cancelled_one_refuses_and_no_event_is_written(
    action: object, training: FinalTraining, owner: User
) -> None:
    services.cancel(owner, training.pk)
    before = SearchEvent.objects.count()
    with pytest.raises(lifecycle.IllegalTransition):
        action(owner, training.pk)  # type: ignore[operator]
    assert SearchEvent.objects.count() == before


def test_a_lost_worker_is_noticed_and_the_training_waits_again(training: FinalTraining) -> None:
    claimed(training)
    lose(training)
    assert (training.state, training.losses) == (State.QUEUED, 1)
    assert kinds(training)[-1] == "interrupted"
    assert claimed(training) == 2


def test_what_an_old_token_says_does_not_count(training: FinalTraining) -> None:
    old = claimed(training)
    lose(training)
    claimed(training)
    assert not lifecycle.lease_renewed(training.pk, old)
    assert not lifecycle.progressed(training.pk, old, progress(training), {}, announce=True)
    assert not lifecycle.failed(training.pk, old, "late")
    assert not lifecycle.interrupted(training.pk, old, Reason.STOPPING)
    training.refresh_from_db()
    assert (training.state, training.attempt) == (State.RUNNING, 2)


def test_lost_three_times_it_fails_with_the_reason_and_can_be_tried_again(
    training: FinalTraining, owner: User
) -> None:
    for _ in range(3):
        claimed(training)
        lose(training)
    assert training.state == State.FAILED
    assert "lost 3 times" in training.failure
    services.resume(owner, training.pk)
    training.refresh_from_db()
    assert (training.state, training.losses, training.failure) == (State.QUEUED, 0, "")


def test_a_pause_of_a_lost_worker_is_done_by_recovery(training: FinalTraining, owner: User) -> None:
    claimed(training)
    services.pause(owner, training.pk)
    lose(training)
    assert training.state == State.PAUSED


def test_a_worker_that_stops_counts_as_no_loss(training: FinalTraining) -> None:
    token = claimed(training)
    lifecycle.interrupted(training.pk, token, Reason.STOPPING)
    training.refresh_from_db()
    assert (training.state, training.losses) == (State.QUEUED, 0)


def test_the_clock_stands_still_while_no_worker_trains(training: FinalTraining) -> None:
    token = claimed(training)
    lifecycle.interrupted(training.pk, token, Reason.TURN)
    training.refresh_from_db()
    assert training.running_since is None
    assert training.elapsed_seconds == training.seconds_before


def test_messages_that_were_lost_are_sent_again(
    training: FinalTraining, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[str, int]] = []
    monkeypatch.setattr(recovery, "send", lambda task, pk: sent.append((str(task), pk)))
    recovery.recover()
    assert sent == []  # said a moment ago
    recovery.recover(at_start=True)
    assert sent == [("final_trainings.train_final", training.pk)]


def test_the_same_key_launches_once(trial: Trial) -> None:
    owner, search = trial.search.owner, trial.search
    document = tiny(trial)
    one = services.launch(owner, search.pk, 1, document, idempotency_key="k")
    two = services.launch(owner, search.pk, 1, document, idempotency_key="k")
    assert one == two
    with pytest.raises(ProductError, match="another training"):
        services.launch(owner, search.pk, 1, {**document, "seed": 5}, idempotency_key="k")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"recipe": {"version": 1, "epochs": 0}}, "recipe.epochs"),
        ({"weights": "grown"}, "weights"),
        ({"cutout": -1}, "cutout"),
        ({"data": {"validation": 10**6}}, "data.validation"),
    ],
)
def test_a_wrong_setting_is_named(change: dict[str, object], field: str, trial: Trial) -> None:
    document = tiny(trial)
    merged = {**document, **change}
    if "data" in change:
        merged["data"] = {**document["data"], **change["data"]}  # type: ignore[dict-item]
    with pytest.raises(ProductError) as caught:
        services.launch(trial.search.owner, trial.search_id, 1, merged)
    assert field in caught.value.fields


def test_a_field_of_the_skeleton_is_named_by_its_place(trial: Trial) -> None:
    document = tiny(trial)
    document["skeleton"]["blocks"] = 0
    with pytest.raises(ProductError) as caught:
        services.launch(trial.search.owner, trial.search_id, 1, document)
    assert "skeleton.blocks" in caught.value.fields


def test_a_document_names_no_other_data_set_and_no_other_cell(trial: Trial) -> None:
    document = tiny(trial)
    document["data"] = {**document["data"], "name": "/etc"}
    document["cell"] = {"nonsense": True}
    training = services.launch(trial.search.owner, trial.search_id, 1, document)
    assert training.config["data"]["name"] == "digits"
    assert training.config["cell"] == trial.cell


def test_only_a_completed_trial_can_be_trained_fully(trial: Trial) -> None:
    Trial.objects.filter(pk=trial.pk).update(state=State.FAILED)
    with pytest.raises(ProductError, match="only a completed trial"):
        services.launch(trial.search.owner, trial.search_id, 1, tiny(trial))


def test_it_is_deleted_once_it_has_ended_with_its_folder(
    training: FinalTraining, owner: User
) -> None:
    folder = folders.attempt_folder(training.pk, 1)
    with pytest.raises(lifecycle.IllegalTransition, match="cancel it"):
        services.delete(owner, training.pk)
    services.cancel(owner, training.pk)
    with TestCase.captureOnCommitCallbacks(execute=True):
        services.delete(owner, training.pk)
    assert not FinalTraining.objects.exists()
    assert not folder.exists()


def test_a_deleted_search_takes_its_final_trainings_along(
    training: FinalTraining, owner: User
) -> None:
    folder = folders.attempt_folder(training.pk, 1)
    search_services.cancel(owner, training.search_id)
    with pytest.raises(ProductError, match="final training"):
        search_services.delete(owner, training.search_id)
    services.cancel(owner, training.pk)
    with TestCase.captureOnCommitCallbacks(execute=True):
        search_services.delete(owner, training.search_id)
    assert not Search.objects.exists()
    assert not FinalTraining.objects.exists()
    assert not folder.exists()


def test_a_new_name_is_an_event(training: FinalTraining, owner: User) -> None:
    services.rename(owner, training.pk, "  The   one ")
    training.refresh_from_db()
    assert (training.name, kinds(training)[-1]) == ("The one", "renamed")
    with pytest.raises(ProductError) as caught:
        services.rename(owner, training.pk, " ")
    assert "name" in caught.value.fields
