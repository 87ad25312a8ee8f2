"""`make run`: starts everything, says where, stops at Ctrl-C, and goes on where it was."""

import fcntl
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.webapp import servers
from tests.webapp.core.commands import ROOT, python
from tests.webapp.core.process_tree import command_line, descendants, find, until

ADDRESS = re.compile(r"Espalier is at (http://localhost:\d+/)")
WORKER = "worker --queues gpu"
Process = subprocess.Popen[str]


@pytest.fixture
def embedded(tmp_path: Path) -> dict[str, str]:
    base = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return base | {
        "ESPALIER_VAR": str(tmp_path / "var"),
        "ESPALIER_PORT": str(servers.free_port()),
        "ESPALIER_CPU_WORKERS": "1",
        "ESPALIER_HEALTH_PORT": str(free_ports(3)),
    }


def free_ports(count: int) -> int:
    """The first of so many that follow each other."""
    while True:
        first = servers.free_port()
        if all(map(is_free, range(first, first + count))):
            return first


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((servers.HERE, port)) != 0


@pytest.fixture
def prepared(embedded: dict[str, str], first_start: Path) -> dict[str, str]:
    """Not for the first time: nothing has to be made before the processes start."""
    shutil.copytree(first_start, embedded["ESPALIER_VAR"])
    return embedded


@pytest.fixture(params=["embedded", "PostgreSQL and Redis"])
def environment(
    request: pytest.FixtureRequest, embedded: dict[str, str]
) -> Iterator[dict[str, str]]:
    if request.param == "embedded":
        yield embedded
        return
    with servers.both() as addresses:
        # Plain HTTP, as only a test on this machine would have it with these servers.
        yield embedded | addresses | {"ESPALIER_HTTPS": "0", "ESPALIER_SECRET_KEY": "x1" * 30}


