"""What `make run` starts, and how it keeps it running."""

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings

from tests.webapp.core.commands import ROOT
from tests.webapp.core.process_tree import children, command_line, until
from webapp.embedded.keep import KEPT_COMMAND, pause_after
from webapp.embedded.output import Output
from webapp.embedded.processes import Gpus, gpus, process_lines, threads_each
from webapp.work import kinds
from webapp.work.queue import CLOCK
from webapp.work.task_names import ROUTES
from webapp.workers import devices


def test_one_worker_for_each_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,3")
    lines = process_lines(host="127.0.0.1", port=8000, cpu_workers=1)
    assert [line.name for line in lines] == ["web", "cpu", "clock", "worker-gpu0", "worker-gpu3"]
    assert [line.environment["CUDA_VISIBLE_DEVICES"] for line in lines[3:]] == ["0", "3"]
    assert all("--pool prefork --concurrency 1" in line.command for line in lines[3:])


def test_whoever_does_not_train_sees_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,3")
    web, cpu, clock, *_ = process_lines(host="127.0.0.1", port=8000, cpu_workers=1)
    assert {line.environment["CUDA_VISIBLE_DEVICES"] for line in (web, cpu, clock)} == {""}


def test_each_process_of_celery_says_on_a_port_of_its_own_how_it_is() -> None:
    lines = process_lines(host="127.0.0.1", port=8000, cpu_workers=2, health_port=8101)
    ports = [line.environment.get("ESPALIER_HEALTH_PORT") for line in lines]
    assert ports == [None, "8101", "8102", "8103", "8104"]


def test_several_workers_may_share_a_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "VAR", tmp_path)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-one,MIG-two")
    monkeypatch.setenv("ESPALIER_WORKERS_PER_GPU", "2")
    lines = process_lines(host="127.0.0.1", port=8000, cpu_workers=1)[3:]
    names = ["worker-gpu0-0", "worker-gpu0-1", "worker-gpu1-0", "worker-gpu1-1"]
    assert [line.name for line in lines] == names
    assert "--hostname gpu1-1@%h" in lines[3].command
    install(tmp_path, monkeypatch, "nvidia-cuda-mps-control")
    mps, *workers = process_lines(host="127.0.0.1", port=8000, cpu_workers=1)[3:]
    assert (mps.name, mps.command) == ("mps", "nvidia-cuda-mps-control -f")
    assert len(workers) == 4
    assert all(mps.environment.items() <= worker.environment.items() for worker in workers)
    assert Path(mps.environment["CUDA_MPS_PIPE_DIRECTORY"]).is_dir()


def test_gpus_and_their_slices_are_named_by_uuid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(devices, "torch_says", devices.TorchSays)
    listed = "GPU 0: A100 (UUID: GPU-a)\n  MIG 3g.20gb  Device 0: (UUID: MIG-b)\n"
    install(tmp_path, monkeypatch, "nvidia-smi", f"printf '{listed}GPU 1: T4 (UUID: GPU-c)'")
    lines = process_lines(host="127.0.0.1", port=8000, cpu_workers=1)[3:]
    assert [line.name for line in lines] == ["worker-gpu0", "worker-gpu1"]
    assert [line.environment["CUDA_VISIBLE_DEVICES"] for line in lines] == ["MIG-b", "GPU-c"]
    assert {line.environment["CUDA_DEVICE_ORDER"] for line in lines} == {"PCI_BUS_ID"}


def test_without_nvidia_smi_torch_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = devices.TorchSays(gpus=(("GPU-a", "H100"), ("GPU-b", "H100")))
    monkeypatch.setattr(devices, "torch_says", lambda: found)
    assert gpus() == Gpus({"0": "GPU-a", "1": "GPU-b"})


def test_where_no_gpu_can_be_used_the_cpu_trains_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    fault = "The driver 550.54.14 is too old"
    monkeypatch.setattr(devices, "torch_says", lambda: devices.TorchSays(faults=(fault,)))
    install(tmp_path, monkeypatch, "nvidia-smi", "echo 'GPU 0: H100 (UUID: GPU-a)'")
    (line,) = process_lines(host="127.0.0.1", port=8000, cpu_workers=1)[3:]
    assert (line.name, line.environment["CUDA_VISIBLE_DEVICES"]) == ("worker-cpu0", "")
    assert line.environment["ESPALIER_GPU_FAULT"] == fault


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, script: str = "") -> None:
    """Put a program of that name in front of all others."""
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def test_what_must_never_wait_has_a_process_of_its_own() -> None:
    lines = process_lines(host="::1", port=8123, cpu_workers=1)
    takers = {line.name for line in lines if "--queues clock" in line.command}
    assert takers == {"clock"}
    assert all(kind.queue != CLOCK for kind in kinds.every())
    assert {str(task) for task, queue in ROUTES.items() if queue == CLOCK} == {
        schedule["task"] for schedule in settings.CELERY_BEAT_SCHEDULE.values()
    }
    assert "--host ::1 --port 8123" in lines[0].command


def test_a_machine_without_gpu_gets_a_worker_for_its_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert gpus() == Gpus({})
    lines = process_lines(host="127.0.0.1", port=8000, cpu_workers=2)
    assert [line.name for line in lines[3:]] == ["worker-cpu0", "worker-cpu1"]


@pytest.mark.parametrize(
    ("workers", "cores", "threads"), [(1, 2, 1), (1, 1, 1), (1, 8, 7), (4, 16, 3), (8, 4, 1)]
)
def test_workers_share_the_cores(workers: int, cores: int, threads: int) -> None:
    assert threads_each(workers, cores=cores) == threads


def test_for_programs_every_line_is_an_object_that_names_its_process(tmp_path: Path) -> None:
    with (tmp_path / "said").open("w+") as stream:
        output = Output(stream, lambda: None, as_json=True)
        output.say("\n  Espalier is at http://localhost:8000/\n")
        output.say_of("web", '{"at": "now", "level": "ERROR", "message": "a fault", "search": 7}')
        output.say_of("cpu", "Traceback, not ours")
        stream.seek(0)
        run, web, cpu = map(json.loads, stream)
    assert (run["process"], run["message"]) == ("run", "Espalier is at http://localhost:8000/")
    assert (web["process"], web["level"], web["search"]) == ("web", "ERROR", 7)
    assert (cpu["process"], cpu["message"]) == ("cpu", "Traceback, not ours")


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
