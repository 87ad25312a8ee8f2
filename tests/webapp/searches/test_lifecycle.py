"""Every legal transition of a search, and the refusal of illegal ones."""

from dataclasses import replace

import pytest
from django.test import TestCase

from tests.webapp.searches.conftest import Launch, small_config
from tests.webapp.searches.driving import compare, kinds, queued, work
from webapp.errors import ProductError
from webapp.live.models import Event
from webapp.searches import lifecycle, services
from webapp.searches.lifecycle import TRIAL
from webapp.searches.models import Search
from webapp.state import State
from webapp.work.kind import Reason

pytestmark = pytest.mark.django_db


def running(search: Search) -> Search:
    """A search with its start network, and a trial that a worker has claimed."""
    work(search, trials=0)
    trial = queued(search)
    assert trial is not None
    TRIAL.claim(trial.pk, "worker")
    search.refresh_from_db()
    return search


def test_a_launched_search_waits_and_its_message_goes_out_on_commit(launch: Launch) -> None:
    with TestCase.captureOnCommitCallbacks() as callbacks:
        search = launch()
    assert search.state == State.QUEUED
    assert kinds(search) == ["search.created"]
    (callback,) = callbacks
    assert callback.args == ("gpu", "training", search.start.pk)  # type: ignore[attr-defined]


def test_a_pause_waits_for_the_trial_that_runs(search: Search) -> None:
    services.pause(search.owner, running(search).pk)
    search.refresh_from_db()
    assert (search.state, search.requested) == (State.RUNNING, "pause")


def test_a_pause_with_nothing_under_way_is_at_once(search: Search) -> None:
    work(search, trials=0)
    services.pause(search.owner, search.pk)
    search.refresh_from_db()
    assert search.state == State.PAUSED
    assert kinds(search)[-2:] == ["search.pause_requested", "search.paused"]


def test_a_paused_search_begins_no_trial_and_a_resumed_one_the_same_trial(search: Search) -> None:
    work(search, trials=0)
    services.pause(search.owner, search.pk)
    trial = queued(search)
    assert trial is not None
    assert TRIAL.claim(trial.pk, "worker") is None
    services.resume(search.owner, search.pk)
    assert TRIAL.claim(trial.pk, "worker") == 1


def test_a_pause_can_be_taken_back_while_a_trial_runs(search: Search) -> None:
    services.pause(search.owner, running(search).pk)
    services.resume(search.owner, search.pk)
    search.refresh_from_db()
    assert (search.state, search.requested) == (State.RUNNING, "")


def test_a_stop_completes_the_search_with_what_it_has(search: Search) -> None:
    work(search, trials=1)
    services.stop(search.owner, search.pk)
    compare(search)
    assert (search.state, search.best_trial) == (State.COMPLETED, 1)
    assert search.trials.get(number=2).state == State.CANCELLED


def test_an_extended_budget_goes_on_with_what_a_stop_gave_up(search: Search) -> None:
    work(search, trials=1)
    services.stop(search.owner, search.pk)
    services.extend_budget(search.owner, search.pk, 4)
    work(search)
    assert (search.state, search.trials_completed) == (State.COMPLETED, 4)


def test_a_cancelled_search_gives_its_trial_up(search: Search) -> None:
    trial = running(search).trials.get()
    services.cancel(search.owner, search.pk)
    assert TRIAL.is_given_up(trial.pk, 1)
    assert TRIAL.give_back(trial.pk, 1, Reason.STOPPING)
    search.refresh_from_db()
    assert search.state == State.CANCELLED
    assert search.trials.get().state == State.CANCELLED


def test_a_queued_search_is_cancelled_at_once(search: Search) -> None:
    services.cancel(search.owner, search.pk)
    search.refresh_from_db()
    assert search.state == State.CANCELLED


def test_a_stronger_request_replaces_a_weaker_one_and_not_the_reverse(search: Search) -> None:
    services.pause(search.owner, running(search).pk)
    services.cancel(search.owner, search.pk)
    with pytest.raises(lifecycle.IllegalTransition):
        services.stop(search.owner, search.pk)


def test_a_queued_search_is_paused_at_once_and_resumed(search: Search) -> None:
    services.pause(search.owner, search.pk)
    search.refresh_from_db()
    assert search.state == State.PAUSED
    services.resume(search.owner, search.pk)
    work(search)
    assert search.state == State.COMPLETED


@pytest.mark.parametrize("action", [services.resume, services.stop])
def test_a_queued_search_refuses(action: object, search: Search) -> None:
    with pytest.raises(lifecycle.IllegalTransition, match="would have to be"):
        action(search.owner, search.pk)  # type: ignore[operator]


@pytest.mark.parametrize(
    "action", [services.pause, services.resume, services.stop, services.cancel]
)
def test_an_ended_search_refuses_and_no_event_is_written(action: object, search: Search) -> None:
    services.cancel(search.owner, search.pk)
    before = Event.objects.count()
    with pytest.raises(lifecycle.IllegalTransition):
        action(search.owner, search.pk)  # type: ignore[operator]
    assert Event.objects.count() == before


def test_a_search_is_deleted_once_it_has_ended(search: Search) -> None:
    with pytest.raises(lifecycle.IllegalTransition, match="cancel it"):
        services.delete(search.owner, search.pk)
    services.cancel(search.owner, search.pk)
    services.delete(search.owner, search.pk)
    assert not Search.objects.exists()


def test_the_same_key_launches_once(launch: Launch) -> None:
    config, owner = small_config(), launch().owner
    one, new = services.launch(owner, config, name="A", idempotency_key="k")
    assert services.launch(owner, config, name="A", idempotency_key="k") == (one, False)
    assert new
    with pytest.raises(ProductError, match="another search"):
        services.launch(owner, replace(config, seed=5), name="A", idempotency_key="k")


def test_a_wrong_setting_is_named(launch: Launch) -> None:
    search = launch()
    for field, document in (
        ("start_recipe.epochs", {"start_recipe": {"version": 1, "epochs": 0}}),
        ("data.name", {"data": {**search.config["data"], "name": "/etc"}}),
    ):
        with pytest.raises(ProductError) as caught:
            services.checked({**search.config, **document}, search.owner)
        assert field in caught.value.fields


def test_a_budget_only_grows(search: Search) -> None:
    with pytest.raises(ProductError) as caught:
        services.extend_budget(search.owner, search.pk, 3)
    assert "max_trials" in caught.value.fields


def test_name_note_and_tags_change_with_their_events(search: Search) -> None:
    services.rename(search.owner, search.pk, " New  name ")
    services.write_note(search.owner, search.pk, "why")
    services.set_tags(search.owner, search.pk, ["a", "b", "a"])
    search.refresh_from_db()
    assert (search.name, search.note, search.tags) == ("New name", "why", ["a", "b"])
    assert kinds(search)[-3:] == ["search.renamed", "search.noted", "search.tagged"]