@contextmanager
def started(environment: dict[str, str]) -> Iterator[Process]:
    process = subprocess.Popen(
        [sys.executable, "-m", "webapp.embedded"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            with suppress(ValueError):  # a test may have closed its end
                process.communicate(timeout=60)
            process.wait(timeout=60)


@contextmanager
def running(environment: dict[str, str]) -> Iterator[tuple[Process, str]]:
    with started(environment) as process:
        yield process, read_until(process, ADDRESS)[-1]


def read_until(process: Process, pattern: re.Pattern[str]) -> tuple[str, str]:
    """What it said up to a line with the pattern, and what the pattern caught."""
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if found := pattern.search(line):
            return said, found[found.lastindex or 0]
    pytest.fail(f"it ended without {pattern.pattern}:\n{said}")


def test_one_command_starts_everything_and_ctrl_c_stops_it(environment: dict[str, str]) -> None:
    with running(environment) as (process, address):
        with urllib.request.urlopen(f"{address}readyz") as answer:
            assert json.load(answer) == {"database": "ok"}
        first = int(environment["ESPALIER_HEALTH_PORT"])
        for port in range(first, first + 3):  # coordinator, clock, and the worker of the one device
            until(lambda port=port: is_ready(port), f"readiness on {port}", 240)  # type: ignore[misc]
        with urllib.request.urlopen(address) as page:
            assert page.url == f"{address}setup/" and b"Welcome to Espalier" in page.read()
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert re.search("Traceback|ERROR", said) is None, said
    says_requests = "uvicorn.access" in said  # each, with its number: where there are servers
    assert says_requests == ("ESPALIER_REDIS_URL" in environment), said
    assert said.count("stopped") == 4  # web, cpu, clock, and the worker of the one device


def is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def is_preparing(process: Process) -> object:
    return find(process.pid, "webapp.embedded.preparation")


def has_workers(process: Process) -> object:
    return find(process.pid, WORKER)


def starts_its_pool(process: Process) -> object:
    """A worker has forked the child that will evaluate trials, which is not ready."""
    return len(find(process.pid, WORKER)) > 1


def test_stopping_while_it_prepares_is_quiet(embedded: dict[str, str]) -> None:
    stop_quietly(embedded, is_preparing, signal.SIGINT)


@pytest.mark.parametrize(
    ("moment", "number"), [(has_workers, signal.SIGTERM), (starts_its_pool, signal.SIGINT)]
)
def test_stopping_while_it_starts_is_quiet(
    prepared: dict[str, str], moment: Callable[[Process], object], number: signal.Signals
) -> None:
    stop_quietly(prepared, moment, number)


def stop_quietly(
    environment: dict[str, str], moment: Callable[[Process], object], number: signal.Signals
) -> None:
    with started(environment) as process:
        until(lambda: moment(process), moment.__name__, seconds=240)
        process.send_signal(number)
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert re.search("Traceback|Error|ERROR|killed", said) is None, said


def test_killed_it_leaves_nothing_behind_and_a_closed_output_ends_the_second_start(
    prepared: dict[str, str],
) -> None:
    with running(prepared) as (process, first):
        until(lambda: starts_its_pool(process), "the pool", seconds=240)
        theirs = list(descendants(process.pid))
        process.kill()
        with running(prepared) as (again, second):
            assert second == first
            assert not any(map(command_line, theirs))
            theirs = list(descendants(again.pid))
            # As `make run | head` closes it; nothing more needs to be said for that to be noticed.
            assert again.stdout is not None
            again.stdout.close()
            assert again.wait(timeout=60) == 0
    assert not any(map(command_line, theirs))


@pytest.mark.parametrize(("taken", "says"), [("var", "ESPALIER_VAR"), ("port", "ESPALIER_PORT")])
def test_a_second_start_is_refused_and_says_what_to_change(
    taken: str, says: str, tmp_path: Path
) -> None:
    with (tmp_path / "running.lock").open("w") as lock, socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        if taken == "var":
            fcntl.flock(lock, fcntl.LOCK_EX)
        port = str(server.getsockname()[1])
        second = python("-m", "webapp.embedded", ESPALIER_VAR=str(tmp_path), ESPALIER_PORT=port)
    assert second.returncode == 1 and says in second.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7"])
def test_where_others_can_reach_it_plain_http_is_refused(host: str, tmp_path: Path) -> None:
    given = {"ESPALIER_VAR": str(tmp_path), "ESPALIER_HOST": host, "ESPALIER_PORT": "8123"}
    refused = python("-m", "webapp.embedded", **given)
    assert refused.returncode == 1 and not list(tmp_path.glob("*.sqlite3"))
    for way_out in ("ESPALIER_TRUSTED_PROXIES", "ESPALIER_HTTPS=off", "ssh -L 8123:localhost:8123"):
        assert way_out in refused.stderr, refused.stderr


def test_whoever_says_that_plain_http_will_do_is_warned_and_served(
    prepared: dict[str, str],
) -> None:
    published = {"ESPALIER_HOST": "0.0.0.0", "ESPALIER_HTTPS": "off"}
    with started(prepared | published) as process:
        said, address = read_until(process, ADDRESS)
        assert "reads passwords and tokens" in said
        with urllib.request.urlopen(f"{address}readyz") as answer:
            assert answer.status == 200


def test_behind_its_proxy_it_is_reached_by_https_alone(prepared: dict[str, str]) -> None:
    proxied = {"ESPALIER_HOST": "0.0.0.0", "ESPALIER_TRUSTED_PROXIES": "127.0.0.1"}
    with started(prepared | proxied) as process:
        read_until(process, re.compile("waits for its proxy at 0.0.0.0"))
        page = f"http://127.0.0.1:{prepared['ESPALIER_PORT']}/sign-in/"
        by_https = urllib.request.Request(page, headers={"X-Forwarded-Proto": "https"})
        with urllib.request.urlopen(by_https) as answer:
            assert answer.status == 200 and "max-age" in answer.headers["Strict-Transport-Security"]
        plain = http.client.HTTPConnection("127.0.0.1", int(prepared["ESPALIER_PORT"]))
        plain.request("GET", "/sign-in/", headers={"X-Forwarded-Proto": "http"})
        found = plain.getresponse()
        assert (found.status, found.headers["Location"][:8]) == (301, "https://")


def test_a_wrong_setting_is_named_in_one_line(tmp_path: Path) -> None:
    wrong = python("-m", "webapp.embedded", ESPALIER_VAR=str(tmp_path), ESPALIER_CPU_WORKERS="0")
    assert wrong.returncode == 1
    assert wrong.stderr == ("ESPALIER_CPU_WORKERS must be a whole number from 1 to 64, got '0'\n")
