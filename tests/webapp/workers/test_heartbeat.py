"""A worker's row: written at the start, kept young, marked at a good-bye, forgotten in the end."""

from datetime import timedelta

import pytest
from django.utils import timezone

from webapp.workers import devices
from webapp.workers.heartbeat import Heartbeat, say_good_bye
from webapp.workers.models import FORGOTTEN_AFTER, OFFLINE_AFTER, Worker

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]

HEART = Heartbeat("gpu0@lab", ["gpu"])


def row() -> Worker:
    return Worker.objects.get(name="gpu0@lab")


def test_the_first_beat_makes_the_row() -> None:
    HEART.begin()
    found = row()
    assert (found.host, found.queues, found.trains, found.is_online) == (
        "lab",
        ["gpu"],
        True,
        True,
    )
    assert found.device


def test_a_beat_keeps_it_young_and_its_start() -> None:
    HEART.begin()
    old = timezone.now() - timedelta(hours=1)
    Worker.objects.update(heartbeat_at=old, started_at=old)
    HEART.beat()
    assert timezone.now() - row().heartbeat_at < timedelta(minutes=1)
    assert row().started_at == old


def test_silence_makes_it_offline_within_half_a_minute() -> None:
    HEART.begin()
    Worker.objects.update(heartbeat_at=timezone.now() - OFFLINE_AFTER)
    assert not row().is_online
    assert timedelta(seconds=30) > OFFLINE_AFTER


def test_a_worker_whose_gpu_cannot_be_used_says_why_and_takes_no_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fault = "H100: it does not work"
    monkeypatch.setattr(devices, "torch_says", lambda: devices.TorchSays(faults=(fault,)))
    assert not HEART.begin()
    assert (row().fault, row().is_online) == (fault, False)
    monkeypatch.setattr(devices, "torch_says", devices.TorchSays)
    assert HEART.begin()
    assert (row().fault, row().is_online) == ("", True)


def test_a_worker_on_the_cpu_says_why_no_gpu_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(devices.GPU_FAULT, "The driver is too old")
    assert HEART.begin()
    assert (row().fault, row().is_online) == ("The driver is too old", True)


def test_after_a_good_bye_it_is_offline_and_a_late_beat_changes_nothing() -> None:
    HEART.begin()
    say_good_bye("gpu0@lab")
    HEART.beat()
    assert not row().is_online
    HEART.begin()
    assert row().is_online


def test_workers_that_were_not_heard_of_for_a_week_are_forgotten() -> None:
    long_ago = timezone.now() - FORGOTTEN_AFTER - timedelta(minutes=1)
    Worker.objects.create(name="old@lab", host="lab", device="CPU", heartbeat_at=long_ago)
    HEART.begin()
    assert [worker.name for worker in Worker.objects.all()] == ["gpu0@lab"]


def test_a_row_that_was_forgotten_comes_back_with_the_next_beat() -> None:
    HEART.beat()
    assert row().trains
