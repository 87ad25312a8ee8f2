"""Every legal transition of a final training, and the refusal of illegal ones."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client, TestCase
from django.utils import timezone

from search_engine.spec import cell_to_json, parse_cell
from search_engine.spec.reference import baseline
from tests.webapp.trainings.conftest import Train, config_of, tiny
from tests.webapp.trainings.driving import kinds
from webapp.accounts.models import User
from webapp.errors import ProductError
from webapp.live.models import Event
from webapp.searches import services as search_services
from webapp.searches.models import Search, Trial
from webapp.state import State
from webapp.trainings import documents, folders, services
from webapp.trainings.documents import Compare
from webapp.trainings.kinds import TRAINING
from webapp.trainings.models import Purpose, Training
from webapp.work import recovery
from webapp.work.kind import IllegalTransition, Reason

pytestmark = pytest.mark.django_db


@pytest.fixture
def training(trial: Trial, train_fully: Train) -> Training:
    """One that waits for a worker."""
    return train_fully(trial)


@pytest.fixture
def owner(training: Training) -> User:
    return training.search.owner


def claimed(training: Training) -> int:
    """Held by a worker; its token."""
    token = TRAINING.claim(training.pk, "worker")
    assert token is not None
    training.refresh_from_db()
    return token


def lose(training: Training) -> None:
    """The worker dies: its lease runs out, and recovery notices."""
    past = timezone.now() - timedelta(seconds=1)
    Training.objects.filter(pk=training.pk).update(lease_until=past)
    recovery.recover()
    training.refresh_from_db()


def test_a_launched_training_waits_and_its_message_goes_out_on_commit(
    trial: Trial, train_fully: Train
) -> None:
    with TestCase.captureOnCommitCallbacks() as callbacks:
        training = train_fully(trial)
    assert (training.state, kinds(training)) == (State.QUEUED, ["created"])
    sent = [getattr(callback, "args", ()) for callback in callbacks]
    assert ("gpu", "training", training.pk) in sent  # with Redis the doorbell rings, too


def test_the_start_network_is_launched_with_it_and_compared(
    trial: Trial, train_fully: Train
) -> None:
    training = train_fully(trial, Compare.SAME_SETTINGS)
    other = training.compared_with
    assert other is not None
    assert other.purpose == Purpose.COMPARISON and other.state == State.QUEUED
    assert config_of(other) == baseline(config_of(training))


def test_a_start_network_trained_with_the_same_recipe_serves_again(
    trial: Trial, train_fully: Train
) -> None:
    one = train_fully(trial, Compare.SAME_SETTINGS)
    other = train_fully(trial, Compare.SAME_SETTINGS)
    assert one.compared_with == other.compared_with
    third = train_fully(trial, Compare.SAME_SETTINGS, seed=9)
    assert third.compared_with != one.compared_with


def test_several_run_at_once(training: Training, trial: Trial, train_fully: Train) -> None:
    other = train_fully(trial, seed=2)
    assert [claimed(training), claimed(other)] == [1, 1]
    assert Training.objects.filter(state=State.RUNNING).count() == 2


def test_a_pause_waits_for_the_worker_and_is_then_done(training: Training, owner: User) -> None:
    token = claimed(training)
    services.pause(owner, training.pk)
    training.refresh_from_db()
    assert (training.state, training.requested) == (State.RUNNING, "pause")
    assert TRAINING.is_given_up(training.pk, token)
    TRAINING.give_back(training.pk, token, Reason.STOPPING)
    training.refresh_from_db()
    assert (training.state, training.requested) == (State.PAUSED, "")
    assert kinds(training) == ["created", "started", "pause_requested", "paused"]


def test_one_that_waits_is_paused_at_once_and_resumed(training: Training, owner: User) -> None:
    services.pause(owner, training.pk)
    training.refresh_from_db()
    assert training.state == State.PAUSED
    assert TRAINING.claim(training.pk, "worker") is None
    services.resume(owner, training.pk)
    assert TRAINING.claim(training.pk, "worker") == 1


def test_a_pause_can_be_taken_back(training: Training, owner: User) -> None:
    token = claimed(training)
    services.pause(owner, training.pk)
    services.resume(owner, training.pk)
    training.refresh_from_db()
    assert (training.state, training.requested) == (State.RUNNING, "")
    assert not TRAINING.is_given_up(training.pk, token)


def test_cancelling_replaces_a_pause_and_nothing_follows_it(
    training: Training, owner: User
) -> None:
    token = claimed(training)
    services.pause(owner, training.pk)
    services.cancel(owner, training.pk)
    with pytest.raises(IllegalTransition, match="asked to cancel already"):
        services.pause(owner, training.pk)
    TRAINING.give_back(training.pk, token, Reason.STOPPING)
    training.refresh_from_db()
    assert training.state == State.CANCELLED


@pytest.mark.parametrize("action", [services.pause, services.resume, services.cancel])
def test_a_cancelled_one_refuses_and_no_event_is_written(
    action: object, training: Training, owner: User
) -> None:
    services.cancel(owner, training.pk)
    before = Event.objects.count()
    with pytest.raises(IllegalTransition):
        action(owner, training.pk)  # type: ignore[operator]
    assert Event.objects.count() == before


def test_lost_three_times_it_fails_with_the_reason_and_can_be_tried_again(
    training: Training, owner: User
) -> None:
    for _ in range(3):
        claimed(training)
        lose(training)
    assert training.state == State.FAILED
    assert "lost its worker 3 times" in training.failure
    services.resume(owner, training.pk)
    training.refresh_from_db()
    assert (training.state, training.workers_lost, training.failure) == (State.QUEUED, 0, "")


def test_a_pause_of_a_lost_worker_is_done_by_recovery(training: Training, owner: User) -> None:
    claimed(training)
    services.pause(owner, training.pk)
    lose(training)
    assert training.state == State.PAUSED


def test_the_clock_stands_still_while_no_worker_trains(training: Training) -> None:
    token = claimed(training)
    TRAINING.give_back(training.pk, token, Reason.PREEMPTED)
    training.refresh_from_db()
    assert training.running_since is None
    assert training.elapsed_seconds == training.seconds_before


def test_the_same_key_launches_once(trial: Trial) -> None:
    owner, search = trial.search.owner, trial.search
    config = documents.checked(tiny(trial), search, trial)
    one, new = services.launch(owner, search.pk, 1, config, idempotency_key="k")
    assert new
    del one.config["data"]["folds"], one.config["data"]["fold"]  # as it was kept before there were
    one.save(update_fields=["config"])
    again = services.launch(owner, search.pk, 1, config, idempotency_key="k")
    assert again == (one, False)
    with pytest.raises(ProductError, match="another training"):
        services.launch(owner, search.pk, 1, replace(config, seed=5), idempotency_key="k")


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
        documents.checked(merged, trial.search, trial)
    assert field in caught.value.fields


def test_a_field_of_the_skeleton_is_named_by_its_place(trial: Trial) -> None:
    document = tiny(trial)
    document["skeleton"]["blocks"] = 0
    with pytest.raises(ProductError) as caught:
        documents.checked(document, trial.search, trial)
    assert "skeleton.blocks" in caught.value.fields


def test_a_document_names_no_other_data_set_and_no_other_cell(trial: Trial) -> None:
    document = tiny(trial)
    document["data"] = {**document["data"], "name": "/etc"}
    document["cell"] = cell_to_json(parse_cell("[G3x3]"))
    config = documents.checked(document, trial.search, trial).to_json()
    assert config["data"]["name"] == "digits"
    assert config["cell"] == trial.cell
    document["cell"] = {"nonsense": True}
    with pytest.raises(ProductError, match="cell: 'version' is missing"):
        documents.checked(document, trial.search, trial)


def test_only_a_completed_trial_can_be_trained_fully(trial: Trial) -> None:
    config = documents.checked(tiny(trial), trial.search, trial)
    Trial.objects.filter(pk=trial.pk).update(state=State.FAILED)
    with pytest.raises(ProductError, match="only a completed trial"):
        services.launch(trial.search.owner, trial.search_id, 1, config)


def test_it_is_deleted_once_it_has_ended_with_its_folder(training: Training, owner: User) -> None:
    pk, folder = training.pk, folders.attempt_folder(training.pk, 1)
    with pytest.raises(IllegalTransition, match="cancel it"):
        services.delete(owner, training.pk)
    services.cancel(owner, training.pk)
    with TestCase.captureOnCommitCallbacks(execute=True):
        services.delete(owner, training.pk)
    assert not Training.objects.filter(pk=pk).exists()
    assert not folder.exists()


def test_a_deleted_search_takes_its_final_trainings_along(training: Training, owner: User) -> None:
    folder = folders.attempt_folder(training.pk, 1)
    search_services.cancel(owner, training.search_id)
    with pytest.raises(ProductError, match="final training"):
        search_services.delete(owner, training.search_id)
    services.cancel(owner, training.pk)
    with TestCase.captureOnCommitCallbacks(execute=True):
        search_services.delete(owner, training.search_id)
    assert not Search.objects.exists()
    assert not Training.objects.exists()
    assert not folder.exists()


def test_a_new_name_is_an_event(training: Training, owner: User) -> None:
    services.rename(owner, training.pk, "  The   one ")
    training.refresh_from_db()
    assert (training.name, kinds(training)[-1]) == ("The one", "renamed")
    with pytest.raises(ProductError) as caught:
        services.rename(owner, training.pk, " ")
    assert "name" in caught.value.fields


def test_a_start_networks_training_is_steered_by_its_search_only(search: Search) -> None:
    start = search.start
    for action in (services.pause, services.resume, services.cancel, services.delete):
        with pytest.raises(IllegalTransition):
            action(search.owner, start.pk)
    with pytest.raises(IllegalTransition):
        services.rename(search.owner, start.pk, "Mine")
    search_services.cancel(search.owner, search.pk)
    start.refresh_from_db()
    assert start.state == State.CANCELLED


def test_a_start_networks_training_has_its_page(search: Search, client: Client) -> None:
    client.force_login(search.owner)
    state = client.get(search.start.get_absolute_url()).context["page_state"]
    assert state["training"]["purpose"] == "start"
    assert not any(state["training"]["can"].values())
    listed = client.get("/final-trainings/").context["page_state"]["trainings"]
    assert listed == []
