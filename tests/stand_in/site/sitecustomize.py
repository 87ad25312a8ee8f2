"""Runs first in a process on the stand-in: torch without cuDNN, and with gloo in NCCL's place."""

import importlib.abc
import importlib.util
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


class OnStandIn(importlib.abc.MetaPathFinder):
    """Changes torch when it has been imported."""

    def find_spec(self, name: str, path: Any, target: Any = None) -> ModuleSpec | None:
        if name != "torch":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec("torch")
        assert spec is not None and spec.loader is not None
        run = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            run(module)
            module.backends.cudnn.enabled = False
            distributed: Any = importlib.import_module("torch.distributed")
            begin = distributed.init_process_group

            def init_process_group(backend: str | None = None, **options: Any) -> None:
                begin("gloo" if backend == "nccl" else backend, **options)

            distributed.init_process_group = init_process_group

        vars(spec.loader)["exec_module"] = exec_module
        return spec


sys.meta_path.insert(0, OnStandIn())
