"""Who may see and do what: the owner, two strangers, an administrator, and nobody."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from django.http import HttpResponse
from django.test import Client

from tests.webapp.datasets import packing
from webapp.accounts.models import User
from webapp.datasets.models import Dataset

Clients = dict[str, Client]


class Place(NamedTuple):
    """An address below a data set, and what an owner gets there."""

    method: str
    path: str
    status: int


PAGES = (
    Place("get", "/datasets/{}/", 200),
    Place("get", "/api/v1/datasets/{}/events/", 200),
    Place("get", "/datasets/{}/thumbnail.png", 200),
    Place("get", "/datasets/{}/samples/0.png", 200),
    # A redirect to its page, which says why it cannot be: it is ready already.
    Place("post", "/datasets/{}/prepare/", 302),
    Place("post", "/datasets/{}/download/", 302),
    Place("post", "/datasets/{}/delete/", 302),
)
ENDPOINTS = (
    Place("get", "/api/v1/datasets/{}/", 200),
    Place("get", "/api/v1/datasets/{}/samples/", 200),
    Place("get", "/api/v1/datasets/{}/samples/0.png", 200),
    Place("post", "/api/v1/datasets/{}/prepare/", 409),
    Place("post", "/api/v1/datasets/{}/download/", 409),
    Place("delete", "/api/v1/datasets/{}/", 204),
)
READING = [place for place in PAGES + ENDPOINTS if place.method == "get"]


@pytest.fixture
def clients(
    alice_client: Client,
    bob_client: Client,
    charlie_client: Client,
    admin_client: Client,
    anonymous_client: Client,
) -> Clients:
    return {
        "alice": alice_client,
        "bob": bob_client,
        "charlie": charlie_client,
        "admin": admin_client,
        "nobody": anonymous_client,
    }


def ask(client: Client, place: Place, dataset: Dataset) -> HttpResponse:
    send: Callable[..., Any] = getattr(client, place.method)
    json = {} if place.method == "get" else {"content_type": "application/json"}
    response: HttpResponse = send(place.path.format(dataset.pk), **json)
    return response


@pytest.mark.parametrize("place", PAGES + ENDPOINTS, ids=lambda place: f"{place[0]} {place[1]}")
def test_every_place_by_who_asks(clients: Clients, leaves: Dataset, place: Place) -> None:
    is_page = not place.path.startswith("/api/")
    for stranger in ("bob", "charlie"):
        assert ask(clients[stranger], place, leaves).status_code == 404, stranger
    nobody = ask(clients["nobody"], place, leaves)
    assert nobody.status_code == (302 if is_page else 401)
    if is_page:
        assert nobody["Location"].startswith("/sign-in/")
    assert Dataset.objects.filter(pk=leaves.pk).exists()
    assert ask(clients["alice"], place, leaves).status_code == place.status


@pytest.mark.parametrize("place", PAGES + ENDPOINTS, ids=lambda place: f"{place[0]} {place[1]}")
def test_an_administrator_sees_all(clients: Clients, leaves: Dataset, place: Place) -> None:
    assert ask(clients["admin"], place, leaves).status_code == place.status


@pytest.mark.parametrize("who", ["alice", "bob", "charlie", "admin"])
def test_published_data_sets_are_everybodys(clients: Clients, digits: Dataset, who: str) -> None:
    assert clients[who].get(f"/datasets/{digits.pk}/").status_code == 200
    assert clients[who].get(f"/api/v1/datasets/{digits.pk}/").status_code == 200


@pytest.mark.parametrize("who", ["alice", "admin"])
def test_published_data_sets_are_nobodys_to_delete(
    clients: Clients, digits: Dataset, who: str
) -> None:
    assert clients[who].delete(f"/api/v1/datasets/{digits.pk}/").status_code == 403
    clients[who].post(f"/datasets/{digits.pk}/delete/")
    assert Dataset.objects.filter(pk=digits.pk).exists()


@pytest.mark.parametrize(("who", "sees"), [("alice", 2), ("bob", 1), ("charlie", 1), ("admin", 2)])
def test_lists_hold_what_one_may_see(
    clients: Clients, leaves: Dataset, digits: Dataset, who: str, sees: int
) -> None:
    assert clients[who].get("/api/v1/datasets/").json()["count"] == sees
    page = clients[who].get("/datasets/").content.decode()
    assert (f"/datasets/{leaves.pk}/" in page) == (sees == 2)
    assert f"/datasets/{digits.pk}/" in page


@pytest.mark.parametrize("path", ["/datasets/", "/datasets/upload/"])
def test_nobody_is_asked_to_sign_in(anonymous_client: Client, path: str) -> None:
    assert anonymous_client.get(path)["Location"] == f"/sign-in/?next={path}"


@pytest.mark.parametrize("path", ["/datasets/upload/", "/api/v1/datasets/"])
def test_nobody_uploads_anything(anonymous_client: Client, path: str) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    file = SimpleUploadedFile("a.zip", packing.packed(packing.good()))
    assert anonymous_client.post(path, {"file": file}).status_code in (302, 401)
    assert not Dataset.objects.exists()


def test_samples_are_kept_by_the_readers_own_browser_only(
    alice_client: Client, leaves: Dataset
) -> None:
    response = alice_client.get(f"/datasets/{leaves.pk}/samples/1.png")
    assert response["Content-Type"] == "image/png"
    assert "private" in response["Cache-Control"]


def test_there_are_no_samples_of_a_class_that_is_not(alice_client: Client, leaves: Dataset) -> None:
    assert alice_client.get(f"/datasets/{leaves.pk}/samples/2.png").status_code == 404


def test_queries_do_not_grow_with_the_list(
    alice: User, alice_client: Client, django_assert_max_num_queries: Any
) -> None:
    for index in range(30):
        Dataset.objects.create(owner=alice, name=f"set {index}", engine_name=f"set-{index}")
    with django_assert_max_num_queries(8):
        alice_client.get("/datasets/")
    with django_assert_max_num_queries(8):
        alice_client.get("/api/v1/datasets/")
