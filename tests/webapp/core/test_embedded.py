"""What `make run` starts, and how it keeps it running."""

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.webapp.core.commands import ROOT
from tests.webapp.core.process_tree import children, command_line, until
from webapp.embedded.devices import gpus, threads_each
from webapp.embedded.keep import KEPT_COMMAND, pause_after
from webapp.embedded.processes import process_lines


def test_one_worker_for_each_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,3")
    lines = process_lines(host="127.0.0.1", port=8000, cpu_workers=1)
    assert [line.name for line in lines] == ["web", "cpu", "clock", "worker-gpu0", "worker-gpu3"]
    assert [line.environment["CUDA_VISIBLE_DEVICES"] for line in lines[3:]] == ["0", "3"]
    assert all("--pool prefork --concurrency 1" in line.command for line in lines[3:])


def test_a_machine_without_gpu_gets_a_worker_for_its_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert gpus() == []
    lines = process_lines(host="127.0.0.1", port=8000, cpu_workers=2)
    assert [line.name for line in lines[3:]] == ["worker-cpu0", "worker-cpu1"]


@pytest.mark.parametrize(
    ("workers", "cores", "threads"), [(1, 2, 1), (1, 1, 1), (1, 8, 7), (4, 16, 3), (8, 4, 1)]
)
def test_workers_share_the_cores(workers: int, cores: int, threads: int) -> None:
    assert threads_each(workers, cores=cores) == threads


def test_what_dies_young_waits_longer_each_time() -> None:
    pauses, pause = [], 0.0
    for _ in range(7):
        pause = pause_after(pause, lived_seconds=0.1)
        pauses.append(pause)
    assert pauses == [1, 2, 4, 8, 16, 30, 30]
    assert pause_after(30, lived_seconds=61) == 1


DYING = "import os, sys; open(sys.argv[1], 'a').write('x'); os.kill(os.getpid(), 9)"
WAITING = "import time; print('waiting', flush=True); time.sleep(600)"


@contextmanager
def keeper(*command: str) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "-m", "webapp.embedded.keep", "kept"],
        cwd=ROOT,
        env={**os.environ, KEPT_COMMAND: shlex.join([sys.executable, "-c", *command])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        yield process
        process.kill()


def line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def test_a_killed_command_is_started_again(tmp_path: Path) -> None:
    lives = tmp_path / "lives"
    with keeper(DYING, str(lives)) as process:
        assert "kept ended with -9; starting again in 1 s" in line(process)
        assert "starting again in 2 s" in line(process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
    assert lives.read_text() == "xx"


def test_a_keeper_that_nobody_holds_any_more_ends_its_command() -> None:
    with keeper(WAITING) as process:
        assert line(process) == "waiting\n"
        (command,) = children(process.pid)
        assert process.stdin is not None
        process.stdin.close()  # as the system does for a holder that dies
        assert process.wait(timeout=10) == 0
        assert command_line(command) == ""


def test_a_command_does_not_outlive_its_killed_keeper() -> None:
    with keeper(WAITING) as process:
        assert line(process) == "waiting\n"
        (command,) = children(process.pid)
        process.kill()
        until(lambda: command_line(command) == "", "the command's end")
