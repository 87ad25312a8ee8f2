"""The device that this worker trains on, and what is kept in its memory. Imports torch."""

import functools
import os
from collections.abc import Callable

import torch

from search_engine.devices import pick_device

_kept: list[Callable[[], None]] = []


@functools.cache
def limit_threads() -> None:
    """Once, before any work: on a busy machine one thread is often faster than all."""
    torch.set_num_threads(int(os.environ.get("ESPALIER_TORCH_THREADS", "1")))


@functools.cache
def device() -> torch.device:
    """The device that trains."""
    limit_threads()
    return pick_device(None)


def may_forget(forget: Callable[[], None]) -> None:
    """Say how to let go of something that is kept on the device between two rows of work."""
    _kept.append(forget)


def forget() -> None:
    """Give the memory back, after it was full."""
    for forget_one in _kept:
        forget_one()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
