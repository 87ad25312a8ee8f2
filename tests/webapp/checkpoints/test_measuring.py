"""Latency and memory of a checkpoint: asked for, measured by the task that workers run, shown."""

import pytest
import torch
from django.core.files.storage import default_storage
from django.test import Client

from search_engine.cost_measurement import device_name
from webapp.checkpoints.kinds import MEASUREMENT
from webapp.checkpoints.models import Checkpoint, Measurement
from webapp.checkpoints.topics import CHECKPOINT
from webapp.live import log
from webapp.work import runner

pytestmark = pytest.mark.django_db


@pytest.fixture
def address(brought: Checkpoint) -> str:
    return f"/api/v1/checkpoints/{brought.pk}/measurement/"


def measure(measurement: Measurement) -> None:
    """As the task that workers run."""
    runner.run(MEASUREMENT.name, measurement.pk, "worker")


def test_it_is_measured_where_the_worker_trains_and_shown_everywhere(
    client: Client, address: str, brought: Checkpoint
) -> None:
    before = client.get(address).json()
    assert (before["state"], before["latency_1"], before["measured_on"]) == (None, None, None)
    asked = client.post(address)
    assert (asked.status_code, asked.json()["state"]) == (202, "queued")
    measure(Measurement.objects.get())

    steps = log.events(CHECKPOINT.topic(brought.pk)).filter(kind="measurement.progress")
    notes = ["Memory", "Batches of 1", "Batches of 64"]
    assert [one.payload["note"] for one in steps] == notes
    found = client.get(address).json()
    assert (found["state"], found["failure"], found["progress_note"]) == ("completed", "", "")
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
    token = MEASUREMENT.claim(measurement.pk, "worker")
    assert token is not None and MEASUREMENT.claim(measurement.pk, "other") is None
    MEASUREMENT.progressed(measurement.pk, token, {"share": 0.1, "note": "Batches of 1"})
    assert client.get(address).json()["progress_note"] == "Batches of 1"
    assert MEASUREMENT.complete(measurement.pk, token)
    assert client.post(address).json()["state"] == "queued"


def test_a_damaged_checkpoint_fails_with_the_reason(
    client: Client, address: str, measurement: Measurement
) -> None:
    weights = f"{measurement.checkpoint.folder}/weights.safetensors"
    default_storage.delete(weights)
    with default_storage.open(weights, "wb") as file:
        file.write(b"torn")
    measure(measurement)
    found = client.get(address).json()
    assert found["state"] == "failed" and "SHA-256" in found["failure"]
    assert found["latency_1"] is None


def test_a_checkpoint_that_is_deleted_takes_it_along(
    client: Client, measurement: Measurement
) -> None:
    gone = client.delete(f"/api/v1/checkpoints/{measurement.checkpoint_id}/")
    assert gone.status_code == 204 and not Measurement.objects.exists()
    measure(measurement)
