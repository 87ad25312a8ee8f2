"""What Prometheus reads is what happened, of all processes; and the board asks for nothing else."""

# mypy: disable-error-code="no-untyped-call"
# (asgiref's test communicator has no annotations)

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from tests.webapp.live.sockets import opened
from tests.webapp.searches.conftest import launch, own_files, search
from tests.webapp.searches.driving import work
from webapp.accounts.models import User
from webapp.asgi import application
from webapp.counts import counting
from webapp.counts.instruments import EPOCHS, REQUESTS
from webapp.counts.models import Counts
from webapp.searches.models import Search
from webapp.trainings.kinds import TRAINING
from webapp.trainings.models import Training
from webapp.workers.models import Worker

__all__ = ["launch", "own_files", "search"]

ROOT = Path(__file__).parents[3]
TOKEN = "a-token-for-prometheus"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
SELECTOR = re.compile(r"(espalier_\w+)(?:\{([^}]*)\})?")
CONDITION = re.compile(r'(\w+)="([^"]*)"')


@pytest.fixture(autouse=True)
def nothing_counted() -> None:
    """What earlier tests in this process have counted is theirs."""
    counting._begin_anew()


async def get(path: str, **headers: str) -> tuple[int, dict[str, str], str]:
    """Through the whole ASGI application: status, headers and body."""
    sent = {"host": "localhost", **headers}
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in sent.items()],
    }
    asked = ApplicationCommunicator(application, scope)
    await asked.send_input({"type": "http.request"})
    head = await asked.receive_output(timeout=20)
    body, more = b"", True
    while more:
        part = await asked.receive_output(timeout=20)
        body, more = body + part.get("body", b""), part.get("more_body", False)
    await asked.wait(timeout=5)
    found = {name.decode().lower(): value.decode() for name, value in head["headers"]}
    return head["status"], found, body.decode()


def samples(text: str) -> list[Sample]:
    return [one for family in text_string_to_metric_families(text) for one in family.samples]


def value(found: list[Sample], name: str, **labels: str) -> float:
    return sum(
        one.value for one in found if one.name == name and labels.items() <= one.labels.items()
    )


def lose_a_lease(search: Search) -> None:
    """As when the worker that trains its start network is killed."""
    assert TRAINING.claim(search.start.pk, "doomed") is not None
    past = timezone.now() - timedelta(seconds=1)
    Training.objects.filter(pk=search.start.pk).update(lease_until=past)
    TRAINING.recover()


def give_a_gpu() -> None:
    Worker.objects.create(
        name="gpu0@here",
        host="here",
        queues=["gpu"],
        device="H100",
        is_gpu=True,
        memory_used_bytes=1 << 30,
        memory_total_bytes=80 << 30,
        used_share=0.5,
        temperature_celsius=61.0,
    )


def expressions() -> Iterator[tuple[str, str]]:
    board = json.loads((ROOT / "docs" / "grafana.json").read_text(encoding="utf-8"))
    for panel in board["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]


def unanswered(expression: str, found: list[Sample]) -> list[str]:
    """Parts of an expression for which there is no sample."""
    missing = []
    grouped = set(re.findall(r"\w+", " ".join(re.findall(r"by \(([^)]*)\)", expression))))
    for name, conditions in SELECTOR.findall(expression):
        wanted = dict(CONDITION.findall(conditions))
        ones = [one for one in found if one.name == name and wanted.items() <= one.labels.items()]
        if not ones or not all(grouped <= one.labels.keys() for one in ones):
            missing.append(f"{name}{{{conditions}}} by {sorted(grouped)}")
    return missing


@pytest.mark.django_db(transaction=True)
async def test_a_search_shows_in_the_figures_and_the_board_finds_all_that_it_asks_for(
    search: Search, alice: User, settings: Any
) -> None:
    settings.METRICS_TOKEN = TOKEN
    socket = await opened(alice, f"/ws/searches/{search.pk}/")
    await socket.frame()
    await sync_to_async(lose_a_lease)(search)
    await sync_to_async(work)(search)
    while "completed" not in json.dumps(await socket.frame()):
        pass
    await sync_to_async(give_a_gpu)()
    assert (await get("/nowhere/"))[0] == 404
    status, headers, text = await get("/metrics", **BEARER)
    await socket.disconnect()
    assert status == 200 and headers["content-type"].startswith("text/plain; version=1.0.0")
    found = samples(text)
    assert value(found, "espalier_work_ended_total", kind="trial", outcome="completed") == 3
    assert value(found, "espalier_epochs_total", kind="trial") == 3
    assert value(found, "espalier_epochs_total", kind="training") == 1
    assert value(found, "espalier_leases_lost_total", kind="training") == 1
    assert value(found, "espalier_searches", state="completed") == 1
    assert value(found, "espalier_frame_seconds_count", topic="search") >= 1
    assert value(found, "espalier_request_seconds_count", status="404") == 1
    assert {title: unanswered(asked, found) for title, asked in expressions()} == {
        title: [] for title, _ in expressions()
    }


@pytest.mark.django_db(transaction=True)
async def test_a_web_process_that_falls_idle_has_written_what_it_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written, loop = asyncio.Event(), asyncio.get_running_loop()
    monkeypatch.setattr(counting, "WRITE_SECONDS", 0.01)
    monkeypatch.setattr(counting, "write", lambda: loop.call_soon_threadsafe(written.set))
    monkeypatch.setattr(application, "_next", 0.0)
    await get("/healthz")
    async with asyncio.timeout(5):
        await written.wait()


@pytest.mark.django_db
def test_counts_of_several_processes_add_up_and_stay_when_one_ends(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def epochs() -> float:
        found = samples(admin_client.get("/metrics").content.decode())
        return value(found, "espalier_epochs_total", kind="trial")

    def seconds() -> Mapping[str, float]:
        found = samples(admin_client.get("/metrics").content.decode())
        return {
            one.labels["le"]: one.value
            for one in found
            if one.name == "espalier_request_seconds_bucket" and one.labels["view"] == "home"
        }

    counting.add(EPOCHS, "trial")
    counting.add(REQUESTS, "home", "GET", "200", amount=0.2)
    counting.write()
    counting._begin_anew()  # as in another process
    counting.add(EPOCHS, "trial", amount=2)
    counting.add(REQUESTS, "home", "GET", "200", amount=99.0)
    assert epochs() == 3, "what was not yet written counts, too"
    counting.write()
    assert epochs() == 3
    assert (seconds()["0.1"], seconds()["0.25"], seconds()["30.0"]) == (0, 1, 1)
    assert seconds()["+Inf"] == 2
    long_ago = timezone.now() - timedelta(days=2)
    Counts.objects.update(at=long_ago)
    counting.forget_processes()
    assert list(Counts.objects.values_list("process", flat=True)) == [counting.GONE]
    counting.add(EPOCHS, "trial")  # it was silent, and not gone
    counting.write()
    assert epochs() == 4


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["", TOKEN])
def test_strangers_do_not_read_the_figures(
    token: str, alice_client: Client, anonymous_client: Client, admin_client: Client, settings: Any
) -> None:
    settings.METRICS_TOKEN = token
    for client in (alice_client, anonymous_client):
        for sent in ("", "Bearer ", f"Bearer {TOKEN}x", f"Basic {TOKEN}"):
            assert client.get("/metrics", headers={"Authorization": sent}).status_code == 404
    assert anonymous_client.get("/metrics", headers=BEARER).status_code == (200 if token else 404)
    assert admin_client.get("/metrics").status_code == 200
    assert anonymous_client.post("/metrics", headers=BEARER).status_code == 405
