"""What is known of a worker's device: of a GPU from nvidia-smi, of a CPU from /proc. No torch."""

import os
import subprocess
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

QUERY = "name,memory.used,memory.total,utilization.gpu,temperature.gpu"
NVIDIA_SMI_SECONDS = 10
KIB, MIB = 2**10, 2**20
PROC = Path("/proc")
T = TypeVar("T")


@dataclass(frozen=True)
class DeviceFacts:
    """A device now; None where it does not say.

    Args:
        device: its name, for people.
        is_gpu: or a CPU.
        memory_used_bytes: by everybody.
        memory_total_bytes: of the device.
        used_share: how busy it is, from 0 to 1.
        temperature_celsius: of its core.
    """

    device: str
    is_gpu: bool
    memory_used_bytes: int | None = None
    memory_total_bytes: int | None = None
    used_share: float | None = None
    temperature_celsius: float | None = None

    def columns(self) -> dict[str, Any]:
        """As columns of a `Worker`."""
        return asdict(self)


def facts() -> DeviceFacts:
    """Of the device that this process trains on: the first that CUDA_VISIBLE_DEVICES names."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    chosen = "0" if visible is None else visible.split(",")[0].strip()
    if chosen in ("", "-1"):
        return _cpu()
    return _gpu(chosen) or _cpu()


def read_gpu(line: str) -> DeviceFacts:
    """One line of nvidia-smi's CSV without units, in the order of QUERY."""
    name, used, total, busy, heat = [part.strip() for part in line.rsplit(",", 4)]
    share = _number(busy)
    return DeviceFacts(
        device=name,
        is_gpu=True,
        memory_used_bytes=_scaled(_number(used), MIB),
        memory_total_bytes=_scaled(_number(total), MIB),
        used_share=None if share is None else share / 100,
        temperature_celsius=_number(heat),
    )


def read_memory(text: str) -> tuple[int | None, int | None]:
    """Used and total bytes, from the text of /proc/meminfo."""
    found = {
        name: int(rest.split()[0]) * KIB
        for name, _, rest in (line.partition(":") for line in text.splitlines())
        if rest.strip()
    }
    total, free = found.get("MemTotal"), found.get("MemAvailable")
    return (None if total is None or free is None else total - free), total


def read_ticks(text: str) -> tuple[int, int]:
    """Busy and all ticks since the machine started, from the first line of /proc/stat."""
    ticks = [int(part) for part in text.splitlines()[0].split()[1:9]]
    idle = ticks[3] + ticks[4]  # idle, and waiting for a disk
    return sum(ticks) - idle, sum(ticks)


def _gpu(chosen: str) -> DeviceFacts | None:
    command = ["nvidia-smi", f"--id={chosen}", f"--query-gpu={QUERY}"]
    try:
        answer = subprocess.run(
            [*command, "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            timeout=NVIDIA_SMI_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = answer.stdout.splitlines() if answer.returncode == 0 else []
    return read_gpu(lines[0]) if lines else None


def _cpu() -> DeviceFacts:
    used, total = _read("meminfo", read_memory) or (None, None)
    cores = len(os.sched_getaffinity(0))
    name = _read("cpuinfo", _model) or "CPU"
    return DeviceFacts(
        device=f"{name}, {cores} core{'' if cores == 1 else 's'}",
        is_gpu=False,
        memory_used_bytes=used,
        memory_total_bytes=total,
        used_share=_busy_share(),
    )


_ticks_before = (0, 0)


def _busy_share() -> float | None:
    """Of all cores, since it was asked for last time."""
    global _ticks_before
    now = _read("stat", read_ticks)
    if now is None:
        return None
    (busy, every), _ticks_before = _ticks_before, now
    passed = now[1] - every
    return (now[0] - busy) / passed if passed > 0 else None


def _model(text: str) -> str:
    lines = (line for line in text.splitlines() if line.startswith("model name"))
    return next(lines, "").partition(":")[2].strip()


def _read(name: str, reader: Callable[[str], T]) -> T | None:
    try:
        return reader((PROC / name).read_text(encoding="utf-8", errors="replace"))
    except (OSError, ValueError, IndexError):
        return None  # another system than Linux, or a container that hides it


def _number(text: str) -> float | None:
    """None for what nvidia-smi writes where a device does not tell: [N/A]."""
    try:
        return float(text)
    except ValueError:
        return None


def _scaled(value: float | None, unit: int) -> int | None:
    return None if value is None else int(value * unit)
