"""The processes of one machine: web, coordinator, clock, and a worker for each device."""

import os
import shlex
import sys
from dataclasses import dataclass, field

from webapp.embedded.devices import gpus, threads_each
from webapp.embedded.keep import KEPT_COMMAND

WORKER = "--without-gossip --without-mingle --without-heartbeat --loglevel warning"


@dataclass(frozen=True)
class ProcessLine:
    """One line of what would be a Procfile, with the environment that it gets on top."""

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


def process_lines(*, host: str, port: int, cpu_workers: int) -> list[ProcessLine]:
    return [_web(host, port), _coordinator(), _clock(), *_workers(cpu_workers)]


def _web(host: str, port: int) -> ProcessLine:
    options = f"--lifespan off --host {shlex.quote(host)} --port {port} --no-access-log"
    quiet = "--log-level warning --timeout-graceful-shutdown 3"
    # WhiteNoise hands files over synchronously, and Django warns of that at every one.
    command = f"{_python()} -W ignore:StreamingHttpResponse -m uvicorn"
    return ProcessLine("web", f"{command} {options} {quiet} webapp.asgi:application")


def _coordinator() -> ProcessLine:
    pool = "--queues cpu --pool threads --concurrency 2 --hostname cpu@%h"
    return ProcessLine("cpu", f"{_celery()} worker {pool} {WORKER}", {"OMP_NUM_THREADS": "1"})


def _clock() -> ProcessLine:
    return ProcessLine("clock", f"{_celery()} beat --pidfile= --loglevel warning")


def _workers(cpu_workers: int) -> list[ProcessLine]:
    devices = gpus()
    names = [f"gpu{device}" for device in devices] or [f"cpu{n}" for n in range(cpu_workers)]
    threads = str(threads_each(len(names), cores=len(os.sched_getaffinity(0))))
    return [
        _worker(name, devices[index] if devices else "", threads)
        for index, name in enumerate(names)
    ]


def _worker(name: str, device: str, threads: str) -> ProcessLine:
    pool = f"--queues gpu --pool prefork --concurrency 1 --hostname {name}@%h"
    # A number of threads that torch finds when the child imports it, before its first operation.
    environment = {
        "CUDA_VISIBLE_DEVICES": device,
        "OMP_NUM_THREADS": threads,
        "ESPALIER_TORCH_THREADS": threads,
    }
    return ProcessLine(f"worker-{name}", f"{_celery()} worker {pool} {WORKER}", environment)


def _python() -> str:
    return shlex.quote(sys.executable)


def _celery() -> str:
    # As root it warns in ten lines that it should not run as root: containers often do.
    quiet = "-W " + shlex.quote("ignore:You're running the worker with superuser")
    return f"{_python()} {quiet} -m celery --quiet --app webapp.celery"
