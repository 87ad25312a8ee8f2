"""Who may see and do what: Alice owns, Bob was given a look, Charlie is a stranger, or nobody."""

from typing import Any

import pytest
from django.test import Client

from tests.webapp.conftest import browser
from tests.webapp.trainings.conftest import Train
from tests.webapp.trainings.driving import train
from webapp.accounts.models import User
from webapp.searches import services as search_services
from webapp.searches.models import Trial
from webapp.trainings.documents import Compare
from webapp.trainings.models import Training

pytestmark = pytest.mark.django_db

LOOK = ("/api/v1/final-trainings/{id}/", "/api/v1/final-trainings/{id}/live/")
PAGES = ("/final-trainings/{id}/",)
CHANGE = (
    ("post", "/api/v1/final-trainings/{id}/pause/", None),
    ("post", "/api/v1/final-trainings/{id}/resume/", None),
    ("post", "/api/v1/final-trainings/{id}/cancel/", None),
    ("patch", "/api/v1/final-trainings/{id}/", {"name": "Mine"}),
    ("delete", "/api/v1/final-trainings/{id}/", None),
    ("post", "/api/v1/final-trainings/", {"search": "{search}", "trial": 1}),
)
PAGES_TO_CHANGE = (
    ("get", "/searches/{search}/trials/1/final/new/"),
    ("post", "/searches/{search}/trials/1/final/new/"),
    ("post", "/searches/{search}/trials/1/final/check/"),
    ("post", "/final-trainings/{id}/pause/"),
    ("post", "/final-trainings/{id}/cancel/"),
    ("post", "/final-trainings/{id}/delete/"),
)


@pytest.fixture
def training(trial: Trial, train_fully: Train) -> Training:
    """Alice's, with the start network's beside it."""
    return train_fully(trial, Compare.SAME_SETTINGS)


def codes(addresses: tuple[str, ...], client: Client, training: Training) -> set[int]:
    return {client.get(address.format(id=training.pk)).status_code for address in addresses}


def test_owner_and_guest_see_everything_stranger_and_nobody_nothing(
    training: Training, alice: User, bob: User, charlie: User
) -> None:
    users = (alice, bob, charlie, None)
    assert [codes(LOOK, browser(user), training) for user in users] == [{200}, {200}, {404}, {401}]
    assert [codes(PAGES, browser(user), training) for user in users] == [{200}, {200}, {404}, {302}]


@pytest.mark.parametrize(("method", "address", "body"), CHANGE)
def test_only_the_owner_may_change(
    method: str, address: str, body: Any, training: Training, bob: User, charlie: User
) -> None:
    if body and "search" in body:
        body = {**body, "search": training.search_id}
    for user, code in ((bob, 403), (charlie, 404), (None, 401)):
        send = getattr(browser(user), method)
        answer = send(address.format(id=training.pk), body, content_type="application/json")
        assert (answer.status_code, set(answer.json())) == (code, {"message", "code", "fields"})
    training.refresh_from_db()
    assert (training.state, training.requested) == ("queued", "")
    assert Training.objects.exclude(purpose="start").count() == 2


@pytest.mark.parametrize(("method", "address"), PAGES_TO_CHANGE)
def test_only_the_owner_may_use_the_pages_that_change(
    method: str, address: str, training: Training, bob: User, charlie: User
) -> None:
    place = address.format(id=training.pk, search=training.search_id)
    found = [getattr(browser(user), method)(place).status_code for user in (bob, charlie, None)]
    assert found == [403, 404, 302]
    final = Training.objects.exclude(purpose="start")
    assert final.filter(state="queued", requested="").count() == 2


def test_lists_hold_what_is_ones_own_or_shared(
    training: Training, alice: User, bob: User, charlie: User
) -> None:
    users = (alice, bob, charlie)
    counts = [browser(u).get("/api/v1/final-trainings/").json()["count"] for u in users]
    assert counts == [2, 2, 0]
    shown = [training.name in browser(u).get("/final-trainings/").content.decode() for u in users]
    assert shown == [True, True, False]


def test_a_share_taken_back_ends_the_look(training: Training, bob: User) -> None:
    search_services.unshare(training.search.owner, training.search_id, "bob")
    assert codes((*LOOK, *PAGES), browser(bob), training) == {404}


def test_a_guest_is_told_that_nothing_can_be_done(training: Training, bob: User) -> None:
    can = browser(bob).get(f"/api/v1/final-trainings/{training.pk}/").json()["can"]
    assert set(can.values()) == {False}


def test_the_checkpoint_is_for_owner_and_guest(
    training: Training, alice: User, bob: User, charlie: User
) -> None:
    other = training.compared_with
    assert other is not None
    kept = train(other).checkpoint_id
    place = f"/api/v1/checkpoints/{kept}/download/"
    found = [browser(user).get(place).status_code for user in (alice, bob, charlie, None)]
    assert found == [200, 200, 404, 401]
