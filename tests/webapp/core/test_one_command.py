"""`make run`: starts everything, says where, stops at Ctrl-C, and goes on where it was."""

import fcntl
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.webapp import servers
from tests.webapp.core.commands import ROOT, python

ADDRESS = re.compile(r"Espalier is at (http://localhost:\d+/)")


@pytest.fixture(params=["embedded", "PostgreSQL and Redis"])
def environment(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, str]]:
    base = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    base |= {"ESPALIER_VAR": str(tmp_path / "var"), "ESPALIER_PORT": str(servers.free_port())}
    if request.param == "embedded":
        yield base
        return
    with servers.both() as addresses:
        # Plain HTTP, as only a test on this machine would have it with these servers.
        yield base | addresses | {"ESPALIER_HTTPS": "0", "ESPALIER_SECRET_KEY": "x1" * 30}


@contextmanager
def running(environment: dict[str, str]) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "webapp.embedded"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process, address_of(process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)


def address_of(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if found := ADDRESS.search(line):
            return found[1]
    pytest.fail("it ended without an address:\n" + "".join(said))


def test_one_command_starts_everything_and_ctrl_c_stops_it(environment: dict[str, str]) -> None:
    with running(environment) as (process, address):
        with urllib.request.urlopen(f"{address}healthz") as answer:
            assert json.load(answer) == {"database": "ok"}
        with urllib.request.urlopen(address) as page:
            assert page.url == f"{address}setup/" and b"Welcome to Espalier" in page.read()
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert re.search("Traceback|ERROR", said) is None, said
    assert said.count("stopped") == 4  # web, cpu, clock, and the worker of the one device


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
