"""The device on which the engine's tests train and measure: the CPU, or ESPALIER_TEST_DEVICE.

What holds bit for bit on the CPU is asked of a GPU by algorithms that do the same each time.
"""

import os

import torch

from search_engine.devices import pick_device

DEVICE = pick_device(os.environ.get("ESPALIER_TEST_DEVICE", "cpu"))

if DEVICE.type == "cuda":
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.backends.cudnn.allow_tf32 = False
