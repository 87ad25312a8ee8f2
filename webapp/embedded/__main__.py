"""Starts everything on this machine, prints the address, and stops it all at Ctrl-C."""

import fcntl
import os
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from contextlib import closing
from typing import IO

import honcho.manager
from django.conf import settings

from webapp import env
from webapp.embedded.processes import process_lines

STOP_SECONDS = 20  # long enough for a step of training to end, and its state to be written
CTRL_C = 130


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
    host, port = env.text("ESPALIER_HOST", "127.0.0.1"), settings.PORT
    cpu_workers = env.integer("ESPALIER_CPU_WORKERS", 1, at_least=1, at_most=64)
    with _only_one():
        _check_port(host, port)
        _say("Preparing database and static files …")
        if subprocess.run([sys.executable, "-m", "webapp.embedded.preparation"]).returncode:
            return 1
        manager = _manager(host, port, cpu_workers)
        _announce_when_ready(host, port)
        manager.loop()
    return 0 if manager.returncode == CTRL_C else int(manager.returncode or 0)


def _manager(host: str, port: int, cpu_workers: int) -> honcho.manager.Manager:
    honcho.manager.KILL_WAIT = STOP_SECONDS
    manager = honcho.manager.Manager()
    # What was made here, such as the secret key, is in files that they read, too.
    base = {**os.environ, "PYTHONUNBUFFERED": "1"}
    for line in process_lines(host=host, port=port, cpu_workers=cpu_workers):
        manager.add_process(line.name, line.keeper, env={**base, **line.keeper_environment})
    return manager


def _only_one() -> IO[str]:
    """Two of us on one folder would start everything twice."""
    lock = (settings.VAR / "running.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"Espalier is running already on {settings.VAR}. ESPALIER_VAR names another.")
    return lock


def _check_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with closing(socket.socket(family)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            sys.exit(f"Port {port} of {host}: {error.strerror}. ESPALIER_PORT names another.")


def _announce_when_ready(host: str, port: int) -> None:
    name = "localhost" if host in ("0.0.0.0", "::", "127.0.0.1") else host
    address = f"http://{name}:{port}/"
    threading.Thread(target=_announce, args=(host, port, address), daemon=True).start()


def _announce(host: str, port: int, address: str) -> None:
    reached = "127.0.0.1" if host in ("0.0.0.0", "::") else host
    waiting = threading.Event()
    while not _answers(f"http://{reached}:{port}/healthz"):
        waiting.wait(0.3)
    _say(f"\n  Espalier is at {address}   (Ctrl-C stops it)\n")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except urllib.error.HTTPError:
        return True  # it is there: what it says is the page's to show
    except OSError:
        return False


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
