"""Latency and memory of a checkpoint: asked for, measured by the task that workers run, shown."""

from datetime import timedelta

import pytest
import torch
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from search_engine.latency import device_name
from tests.webapp.searches.driving import browser
from webapp import stopping
from webapp.accounts.models import User
from webapp.checkpoints.models import Checkpoint
from webapp.exports import lifecycle, recovery, tasks
from webapp.exports.models import Measurement
from webapp.state import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(alice: User) -> Client:
    return browser(alice)


@pytest.fixture
def address(brought: Checkpoint) -> str:
    return f"/api/v1/checkpoints/{brought.pk}/measurement/"


def test_it_is_measured_where_the_worker_trains_and_shown_everywhere(
    client: Client, address: str, brought: Checkpoint
) -> None:
    before = client.get(address).json()
    assert (before["state"], before["latency_1"], before["measured_on"]) == (None, None, None)
    asked = client.post(address)
    assert (asked.status_code, asked.json()["state"]) == (202, "queued")
    tasks.measure_checkpoint(Measurement.objects.get().pk)

    found = client.get(address).json()
    assert (found["state"], found["failure"]) == ("completed", "")
    assert 0 < found["latency_1"] < found["latency_64"] and found["memory"] > 0
    assert found["measured_on"] == device_name(torch.device("cpu"))
    listed = client.get("/api/v1/checkpoints/").json()["results"][0]
    names = ("latency_1", "latency_64", "memory", "measured_on")
    assert {name: listed[name] for name in names} == {name: found[name] for name in names}
    for page in ("/checkpoints/", f"/checkpoints/{brought.pk}/"):
        shown = client.get(page).content.decode()
        assert found["measured_on"] in shown and "<small>MiB</small>" in shown


def test_who_asks_twice_is_measured_once_and_later_anew(
    client: Client, address: str, brought: Checkpoint
) -> None:
    for _ in range(2):
        client.post(address)
    measurement = Measurement.objects.get()
    token = lifecycle.MEASUREMENTS.claimed(measurement.pk, "worker")
    assert token is not None and lifecycle.MEASUREMENTS.claimed(measurement.pk, "other") is None
    assert lifecycle.measurement_completed(measurement.pk, token, {"measured_on": ""})
    assert client.post(address).json()["state"] == "queued"


def test_a_damaged_checkpoint_fails_with_the_reason(
    client: Client, address: str, measurement: Measurement
) -> None:
    weights = f"{measurement.checkpoint.folder}/weights.safetensors"
    default_storage.delete(weights)
    with default_storage.open(weights, "wb") as file:
        file.write(b"torn")
    tasks.measure_checkpoint(measurement.pk)
    found = client.get(address).json()
    assert found["state"] == "failed" and "SHA-256" in found["failure"]
    assert found["latency_1"] is None


def test_a_late_result_changes_nothing(measurement: Measurement) -> None:
    old = lifecycle.MEASUREMENTS.claimed(measurement.pk, "lost")
    assert old is not None
    past = timezone.now() - timedelta(seconds=1)
    Measurement.objects.update(lease_until=past)
    recovery.recover()
    measurement.refresh_from_db()
    assert (measurement.state, measurement.losses) == (State.QUEUED, 1)
    columns = {"latency_1": 1.0, "latency_64": 2.0, "memory": 3, "measured_on": "lost"}
    assert not lifecycle.measurement_completed(measurement.pk, old, columns)
    assert Checkpoint.objects.get(pk=measurement.checkpoint_id).measured_on == ""


def test_a_message_that_got_lost_is_sent_again(
    measurement: Measurement, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[str, int]] = []
    monkeypatch.setattr(recovery, "send", lambda task, pk: sent.append((str(task), pk)))
    Measurement.objects.update(sent_at=timezone.now() - timedelta(minutes=1))
    recovery.recover()
    recovery.recover()
    assert sent == [("exports.measure_checkpoint", measurement.pk)]


def test_a_stopping_worker_leaves_it_to_another(measurement: Measurement) -> None:
    stopping.request()
    try:
        tasks.measure_checkpoint(measurement.pk)
    finally:
        stopping._asked.clear()
    measurement.refresh_from_db()
    assert (measurement.state, measurement.attempt) == (State.QUEUED, 0)


def test_a_checkpoint_that_is_deleted_takes_it_along(
    client: Client, measurement: Measurement
) -> None:
    gone = client.delete(f"/api/v1/checkpoints/{measurement.checkpoint_id}/")
    assert gone.status_code == 204 and not Measurement.objects.exists()
    tasks.measure_checkpoint(measurement.pk)
