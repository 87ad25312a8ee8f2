"""What goes wrong, and what is left of it: full memory, failed recordings, threads, leaks."""

import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import torch

from benchmarks.gpu.findings import Findings
from benchmarks.gpu.made import CUDA, FAMILIES, gated_child, make, speed
from benchmarks.gpu.numbers import trained
from search_engine.spec.causes import breaks_context, is_out_of_memory
from search_engine.spec.recipe import Precision
from search_engine.training.device import free_memory


def failure(found: Findings) -> None:
    """A recording that fails must leave nothing behind."""
    _, child = gated_child("densenet", drop_path=0.3)
    hook = child.register_forward_hook(
        lambda *_: _wait() if torch.cuda.is_current_stream_capturing() else None
    )
    _, _, trainer = trained(child, True)
    hook.remove()
    found.holds("the training goes on, and says why", trainer.graph_failure is not None)
    found.figure("the reason", trainer.graph_failure)
    is_default = torch.cuda.current_stream() == torch.cuda.default_stream()
    found.holds("the current stream is the default again", is_default)
    torch.empty(8, device=CUDA).bernoulli_(0.5)
    _, _, after = trained(gated_child("densenet", drop_path=0.3)[1], True)
    found.at_least("replays of the next child, which draws random numbers", after.replays, 1)


def _wait() -> None:
    """What no recording allows."""
    torch.ones(1, device=CUDA).item()


def threads(found: Findings) -> None:
    """Other threads that use CUDA or nvidia-smi while a step is recorded."""
    for label, body in (("nvidia-smi", _ask), ("pinned memory and copies", _copy)):
        ended = threading.Event()
        thread = threading.Thread(target=_again, args=(body, ended), daemon=True)
        thread.start()
        gave_up = 0
        for seed in range(6):
            _, child = gated_child("densenet", seed=seed)
            _, _, trainer = trained(child, True, epochs=2)
            gave_up += trainer.graph_failure is not None
        ended.set()
        thread.join()
        found.at_most(f"recordings that failed beside {label}, of 6", gave_up, 0)


def _again(body: Callable[[], object], ended: threading.Event) -> None:
    with torch.cuda.stream(torch.cuda.Stream()):
        while not ended.is_set():
            body()


def _ask() -> None:
    if shutil.which("nvidia-smi"):
        subprocess.run(["nvidia-smi", "-L"], capture_output=True, check=False)
    else:
        time.sleep(0.1)


def _copy() -> None:
    size = random.randrange(1, 1 << 22)
    torch.empty(size, dtype=torch.uint8, pin_memory=True).to(CUDA, non_blocking=True)


def leaks(found: Findings) -> None:
    """Forty children one after the other, each with two recordings."""
    marks = []
    for seed in range(40):
        _, child = gated_child(FAMILIES[seed % 3], seed=seed % 10)
        trained(child, True, epochs=2)
        del child
        if seed in (9, 39):
            torch.cuda.synchronize()
            free_memory(CUDA)
            free, total = torch.cuda.mem_get_info()
            host = int(Path("/proc/self/statm").read_text().split()[1])
            resident = host * os.sysconf("SC_PAGE_SIZE")
            held = (torch.cuda.memory_allocated(), torch.cuda.memory_reserved())
            marks.append((*held, total - free, resident))
    names = ("allocated", "reserved", "taken on the device", "resident on the host")
    for name, one, two, bound in zip(names, *marks, (16, 64, 96, 200), strict=True):
        found.at_most(f"from child 10 to 40, MiB more {name}", (two - one) / 2**20, bound)
    found.at_most("MiB allocated after 40 children", marks[1][0] / 2**20, 256)


def memory(found: Findings) -> None:
    """Full memory is known as such, and the next training goes on; so is a broken context."""
    free_memory(CUDA)
    total = torch.cuda.get_device_properties(CUDA).total_memory
    limit = (torch.cuda.memory_reserved() + (600 << 20)) / total
    torch.cuda.set_per_process_memory_fraction(min(1.0, limit))
    try:
        speed(make("TreeCell-A"), graphs=True, precision=Precision.AUTO, batch=4096, steps=1)
        found.holds("a batch that is too large is refused", False)
    except Exception as error:
        found.holds("full memory is told as such", is_out_of_memory(error), type(error).__name__)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    free_memory(CUDA)
    rate = speed(make("start"), graphs=True, precision=Precision.AUTO, steps=20)
    found.figure("steps/s of a training after full memory", round(rate))
    said = subprocess.run(
        [sys.executable, "-c", BREAKING], capture_output=True, text=True, timeout=120, check=False
    ).stdout.splitlines()
    found.figure("an assertion on the device", said[:1])
    known = said[1::2]
    found.holds("a broken context is known as such, and stays", known == ["True", "True"], known)


BREAKING = f"""
import torch
from {breaks_context.__module__} import breaks_context
values, index = torch.zeros(4, device="cuda"), torch.tensor([9], device="cuda")
for call in (lambda: float(values[index].sum()), lambda: float(torch.ones(1, device="cuda"))):
    try:
        call()
    except RuntimeError as error:
        print(str(error).splitlines()[0])
        print(breaks_context(error))
"""
