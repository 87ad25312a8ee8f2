"""The page and the API of workers: who is there, at what, and what of it a reader may see."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from webapp.final_trainings.models import FinalTraining
from webapp.searches.models import Search, Trial
from webapp.state import State
from webapp.workers.models import OFFLINE_AFTER, Worker

pytestmark = pytest.mark.django_db

GIB = 2**30
WORKERS = "/api/v1/workers/"


def make_worker(name: str = "gpu0@lab", **changes: Any) -> Worker:
    values = {"host": "lab", "queues": ["gpu"], "device": "NVIDIA H100", "is_gpu": True}
    return Worker.objects.create(name=name, **{**values, **changes})


def make_trial(search: Search, number: int = 1, **changes: Any) -> Trial:
    values = {"seed": 0, "proposal": {}, "notation": "[G3x3]", "cell": {}, "transformations": []}
    return Trial.objects.create(search=search, number=number, **{**values, **changes})


def at_work(search: Search, worker: str = "gpu0@lab") -> Trial:
    lease = timezone.now() + timedelta(seconds=20)
    return make_trial(search, state=State.RUNNING, worker=worker, lease_until=lease)


def listed(client: Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(WORKERS).json()["results"]
    return found


def test_a_worker_is_listed_with_its_device(alice_client: Client) -> None:
    make_worker(memory_used_bytes=GIB, memory_total_bytes=80 * GIB, temperature_celsius=51)
    (found,) = listed(alice_client)
    assert (found["name"], found["device"], found["online"]) == ("gpu0@lab", "NVIDIA H100", True)
    assert (found["memory_used_bytes"], found["temperature_celsius"]) == (GIB, 51)
    assert found["work"] is None
    assert found["heartbeat_age_seconds"] < 20


def test_a_silent_worker_is_offline_and_at_nothing(alice_client: Client, search: Search) -> None:
    make_worker(heartbeat_at=timezone.now() - OFFLINE_AFTER)
    at_work(search)
    (found,) = listed(alice_client)
    assert (found["online"], found["work"]) == (False, None)


@pytest.mark.parametrize("reader", ["alice_client", "bob_client"])
def test_who_may_see_the_search_sees_what_the_worker_is_at(
    reader: str, search: Search, request: pytest.FixtureRequest
) -> None:
    make_worker()
    at_work(search)
    (found,) = listed(request.getfixturevalue(reader))
    assert found["work"] == {
        "text": f"Trial 1 of {search.name}",
        "url": f"/searches/{search.pk}/trials/1/",
    }


def test_a_stranger_sees_that_it_is_busy_and_no_more(
    charlie_client: Client, search: Search
) -> None:
    make_worker()
    at_work(search)
    assert listed(charlie_client)[0]["work"] == {"text": "busy", "url": ""}
    assert search.name not in charlie_client.get("/workers/").content.decode()


def test_the_start_network_and_final_trainings_are_work_too(
    alice_client: Client, search: Search
) -> None:
    lease = timezone.now() + timedelta(seconds=20)
    Search.objects.filter(pk=search.pk).update(start_worker="a@lab", start_lease_until=lease)
    FinalTraining.objects.create(
        search=search,
        name="Grown for 300 epochs",
        config={},
        epochs=300,
        parameters=1,
        multiply_adds=1,
        worker="b@lab",
        state=State.RUNNING,
        lease_until=lease,
    )
    for name in ("a@lab", "b@lab"):
        make_worker(name)
    texts = [worker["work"]["text"] for worker in listed(alice_client)]
    assert texts == [f"Start network of {search.name}", "Grown for 300 epochs"]


def test_nobody_is_asked_to_sign_in(client: Client, db: None) -> None:
    assert client.get("/workers/").status_code == 302
    assert client.get(WORKERS).status_code in (401, 403)


def test_the_page_has_its_link_and_its_state(alice_client: Client) -> None:
    make_worker()
    page = alice_client.get("/workers/")
    assert '<a href="/workers/" aria-current="page">Workers</a>' in page.content.decode()
    assert [worker["name"] for worker in page.context["page_state"]["workers"]] == ["gpu0@lab"]


@pytest.mark.parametrize("count", [1, 30])
def test_queries_do_not_grow_with_the_workers(
    count: int,
    alice_client: Client,
    search: Search,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(count):
        make_worker(f"gpu{number}@lab")
        make_trial(search, number + 1, state=State.RUNNING, worker=f"gpu{number}@lab")
    with django_assert_max_num_queries(8):
        assert alice_client.get(WORKERS).status_code == 200


def waiting(client: Client, search: Search) -> dict[str, Any]:
    return dict(client.get(f"/api/v1/searches/{search.pk}/waiting/").json())


def test_a_search_waits_for_a_worker_that_trains(alice_client: Client, search: Search) -> None:
    make_worker("cpu@lab", queues=["cpu"])
    assert waiting(alice_client, search) == {"workers_online": 0, "ahead": 0}
    make_worker()
    assert waiting(alice_client, search) == {"workers_online": 1, "ahead": 0}


def test_what_waits_longer_is_ahead(alice_client: Client, launch: Any, search: Search) -> None:
    other = launch(seed=2)
    assert waiting(alice_client, other)["ahead"] == 1
    Search.objects.filter(pk=search.pk).update(
        state=State.RUNNING, start_completed_at=timezone.now()
    )
    for number in (1, 2):
        make_trial(search, number, created_at=search.created_at)
    assert waiting(alice_client, other)["ahead"] == 2


def test_a_stranger_is_not_told_what_a_search_waits_for(
    charlie_client: Client, search: Search
) -> None:
    assert charlie_client.get(f"/api/v1/searches/{search.pk}/waiting/").status_code == 404
