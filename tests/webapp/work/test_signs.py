"""What a worker says of itself follows from the signs of life that its processes give."""

import http.client
import mmap
import os
import time
from collections.abc import Iterator

import pytest

from webapp.work import health, signs


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(signs, "_times", mmap.mmap(-1, 16))
    server = health.serve(0)
    assert server is not None
    yield server.server_port
    server.shutdown()
    server.server_close()


def asked(port: int) -> tuple[int, int]:
    """Statuses of /healthz and /readyz."""
    statuses = []
    for path in ("/healthz", "/readyz"):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", path)
        statuses.append(connection.getresponse().status)
        connection.close()
    return statuses[0], statuses[1]


def test_it_is_alive_while_it_tries_and_ready_while_it_gets_there(port: int) -> None:
    assert asked(port) == (503, 503)
    signs.alive()
    assert asked(port) == (200, 503), "the database has not heard of it"
    signs.written()
    assert asked(port) == (200, 200)
    signs.leaves()
    assert asked(port) == (200, 503)


def test_silence_shows(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    signs.alive()
    signs.written()
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + signs.UNREADY_AFTER_SECONDS + 1)
    assert asked(port) == (200, 503)
    monkeypatch.setattr(time, "monotonic", lambda: now + signs.SILENT_AFTER_SECONDS + 1)
    assert asked(port) == (503, 503)


def test_the_signs_of_a_child_are_seen_by_its_parent(port: int) -> None:
    child = os.fork()
    if child == 0:
        signs.alive()
        signs.written()
        os._exit(0)
    os.waitpid(child, 0)
    assert asked(port) == (200, 200)


def test_without_a_port_nothing_listens() -> None:
    assert health.serve() is None
