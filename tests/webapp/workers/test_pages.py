"""The page and the API of workers: who is there, at what, and what of it a reader may see."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from webapp.accounts.models import User
from webapp.adopted.kinds import ADOPTION
from webapp.adopted.models import AdoptedNetwork
from webapp.checkpoints.kinds import EXPORT, MEASUREMENT
from webapp.checkpoints.models import Checkpoint, Export, Measurement, Origin
from webapp.datasets.kinds import PREPARATION
from webapp.datasets.models import Dataset
from webapp.searches.models import Search, Trial
from webapp.state import State
from webapp.trainings.kinds import TRAINING
from webapp.trainings.models import Training
from webapp.work.fairness import somebody_waits
from webapp.work.kind import Kind
from webapp.work.models import Work
from webapp.workers.models import OFFLINE_AFTER, Worker

pytestmark = pytest.mark.django_db

GIB = 2**30
WORKERS = "/api/v1/workers/"


def make_worker(name: str = "gpu0@lab", **changes: Any) -> Worker:
    values = {"host": "lab", "queues": ["gpu"], "device": "NVIDIA H100", "is_gpu": True}
    return Worker.objects.create(name=name, **{**values, **changes})


def make_trial(search: Search, number: int = 1, **changes: Any) -> Trial:
    values = {"seed": 0, "proposal": {}, "notation": "[G3x3]", "cell": {}}
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
    Training.objects.filter(search=search).update(worker="a@lab", lease_until=lease)
    Training.objects.create(
        search=search,
        purpose="final",
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


def start_checkpoint(search: Search) -> Checkpoint:
    return Checkpoint.objects.create(
        owner=search.owner,
        origin=Origin.START,
        search=search,
        folder="start",
        bytes=1,
        parameters=1,
        multiply_adds=1,
    )


def test_whatever_a_worker_does_is_shown_and_only_to_whom_it_belongs(
    alice: User, alice_client: Client, charlie_client: Client, search: Search, digits: Dataset
) -> None:
    checkpoint = start_checkpoint(search)
    network = AdoptedNetwork(owner=alice, name="Plum", source="program", dataset=digits)
    leaves = Dataset(owner=alice, name="Leaves", engine_name="leaves", state=State.QUEUED)
    rows: dict[Kind[Any], Work] = {
        EXPORT: Export(checkpoint=checkpoint, kind="onnx"),
        MEASUREMENT: Measurement(checkpoint=checkpoint),
        ADOPTION: network,
        PREPARATION: leaves,
    }
    for number, (kind, row) in enumerate(rows.items()):
        make_worker(f"w{number}@lab")
        kind.add(row)
        kind.claim(row.pk, f"w{number}@lab")
    title = checkpoint.title
    assert [worker["work"] for worker in listed(alice_client)] == [
        {"text": f"ONNX of {title}", "url": f"/checkpoints/{checkpoint.pk}/"},
        {"text": f"Measuring {title}", "url": f"/checkpoints/{checkpoint.pk}/"},
        {"text": "Reading Plum", "url": f"/start-networks/{network.pk}/"},
        {"text": "Preparing Leaves", "url": f"/datasets/{leaves.pk}/"},
    ]
    assert {worker["work"]["text"] for worker in listed(charlie_client)} == {"busy"}


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
    with django_assert_max_num_queries(12):
        assert alice_client.get(WORKERS).status_code == 200


def waiting(client: Client, search: Search) -> dict[str, Any]:
    return dict(client.get(f"/api/v1/searches/{search.pk}/waiting/").json())


def test_a_search_waits_for_a_worker_that_trains(alice_client: Client, search: Search) -> None:
    make_worker("cpu@lab", queues=["cpu"])
    assert waiting(alice_client, search) == {"workers_online": 0, "ahead": 0}
    make_worker()
    assert waiting(alice_client, search) == {"workers_online": 1, "ahead": 0}


def test_what_is_taken_before_is_ahead(alice_client: Client, launch: Any, search: Search) -> None:
    other = launch(seed=2)
    assert waiting(alice_client, other)["ahead"] == 1
    Search.objects.filter(pk=search.pk).update(state=State.RUNNING, classes=10)
    Training.objects.filter(search=search).update(state=State.COMPLETED)
    for number in (1, 2):
        make_trial(search, number, created_at=search.created_at)
    assert waiting(alice_client, other)["ahead"] == 1, "searches take turns"


def test_final_trainings_exports_and_measurements_have_their_turns_too(
    alice_client: Client, launch: Any, search: Search
) -> None:
    final_training(search)
    checkpoint = start_checkpoint(search)
    EXPORT.add(Export(checkpoint=checkpoint, kind="onnx"))
    MEASUREMENT.add(Measurement(checkpoint=checkpoint))
    assert waiting(alice_client, launch(seed=2))["ahead"] == 2
    assert waiting(alice_client, search)["ahead"] == 0


def test_a_long_training_makes_way_for_a_measurement(search: Search) -> None:
    training = final_training(search)
    assert not somebody_waits(TRAINING, training.pk)
    MEASUREMENT.add(Measurement(checkpoint=start_checkpoint(search)))
    Measurement.objects.update(sent_at=timezone.now() - timedelta(seconds=10))
    assert somebody_waits(TRAINING, training.pk)


def final_training(search: Search) -> Training:
    return Training.objects.create(
        search=search,
        purpose="final",
        name="Long",
        config={},
        epochs=300,
        parameters=1,
        multiply_adds=1,
    )


def test_a_stranger_is_not_told_what_a_search_waits_for(
    charlie_client: Client, search: Search
) -> None:
    assert charlie_client.get(f"/api/v1/searches/{search.pk}/waiting/").status_code == 404
