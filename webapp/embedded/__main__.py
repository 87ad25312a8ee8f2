"""Starts everything on this machine, prints the address, and stops it all at Ctrl-C."""

import asyncio
import fcntl
import os
import signal
import socket
import sys
import urllib.error
import urllib.request
from contextlib import closing
from typing import IO

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from webapp import env, proxies
from webapp.embedded.keep import STOP_SECONDS
from webapp.embedded.processes import HEALTH_PORT, process_lines
from webapp.embedded.supervisor import Supervisor

LOOK_SECONDS = 0.3


def main() -> int:
    # Before anything is there to be stopped, Ctrl-C just ends this.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
    try:
        with _only_one():
            return asyncio.run(_run())
    except ImproperlyConfigured as error:
        sys.exit(str(error))


async def _run() -> int:
    host, port = settings.HOST, settings.PORT
    if unreachable := proxies.missing_for_start():
        sys.exit(unreachable)
    # Two of one thread each do more with small networks than one of two threads.
    usual = min(2, os.cpu_count() or 1)
    cpu_workers = env.integer("ESPALIER_CPU_WORKERS", usual, at_least=1, at_most=64)
    web_processes = env.integer("ESPALIER_WEB_PROCESSES", 1, at_least=1, at_most=64)
    with (settings.VAR / "processes.lock").open("w") as lock:
        lines = process_lines(
            host=host,
            port=port,
            cpu_workers=cpu_workers,
            web_processes=web_processes,
            health_port=settings.HEALTH_PORT,
        )
        supervisor = Supervisor(lines, held=lock.fileno())
        await _wait_for_earlier(lock, supervisor)
        _check_port(host, port, "ESPALIER_PORT")
        for line in lines:
            if HEALTH_PORT in line.environment:
                _check_port("0.0.0.0", int(line.environment[HEALTH_PORT]), HEALTH_PORT)
        supervisor.output.say("Preparing database and static files …")
        if not await supervisor.prepare("webapp.embedded.preparation"):
            return 0 if supervisor.is_asked else 1
        return 0 if await supervisor.run(_announce(supervisor, host, port)) else 1


def _only_one() -> IO[str]:
    """Two of us on one folder would start everything twice."""
    try:
        lock = (settings.VAR / "running.lock").open("w")
    except OSError as error:
        sys.exit(
            f"ESPALIER_VAR must be a folder that can be written, got {settings.VAR}"
            f" ({error.strerror})"
        )
    if not _lock(lock):
        sys.exit(f"Espalier is running already on {settings.VAR}. ESPALIER_VAR names another.")
    return lock


async def _wait_for_earlier(lock: IO[str], supervisor: Supervisor) -> None:
    """Where an earlier one of us was killed, its processes notice, and are gone soon."""
    looks = 0
    while not _lock(lock) and not supervisor.is_asked:
        if looks == 0:
            supervisor.output.say("Waiting for the processes of an earlier start to end …")
        if looks * LOOK_SECONDS > STOP_SECONDS + 10:
            sys.exit(f"Processes of an earlier start on {settings.VAR} do not end.")
        looks += 1
        await asyncio.sleep(LOOK_SECONDS)


def _lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _check_port(host: str, port: int, name: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with closing(socket.socket(family)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            sys.exit(f"Port {port} of {host}: {error.strerror}. {name} names another.")


async def _announce(supervisor: Supervisor, host: str, port: int) -> None:
    """Say the address once somebody answers there."""
    name = "localhost" if host in ("0.0.0.0", "::", "127.0.0.1") else host
    reached = "127.0.0.1" if host in ("0.0.0.0", "::") else host
    while not await asyncio.to_thread(_answers, f"http://{reached}:{port}/readyz"):
        await asyncio.sleep(LOOK_SECONDS)
    where = (
        f"waits for its proxy at {host}:{port}"
        if settings.HTTPS
        else (f"is at http://{name}:{port}/")
    )
    supervisor.output.say(f"\n  Espalier {where}   (Ctrl-C stops it)\n")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except urllib.error.HTTPError:
        return True  # it is there: what it says is the page's to show
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main())
