"""Real Celery workers: a search runs, and outlives kill -9."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.utils import timezone

from search_engine.spec.recipe import Recipe
from tests.webapp.searches.conftest import Launch
from tests.webapp.searches.driving import kinds
from webapp.searches.models import Search, Trial
from webapp.state import State
from webapp.work import recovery
from webapp.workers.models import Worker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.thorough]

LONG = Recipe(epochs=15, learning_rate=0.1)
"""So long that a worker does not end a trial before it is killed, nor all before another begins."""

Start = Callable[[str], "subprocess.Popen[bytes]"]


def database_url() -> str:
    """The database of this test, as a worker is told of it."""
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        return f"sqlite:///{database['NAME']}"
    user, password = quote(database["USER"]), quote(database["PASSWORD"])
    place = f"{database['HOST']}:{database['PORT']}/{database['NAME']}"
    return f"postgresql://{user}:{password}@{place}"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a worker of a queue, in a process group of its own; all are gone at the end."""
    started: list[subprocess.Popen[bytes]] = []
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "webapp.settings",
        "ESPALIER_VAR": str(tmp_path),
        "ESPALIER_DATABASE_URL": database_url(),
    }

    def started_worker(queue: str) -> "subprocess.Popen[bytes]":
        pool = ["--pool", "prefork" if queue == "gpu" else "threads"]
        pool += ["--beat"] if queue == "clock" else []
        command = [sys.executable, "-m", "celery", "--app", "webapp.celery", "worker"]
        options = ["--queues", queue, "--concurrency", "1", "--hostname", f"{queue}@{len(started)}"]
        process = subprocess.Popen(
            [*command, *options, *pool, "--without-gossip", "--without-mingle"],
            env=environment,
            cwd=Path(__file__).parents[3],
            stdout=(tmp_path / f"{queue}.log").open("ab"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield started_worker
    for process in started:
        kill(process)


def kill(process: "subprocess.Popen[bytes]") -> None:
    """Parent and children, at once, as a lost machine would be."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)


def until(condition: Callable[[], Any], seconds: float = 240.0) -> None:
    """Wait for what other processes do."""
    pause, end = threading.Event(), time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the workers did not get there in time"
        pause.wait(0.05)


def state_is(search: Search, state: State) -> Callable[[], bool]:
    return lambda: Search.objects.filter(pk=search.pk, state=state).exists()


def test_a_search_outlives_a_worker_killed_in_mid_trial(launch: Launch, start: Start) -> None:
    search = launch(recipe=LONG)
    start("cpu")
    gpu = start("gpu")
    second = Trial.objects.filter(search=search, number=2, progress__isnull=False)
    until(second.exists)
    kill(gpu)
    assert Worker.objects.get(name="gpu@1").stopped_at is None  # it said no good-bye
    past = timezone.now() - timedelta(seconds=1)
    second.filter(state=State.RUNNING).update(lease_until=past)
    recovery.recover()
    start("gpu")
    until(state_is(search, State.COMPLETED))
    search.refresh_from_db()
    assert (search.trials_completed, search.trials_failed) == (3, 0)
    assert kinds(search).count("trial.completed") == 3
    assert kinds(search).count("trial.interrupted") == 1
    assert list(search.trials.values_list("number", flat=True)) == [1, 2, 3]
    assert search.trials.get(number=2).attempt == 2


def test_two_workers_serve_two_searches_at_once(launch: Launch, start: Start) -> None:
    searches = [launch(parallel=2, recipe=LONG, seed=seed) for seed in (0, 1)]
    for queue in ("cpu", "gpu", "gpu"):
        start(queue)
    for search in searches:
        until(state_is(search, State.COMPLETED))
        search.refresh_from_db()
        assert search.trials_completed == 3
        assert list(search.trials.values_list("number", "attempt")) == [(1, 1), (2, 1), (3, 1)]
    workers = set(Trial.objects.values_list("worker", flat=True))
    assert workers == {"gpu@1", "gpu@2"}
