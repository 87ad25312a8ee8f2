"""A worker that was asked to stop takes nothing more, and loses nothing: another one is told."""

import base64
import json
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.webapp.searches.conftest import Launch
from tests.webapp.searches.driving import work
from webapp.state import State
from webapp.work import runner, stopping
from webapp.work.task_names import TaskName

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set, it makes this process a worker that was asked to stop."""
    event = threading.Event()
    monkeypatch.setattr(stopping, "_asked", event)
    return event


def messages(folder: Path) -> list[tuple[str, Any]]:
    """Task and arguments of all that lies with the embedded broker."""
    found = []
    for path in sorted((folder / "broker" / "messages").iterdir()):
        message = json.loads(path.read_text())
        arguments, _, _ = json.loads(base64.b64decode(message["body"]))
        found.append((message["headers"]["task"], arguments))
    return found


def test_it_takes_no_trial_and_another_is_told(
    launch: Launch, asked: threading.Event, tmp_path: Path
) -> None:
    search = launch()
    work(search, trials=0)
    (trial,) = search.trials.all()
    asked.set()
    runner.run("trial", trial.pk, "worker")
    trial.refresh_from_db()
    assert (trial.state, trial.attempt) == (State.QUEUED, 0)
    assert (TaskName.RUN, ["trial", trial.pk]) in messages(tmp_path)


def test_it_takes_no_start_network_and_another_is_told(
    launch: Launch, asked: threading.Event, tmp_path: Path
) -> None:
    search = launch()
    asked.set()
    runner.run("training", search.start.pk, "worker")
    search.refresh_from_db()
    assert (search.state, search.start.attempt) == (State.QUEUED, 0)
    assert (TaskName.RUN, ["training", search.start.pk]) in messages(tmp_path)


def test_its_successor_takes_what_it_left(launch: Launch, asked: threading.Event) -> None:
    search = launch()
    asked.set()
    runner.run("training", search.start.pk, "worker")
    asked.clear()
    work(search)
    assert (search.state, search.trials_completed) == (State.COMPLETED, 3)
