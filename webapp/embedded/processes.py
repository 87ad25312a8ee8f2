"""The processes of one machine: those of the Procfile, with a worker for each device."""

import os
import re
import shlex
import shutil
import sys
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

from search_engine import nvidia
from webapp import env
from webapp.embedded.keep import KEPT_COMMAND
from webapp.workers import devices

# As root Celery warns in ten lines that it should not run as root: containers often do.
QUIET = {"PYTHONWARNINGS": "ignore:You're running the worker with superuser"}
PROCFILE = Path(__file__).parents[2] / "Procfile"
HEALTH_PORT = "ESPALIER_HEALTH_PORT"
MPS = "nvidia-cuda-mps-control"
VARIABLE = re.compile(r"\$\{(\w+):-([^}]*)\}")


@dataclass(frozen=True)
class ProcessLine:
    """A line of the Procfile, with the environment that it gets on top."""

    name: str
    command: str
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def keeper(self) -> list[str]:
        """What starts the command again whenever it dies."""
        return [sys.executable, "-m", "webapp.embedded.keep", self.name]

    @property
    def keeper_environment(self) -> dict[str, str]:
        return {KEPT_COMMAND: self.command, **self.environment}


def process_lines(
    *,
    host: str,
    port: int,
    cpu_workers: int,
    web_processes: int = 1,
    health_port: int | None = None,
) -> list[ProcessLine]:
    """Web, coordinator, clock and workers; what the Procfile has for a release is done before.

    Args:
        cpu_workers: how many train where there is no GPU.
        web_processes: how many answer at that port.
        health_port: where the coordinator says how it is; clock and workers do on those after it.
    """
    commands = _commands(
        {
            "ESPALIER_HOST": host,
            "ESPALIER_PORT": str(port),
            "ESPALIER_WEB_PROCESSES": str(web_processes),
        }
    )
    no_gpu = {"CUDA_VISIBLE_DEVICES": ""}
    one_thread = {**QUIET, **no_gpu, "OMP_NUM_THREADS": "1"}
    lines = [
        ProcessLine("web", commands["web"], no_gpu),
        ProcessLine("cpu", commands["cpu"], one_thread),
        ProcessLine("clock", commands["clock"], one_thread),
        *_workers(commands["gpu"], cpu_workers),
    ]
    return lines if health_port is None else _with_health(lines, health_port)


def _with_health(lines: list[ProcessLine], first: int) -> list[ProcessLine]:
    """With a port for each process of Celery; web has its own, and MPS is not ours."""
    ports = count(first)
    return [
        replace(line, environment={**line.environment, HEALTH_PORT: str(next(ports))})
        if "celery" in line.command
        else line
        for line in lines
    ]


def _commands(given: dict[str, str]) -> dict[str, str]:
    """The Procfile's commands by their names, with what is given in place of variables."""
    text = PROCFILE.read_text(encoding="utf-8")
    filled = VARIABLE.sub(lambda found: given.get(found[1], found[2]), text)
    lines = (line.partition(": ") for line in filled.splitlines())
    python = shlex.quote(sys.executable)
    return {name: re.sub(r"^python\b", lambda _: python, rest) for name, _, rest in lines}


def _workers(command: str, cpu_workers: int) -> list[ProcessLine]:
    """Workers, and before them what lets several work on one GPU at the same time."""
    found = gpus()
    per_gpu = env.integer("ESPALIER_WORKERS_PER_GPU", 1, at_least=1, at_most=64)
    places = [(f"gpu{name}", gpu) for name, gpu in found.named.items()]
    if per_gpu > 1:
        places = [(f"{name}-{n}", gpu) for name, gpu in places for n in range(per_gpu)]
    has_mps = per_gpu > 1 and bool(places) and shutil.which(MPS) is not None
    shared = _mps_environment() if has_mps else {}
    places = places or [(f"cpu{n}", "") for n in range(cpu_workers)]
    threads = str(threads_each(len(places), cores=len(os.sched_getaffinity(0))))
    workers = [
        ProcessLine(
            f"worker-{name}",
            command.replace("gpu@%h", f"{name}@%h"),
            # A number of threads that torch finds when the child imports it, before anything else.
            {
                **QUIET,
                **shared,
                "CUDA_VISIBLE_DEVICES": gpu,
                # As nvidia-smi counts them; by itself CUDA puts the fastest first.
                "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
                "OMP_NUM_THREADS": threads,
                "ESPALIER_TORCH_THREADS": threads,
                devices.GPU_FAULT: "" if gpu else found.fault,
            },
        )
        for name, gpu in places
    ]
    return [*([ProcessLine("mps", f"{MPS} -f", shared)] if has_mps else []), *workers]


def _mps_environment() -> dict[str, str]:
    """Where NVIDIA's Multi-Process Service and those that share a GPU by it find each other."""
    place = settings.VAR / "mps"
    place.mkdir(exist_ok=True)
    folder = str(place)
    return {"CUDA_MPS_PIPE_DIRECTORY": folder, "CUDA_MPS_LOG_DIRECTORY": folder}


class Gpus(NamedTuple):
    """What there is to train on.

    Args:
        named: what CUDA_VISIBLE_DEVICES calls each GPU, by a short name.
        fault: why there is none, where there should be.
    """

    named: dict[str, str]
    fault: str = ""


def gpus() -> Gpus:
    """Those that CUDA_VISIBLE_DEVICES names already, else all there are; none if torch can use
    none of them.
    """
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if nvidia.names_none(visible):
        return Gpus({})
    says = devices.torch_says()
    listed = [gpu.uuid for gpu in nvidia.gpus() or ()] or [uuid for uuid, _ in says.gpus]
    found = list(nvidia.named(visible)) if visible is not None else listed
    if says.faults and len(says.faults) >= max(1, len(says.gpus)):
        return Gpus({}, says.faults[0])
    return Gpus({name if name.isdecimal() else str(n): name for n, name in enumerate(found)})


def threads_each(workers: int, *, cores: int) -> int:
    """Threads of torch for each worker: one core is left over for pages and coordinator.

    More threads than free cores wait for each other: 2 on 2 busy cores ran 4 times slower than 1.
    """
    return max(1, (cores - 1) // workers)
