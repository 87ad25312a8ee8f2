"""What is read of a device: from nvidia-smi's lines and /proc's files, as they are written."""

import os
import stat
from pathlib import Path

import pytest

from webapp.workers import devices

GIB, MIB = 2**30, 2**20
LINE = "NVIDIA H100 80GB HBM3, 1520, 81559, 43, 51"
MEMINFO = "MemTotal:       16384000 kB\nMemFree:  100 kB\nMemAvailable:   12288000 kB\n"


def install_nvidia_smi(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a program of that name in front of all others."""
    program = folder / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def test_a_line_of_nvidia_smi_is_read() -> None:
    found = devices.read_gpu(LINE)
    assert (found.device, found.is_gpu) == ("NVIDIA H100 80GB HBM3", True)
    assert (found.memory_used_bytes, found.memory_total_bytes) == (1520 * MIB, 81559 * MIB)
    assert (found.used_share, found.temperature_celsius) == (0.43, 51.0)


def test_what_a_gpu_does_not_tell_is_none() -> None:
    found = devices.read_gpu("Some GPU, with a comma, [N/A], [N/A], [N/A], [Not Supported]")
    assert found == devices.DeviceFacts("Some GPU, with a comma", is_gpu=True)


def test_the_gpu_that_the_worker_trains_on_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_nvidia_smi(tmp_path, monkeypatch, 'echo "GPU $1, 1, 2, 3, 4"')
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,4")
    assert devices.facts().device == "GPU --id=3"


@pytest.mark.parametrize("visible", ["", "-1"])
def test_a_worker_without_a_gpu_says_what_its_cpu_is(
    visible: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_nvidia_smi(tmp_path, monkeypatch, f'echo "{LINE}"')
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    found = devices.facts()
    assert not found.is_gpu
    assert "core" in found.device
    assert found.memory_total_bytes is not None
    assert 0 < (found.memory_used_bytes or 0) < found.memory_total_bytes


def test_a_machine_whose_nvidia_smi_fails_counts_as_one_without_gpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_nvidia_smi(tmp_path, monkeypatch, "echo no devices were found; exit 6")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert not devices.facts().is_gpu


def test_of_a_slice_its_name_and_its_cards_heat_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = "GPU 0: A100 (UUID: GPU-a)\\n  MIG 1g.5gb  Device 0: (UUID: MIG-b)"
    asked = f'[ "$1" = --id=GPU-a ] && echo "{LINE}"'
    script = f'[ "$1" = --list-gpus ] && printf "{listed}" || {{ {asked}; }}'
    install_nvidia_smi(tmp_path, monkeypatch, script)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "MIG-b")
    assert devices.facts() == devices.DeviceFacts(
        "A100 MIG 1g.5gb", is_gpu=True, temperature_celsius=51.0
    )


def test_memory_is_what_programs_could_not_have() -> None:
    assert devices.read_memory(MEMINFO) == (4096000 * 1024, 16384000 * 1024)
    assert devices.read_memory("nothing\n") == (None, None)


def test_ticks_are_busy_but_for_idle_and_waiting() -> None:
    # user, nice, system, idle, iowait, irq, softirq, steal
    assert devices.read_ticks("cpu  10 1 5 70 10 2 2 0 0 0\ncpu0 1\n") == (20, 100)


def test_how_busy_a_cpu_is_counts_since_the_last_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "PROC", tmp_path)
    monkeypatch.setattr(devices, "_ticks_before", (0, 0))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    (tmp_path / "stat").write_text("cpu  10 0 0 90 0 0 0 0\n")
    assert devices.facts().used_share == 0.1
    (tmp_path / "stat").write_text("cpu  60 0 0 140 0 0 0 0\n")
    assert devices.facts().used_share == 0.5
