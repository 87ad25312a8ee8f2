"""Deleting a checkpoint: refused while something needs it, with the reason."""

from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from pytest_django import DjangoCaptureOnCommitCallbacks

from tests.webapp.checkpoints.making import make
from tests.webapp.conftest import browser
from tests.webapp.searches.conftest import Launch
from webapp.accounts.models import User
from webapp.checkpoints import services
from webapp.checkpoints.models import Checkpoint, Export, Origin
from webapp.errors import ProductError
from webapp.searches import retention
from webapp.searches.models import Search
from webapp.state import State

pytestmark = pytest.mark.django_db


def end(search: Search, state: State = State.COMPLETED) -> None:
    Search.objects.filter(pk=search.pk).update(state=state)


def refusal(user: User, checkpoint: Checkpoint) -> str:
    with pytest.raises(ProductError) as refused:
        services.delete(user, checkpoint.pk)
    assert refused.value.code == "conflict"
    return refused.value.message


def test_it_goes_with_its_files_and_exports(
    alice: User,
    search: Search,
    grown: Checkpoint,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    end(search)
    Export.objects.create(checkpoint=grown, kind="onnx", state=State.COMPLETED)
    name = default_storage.save(f"{grown.folder}/exports/onnx-1/network.onnx", ContentFile(b"x"))
    with django_capture_on_commit_callbacks(execute=True):
        services.delete(alice, grown.pk)
    assert not Checkpoint.objects.exists() and not Export.objects.exists()
    assert not default_storage.exists(name)
    assert not default_storage.exists(grown.folder)


@pytest.mark.django_db(transaction=True)
def test_nothing_can_come_to_need_it_while_it_goes(
    alice: User, search: Search, grown: Checkpoint
) -> None:
    """PostgreSQL refuses to lock the row outside of a transaction; SQLite locks nothing there."""
    end(search)
    inside: list[bool] = []

    def note(execute: Any, sql: str, *more: Any) -> Any:
        if "checkpoints_" in sql:
            inside.append(connection.in_atomic_block)
        return execute(sql, *more)

    with connection.execute_wrapper(note):
        services.delete(alice, grown.pk)
    assert inside and all(inside)


def test_a_running_searchs_trial_stays(alice: User, search: Search, grown: Checkpoint) -> None:
    end(search, State.RUNNING)
    assert "“Digits” is running; stop or cancel it first" in refusal(alice, grown)


@pytest.mark.parametrize("state", [State.PAUSED, State.COMPLETED])
def test_a_start_network_stays_while_its_search_may_go_on(
    state: State, alice: User, search: Search, start: Checkpoint
) -> None:
    end(search, state)
    assert "grows its networks from it; delete the search first" in refusal(alice, start)


def test_a_parent_stays_while_its_search_may_be_extended(
    alice: User, search: Search, grown: Checkpoint
) -> None:
    end(search, State.COMPLETED)
    search.config |= {"strategy": "grow", "strategy_settings": {}}
    search.save(update_fields=["config"])
    assert "grows its networks from it; delete the search first" in refusal(alice, grown)
    end(search, State.CANCELLED)
    services.delete(alice, grown.pk)


def test_a_cancelled_searchs_start_network_may_go(
    alice: User, search: Search, start: Checkpoint
) -> None:
    end(search, State.CANCELLED)
    services.delete(alice, start.pk)
    assert not Checkpoint.objects.exists()


def test_what_another_search_is_about_to_start_from_stays(
    alice: User, launch: Launch, search: Search, start: Checkpoint
) -> None:
    end(search, State.CANCELLED)
    other = launch()
    Search.objects.filter(pk=other.pk).update(name="Pears", start_checkpoint=start)
    assert "“Pears” is about to start from it" in refusal(alice, start)
    end(other, State.CANCELLED)
    services.delete(alice, start.pk)


def test_it_stays_while_an_export_is_being_built(
    alice: User, search: Search, grown: Checkpoint
) -> None:
    end(search)
    Export.objects.create(checkpoint=grown, kind="onnx", state=State.RUNNING)
    assert "its export as onnx is being built; cancel that first" in refusal(alice, grown)


@pytest.mark.parametrize(("weights", "stays"), [("grown", True), ("scratch", False)])
def test_what_a_final_training_grows_from_stays(
    weights: str, stays: bool, alice: User, search: Search, grown: Checkpoint
) -> None:
    end(search)
    search.config["keep"] = 0
    search.trainings.create(
        purpose="final",
        trial=grown.trial,
        name="Large",
        config={"weights": weights},
        epochs=1,
        parameters=1,
        multiply_adds=1,
    )
    assert bool(services.users_of(Checkpoint.objects.get(pk=grown.pk))) is stays
    retention.apply(search, ())
    assert search.checkpoints.exists() is stays


def test_a_final_network_may_go_at_any_time(alice: User, search: Search) -> None:
    services.delete(alice, make(search, Origin.FINAL).pk)
    assert not Checkpoint.objects.exists()


def test_the_page_says_why_it_cannot(alice: User, search: Search, start: Checkpoint) -> None:
    client = browser(alice)
    assert "grows its networks from it" in client.get(f"/checkpoints/{start.pk}/").content.decode()
    answer = client.post(f"/checkpoints/{start.pk}/delete/", follow=True)
    assert answer.redirect_chain[-1][0] == f"/checkpoints/{start.pk}/"
    assert "cannot be deleted" in answer.content.decode()
