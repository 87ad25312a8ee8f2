"""Keeps the command in ESPALIER_KEPT_COMMAND running: `python -m webapp.embedded.keep NAME`.

The command is not among the arguments, so that who kills a worker by its command line kills that.
honcho ends all processes when one ends. Of ours, one that dies is started again, and what it was
doing is found by recovery. SIGTERM goes to the whole process group, the command included.
"""

import os
import shlex
import signal
import subprocess
import sys
import threading
import time

KEPT_COMMAND = "ESPALIER_KEPT_COMMAND"
SHORTEST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
HEALTHY_SECONDS = 60.0


def pause_after(pause_seconds: float, lived_seconds: float) -> float:
    """How long to wait this time: twice as long as last time, while it dies young."""
    if lived_seconds >= HEALTHY_SECONDS:
        return SHORTEST_PAUSE_SECONDS
    return min(LONGEST_PAUSE_SECONDS, max(SHORTEST_PAUSE_SECONDS, 2 * pause_seconds))


def keep_running(name: str, command: list[str]) -> None:
    asked = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked.set())
    pause = 0.0
    while not asked.is_set():
        started = time.monotonic()
        code = subprocess.Popen(command).wait()
        if asked.is_set():
            return
        pause = pause_after(pause, time.monotonic() - started)
        _say(f"{name} ended with {code}; starting again in {pause:.0f} s")
        asked.wait(pause)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    keep_running(sys.argv[1], shlex.split(os.environ[KEPT_COMMAND]))
