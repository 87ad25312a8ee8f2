"""A CUDA runtime that computes nothing, so that torch's host side runs without a GPU.

Memory is the host's, copies are made, kernels do nothing; what may be recorded follows NVIDIA's
rules. What kernels would have computed is not to be believed, how often they were launched is.
It stands in for the runtime of torch's wheels with CUDA 13, and needs gcc.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).parent
ROOT = SOURCE.parents[1]


class StandIn:
    """Built into a folder.

    Args:
        headers: CUDA's, as they come with torch.
    """

    def __init__(self, folder: Path, headers: Path) -> None:
        self._folder = folder
        (folder / "lib").mkdir(parents=True)
        self._build("libfakecudart.so", "fake_cudart.c", f"-I{SOURCE}", f"-I{headers}", "-lpthread")
        self._build("lib/libcuda.so.1", "cuda_stub.c", "-Wl,-soname,libcuda.so.1")

    def _build(self, library: str, source: str, *options: str) -> None:
        out = str(self._folder / library)
        command = ["gcc", "-O1", "-w", "-shared", "-fPIC", "-o", out, str(SOURCE / source)]
        subprocess.run([*command, *options], check=True)

    def environment(self, *, devices: int = 1, capability: int = 90, **more: str) -> dict[str, str]:
        """Of a process that shall find so many cards of this compute capability."""
        path = os.pathsep.join([str(SOURCE / "site"), str(ROOT)])
        kept = {name: text for name, text in os.environ.items() if name != "CUDA_VISIBLE_DEVICES"}
        return kept | {
            "PATH": f"{SOURCE / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": path,
            "LD_LIBRARY_PATH": str(self._folder / "lib"),
            "LD_PRELOAD": str(self._folder / "libfakecudart.so"),
            "OMP_NUM_THREADS": "1",
            "FAKE_CUDA_DEVICES": str(devices),
            "FAKE_CUDA_CC": str(capability),
            **more,
        }

    def play(self, *scenes: str, devices: int = 1, capability: int = 90, **more: str) -> Any:
        """What scenes of `tests.stand_in.scenes` return, by name, of one process that plays them.

        Args:
            more: variables of the environment.
        """
        answer = subprocess.run(
            [sys.executable, "-m", "tests.stand_in.scenes", *scenes],
            env=self.environment(devices=devices, capability=capability, **more),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert answer.returncode == 0, answer.stderr[-3000:]
        return json.loads(answer.stdout.splitlines()[-1])


def headers() -> Path | None:
    """CUDA's, where torch's wheel is one that this can stand in for."""
    import torch

    place = Path(torch.__file__).parents[1] / "nvidia" / "cu13" / "include"
    return place if (place / "driver_types.h").exists() else None


def lacking() -> str:
    """What is missing to build it; empty where nothing is."""
    if shutil.which("gcc") is None:
        return "gcc, with which the stand-in CUDA runtime is built"
    if headers() is None:
        return "a torch with CUDA 13, whose runtime the stand-in could take the place of"
    return ""
