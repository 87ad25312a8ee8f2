"""A worker is asked to stop by SIGTERM, whoever sends it, to whomever, at any moment."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.webapp import servers
from tests.webapp.core.commands import ROOT
from tests.webapp.core.process_tree import find, until

COMMAND = ["-m", "celery", "--app", "webapp.celery", "worker", "--queues", "gpu"]
POOL = ["--pool", "prefork", "--concurrency", "1", "--without-gossip", "--without-mingle"]


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    """With this broker a worker gives up when a child did not start."""
    with servers.redis() as address:
        yield address


@pytest.fixture
def worker(redis_url: str, tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, *COMMAND, *POOL],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "webapp.settings",
            "ESPALIER_VAR": str(tmp_path),
            "ESPALIER_REDIS_URL": redis_url,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    yield process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


# A process manager such as systemd asks all processes of a service, Docker asks the first alone.
@pytest.mark.parametrize("ask", [os.kill, os.killpg], ids=["the worker", "its whole group"])
def test_a_worker_asked_while_its_pool_starts_ends_quietly(
    worker: "subprocess.Popen[str]", ask: Callable[[int, int], None]
) -> None:
    # By its command: before there is a pool, Python asks `uname` what machine this is.
    until(lambda: find(worker.pid, "--queues gpu"), "the pool's child")
    ask(worker.pid, signal.SIGTERM)
    said, _ = worker.communicate(timeout=60)
    assert worker.returncode == 0
    assert "Traceback" not in said and "WorkerLostError" not in said, said


STOPS = """
import os, signal, sys, time
from webapp.work import stopping
from webapp.celery import app

@app.task(name="until_asked")
def until_asked(path):
    os.close(os.open(path, os.O_CREAT))
    while not stopping.requested():
        time.sleep(0.01)

if __name__ == "__main__":
    app.send_task("until_asked", args=[sys.argv[1]], queue="gpu")
    app.worker_main(sys.argv[2:])
"""


def test_a_task_hears_of_a_signal_that_only_its_worker_got(redis_url: str, tmp_path: Path) -> None:
    script, begun = tmp_path / "stops.py", tmp_path / "begun"
    script.write_text(STOPS)
    process = subprocess.Popen(
        [sys.executable, str(script), str(begun), *COMMAND[4:], *POOL],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "DJANGO_SETTINGS_MODULE": "webapp.settings",
            "ESPALIER_VAR": str(tmp_path),
            "ESPALIER_REDIS_URL": redis_url,
        },
    )
    until(begun.exists, "the task")
    process.terminate()
    assert process.wait(timeout=30) == 0
