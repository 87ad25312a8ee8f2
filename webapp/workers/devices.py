"""What is known of a worker's device: of a GPU from nvidia-smi, of a CPU from /proc. No torch."""

import functools
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from search_engine import nvidia

QUERY = "name,memory.used,memory.total,utilization.gpu,temperature.gpu"
GPU_FAULT = "ESPALIER_GPU_FAULT"
TORCH_SECONDS = 120
KIB, MIB = 2**10, 2**20
PROC = Path("/proc")
T = TypeVar("T")


@dataclass(frozen=True)
class DeviceFacts:
    """A device now; None where it does not say.

    Args:
        device: its name, for people.
        memory_used_bytes: by everybody.
        memory_total_bytes: of the device.
        used_share: how busy it is, from 0 to 1.
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


class TorchSays(NamedTuple):
    """What torch finds on this machine.

    Args:
        gpus: UUID and name of each that it finds.
        faults: what is wrong with those that it cannot use, a sentence for each.
    """

    gpus: tuple[tuple[str, str], ...] = ()
    faults: tuple[str, ...] = ()


def torch_says() -> TorchSays:
    """Asked in a process of its own, which a broken GPU may break; nothing where there is none."""
    if nvidia.names_none(os.environ.get("CUDA_VISIBLE_DEVICES")) or not nvidia.is_likely():
        return TorchSays()
    command = [sys.executable, "-m", "search_engine.devices"]
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, timeout=TORCH_SECONDS, check=False
        )
        found = json.loads(answer.stdout)
    except subprocess.TimeoutExpired:
        return TorchSays(faults=(f"The GPU did not answer within {TORCH_SECONDS} seconds.",))
    except ValueError:
        said = (answer.stderr.strip().splitlines() or [f"status {answer.returncode}"])[-1]
        return TorchSays(faults=(f"torch could not look at the GPU: {said[:300]}",))
    gpus = tuple((gpu["uuid"], gpu["name"]) for gpu in found["gpus"])
    return TorchSays(gpus, tuple(found["faults"]))


def facts() -> DeviceFacts:
    """The device that this process trains on: the first that CUDA_VISIBLE_DEVICES names."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if nvidia.names_none(visible):
        return _cpu()
    return _gpu("0" if visible is None else nvidia.named(visible)[0]) or _cpu()


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
    card = _slice(chosen) if chosen.startswith("MIG-") else None
    place = card.card if card else chosen
    answer = nvidia.smi(f"--id={place}", f"--query-gpu={QUERY}", "--format=csv,noheader,nounits")
    if not answer:
        return None
    found = read_gpu(answer.splitlines()[0])
    if card is None:
        return found
    # nvidia-smi tells memory and use of whole cards only.
    return DeviceFacts(card.name, is_gpu=True, temperature_celsius=found.temperature_celsius)


@functools.cache
def _slice(uuid: str) -> nvidia.Gpu | None:
    return next((gpu for gpu in nvidia.gpus() or () if gpu.uuid == uuid), None)


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
    """How busy all cores were, since this was asked for last time."""
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
