"""Who may see and do what: Alice owns, Bob was given a look, Charlie is a stranger, or nobody."""

from typing import Any

import pytest
from django.test import Client

from tests.webapp.conftest import browser
from tests.webapp.searches.driving import work
from webapp.accounts.models import User
from webapp.live import log
from webapp.searches import services
from webapp.searches.models import Search, Share

pytestmark = pytest.mark.django_db

LOOK = (
    "/api/v1/searches/{id}/",
    "/api/v1/searches/{id}/live/",
    "/api/v1/searches/{id}/events/",
    "/api/v1/searches/{id}/trials/",
    "/api/v1/searches/{id}/report/",
    "/api/v1/searches/{id}/trials.csv",
    "/api/v1/searches/{id}/trials.json",
    "/api/v1/searches/{id}/trials/1/",
    "/api/v1/searches/{id}/trials/1/download/",
    "/api/v1/searches/{id}/download/",
)
CHANGE = (
    ("post", "/api/v1/searches/{id}/pause/", None),
    ("post", "/api/v1/searches/{id}/resume/", None),
    ("post", "/api/v1/searches/{id}/stop/", None),
    ("post", "/api/v1/searches/{id}/cancel/", None),
    ("post", "/api/v1/searches/{id}/extend/", {"max_trials": 9}),
    ("post", "/api/v1/searches/{id}/shares/", {"username": "charlie"}),
    ("delete", "/api/v1/searches/{id}/shares/?username=bob", None),
    ("get", "/api/v1/searches/{id}/shares/", None),
    ("patch", "/api/v1/searches/{id}/", {"name": "Mine"}),
    ("delete", "/api/v1/searches/{id}/", None),
    ("post", "/api/v1/searches/{id}/trials/1/pin/", None),
    ("delete", "/api/v1/searches/{id}/trials/1/pin/", None),
    ("post", "/api/v1/searches/{id}/trials/1/retry/", None),
)
PAGES = ("/searches/{id}/", "/searches/{id}/report/", "/searches/{id}/trials/1/")


@pytest.fixture
def tried(search: Search) -> Search:
    """Alice's search, one trial of which has ended."""
    work(search, trials=1)
    return search


def codes(addresses: tuple[str, ...], client: Client, search: Search) -> set[int]:
    return {client.get(address.format(id=search.pk)).status_code for address in addresses}


def test_owner_and_guest_see_everything_stranger_and_nobody_nothing(
    tried: Search, alice: User, bob: User, charlie: User
) -> None:
    found = [codes(LOOK, browser(user), tried) for user in (alice, bob, charlie, None)]
    assert found == [{200}, {200}, {404}, {401}]


def test_pages_are_for_owner_and_guest_only(
    tried: Search, alice: User, bob: User, charlie: User
) -> None:
    found = [codes(PAGES, browser(user), tried) for user in (alice, bob, charlie, None)]
    assert found == [{200}, {200}, {404}, {302}]


@pytest.mark.parametrize(
    ("name", "code"),
    [("bob", 403), ("charlie", 404), (None, 401)],
    ids=["bob", "charlie", "nobody"],
)
def test_only_the_owner_may_change(
    name: str | None, code: int, tried: Search, bob: User, charlie: User
) -> None:
    before, client = (
        log.last_sequence(tried.topic),
        browser({"bob": bob, "charlie": charlie, None: None}[name]),
    )
    refused: dict[str, Any] = {}
    for method, address, body in CHANGE:
        answer = getattr(client, method)(
            address.format(id=tried.pk), body, content_type="application/json"
        )
        refused[f"{method} {address}"] = answer.status_code, set(answer.json())
    assert refused == dict.fromkeys(refused, (code, {"message", "code", "fields"}))
    tried.refresh_from_db()
    assert (tried.name, log.last_sequence(tried.topic)) == ("Digits", before)


def test_lists_hold_what_is_ones_own_or_shared(
    tried: Search, alice: User, bob: User, charlie: User
) -> None:
    for address in ("/api/v1/searches/", "/api/v1/checkpoints/"):
        counts = [browser(user).get(address).json()["count"] > 0 for user in (alice, bob, charlie)]
        assert counts == [True, True, False]


def test_a_share_taken_back_ends_the_look(tried: Search, bob: User) -> None:
    services.unshare(tried.owner, tried.pk, "bob")
    assert codes(LOOK, browser(bob), tried) == {404}
    assert not Share.objects.exists()


def test_a_search_cannot_be_cloned_or_started_from_what_one_may_not_see(
    tried: Search, charlie: User
) -> None:
    client = browser(charlie)
    start = tried.checkpoints.get(origin="start").pk
    for extra in ({"parent": tried.pk}, {"start_checkpoint": start}):
        answer = client.post(
            "/api/v1/searches/", {"name": "A", **extra}, content_type="application/json"
        )
        assert answer.status_code == 404


def test_a_guest_is_told_that_nothing_can_be_done(tried: Search, bob: User) -> None:
    can = browser(bob).get(f"/api/v1/searches/{tried.pk}/").json()["can"]
    assert can == {
        "pause": False,
        "resume": False,
        "stop": False,
        "cancel": False,
        "download": True,
        "edit": False,
        "delete": False,
        "extend": False,
    }
