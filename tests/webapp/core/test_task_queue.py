"""Sending: by name, after the commit, and without harm where the broker is away."""

import json
import threading
from pathlib import Path

import pytest
from django.db import transaction
from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks

from webapp.celery import app
from webapp.work.queue import CLOCK, CPU, GPU, send, send_on_commit
from webapp.work.task_names import ROUTES, TaskName


def test_a_message_goes_out_on_commit(
    db: None, messages: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        send_on_commit(TaskName.RUN, "trial", 7, to=GPU)
        assert not list(messages.iterdir())
    (message,) = messages.iterdir()
    assert ".gpu." in message.name and '"work.run"' in message.read_text()


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_sends_nothing(messages: Path) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        send_on_commit(TaskName.ADVANCE_SEARCH, 7)
        raise ZeroDivisionError
    assert not list(messages.iterdir())


def test_a_broker_that_is_away_stops_nobody(
    messages: Path, caplog: pytest.LogCaptureFixture
) -> None:
    messages.rmdir()
    send(TaskName.ADVANCE_SEARCH, 7)
    assert "the broker did not take searches.advance_search" in caplog.text


def test_every_task_has_a_queue_that_workers_take() -> None:
    assert {*ROUTES, TaskName.RUN} == set(TaskName)  # what is run says which
    assert set(ROUTES.values()) <= {CLOCK, CPU, GPU}
    assert app.conf.task_default_queue == "cpu"


def test_a_reader_never_sees_half_a_message(messages: Path) -> None:
    """Whoever reads as fast as it can finds only whole ones, while another writes large ones."""
    reading = threading.Event()
    ended = threading.Event()
    broken: list[Path] = []

    def read() -> None:
        while not ended.is_set():
            reading.set()
            for path in messages.glob("*.msg"):
                try:
                    json.loads(path.read_bytes())
                except ValueError:
                    broken.append(path)

    thread = threading.Thread(target=read)
    thread.start()
    reading.wait()
    for _ in range(20):
        app.send_task(str(TaskName.ADVANCE_SEARCH), args=["x" * 200_000])
    ended.set()
    thread.join()
    assert len(list(messages.glob("*.msg"))) == 20
    assert not broken
    assert not list(messages.glob("*.new"))
