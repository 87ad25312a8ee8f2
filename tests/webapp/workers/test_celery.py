"""Real Celery workers write their rows, and leave in good order."""

import os
import signal
import urllib.error
import urllib.request

import pytest

from tests.webapp import servers
from tests.webapp.searches.test_workers import Start, start, until
from webapp.workers.models import Worker

__all__ = ["start"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.thorough]


def named(name: str) -> Worker | None:
    return Worker.objects.filter(name=name).first()


@pytest.fixture
def health_port(monkeypatch: pytest.MonkeyPatch) -> int:
    """Of the workers that are started after this."""
    port = servers.free_port()
    monkeypatch.setenv("ESPALIER_HEALTH_PORT", str(port))
    return port


def status(port: int, path: str) -> int:
    """What a worker says of itself; 0 where nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


@pytest.mark.parametrize(("queue", "trains"), [("gpu", True), ("cpu", False)])
def test_a_worker_says_that_it_is_there_and_says_good_bye(
    queue: str, trains: bool, health_port: int, start: Start
) -> None:
    process = start(queue)
    until(lambda: named(f"{queue}@0"))
    worker = named(f"{queue}@0")
    assert worker is not None
    assert (worker.is_online, worker.trains, worker.queues) == (True, trains, [queue])
    until(lambda: status(health_port, "/readyz") == 200)
    assert [status(health_port, path) for path in ("/healthz", "/", "/metrics")] == [200, 404, 404]
    os.killpg(process.pid, signal.SIGTERM)
    process.wait(60)
    worker.refresh_from_db()
    assert not worker.is_online
    assert status(health_port, "/healthz") == 0


def test_the_clock_is_ready_while_recovery_looks(health_port: int, start: Start) -> None:
    start("clock")
    until(lambda: status(health_port, "/healthz") == 200)
    until(lambda: status(health_port, "/readyz") == 200)
