"""How many CPU threads torch may use in this worker."""

import functools
import os

import torch


@functools.cache
def limit() -> None:
    """Once, before any work: on a busy machine one thread is often faster than all."""
    torch.set_num_threads(int(os.environ.get("ESPALIER_TORCH_THREADS", "1")))
