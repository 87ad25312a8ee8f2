"""What all benchmarks print: the machine, and a table."""

import os
import platform
import resource
from collections.abc import Sequence
from pathlib import Path

import torch


def machine(device: str = "cpu") -> str:
    """One line on where the numbers come from."""
    if device.startswith("cuda"):
        where = torch.cuda.get_device_name()
    else:
        where = f"{_processor()}, {torch.get_num_threads()} of {os.cpu_count()} threads"
    return f"{where}, Python {platform.python_version()}, torch {torch.__version__}"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def peak_memory_bytes(device: str = "cpu") -> int:
    """Largest memory of the process so far, or of the CUDA device."""
    if device.startswith("cuda"):
        return torch.cuda.max_memory_allocated()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(": ")[1] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
