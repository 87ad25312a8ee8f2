"""Runs something in a process of its own, with limits on memory and time. Worker side.

For files of users, and for libraries that cannot be asked to stop and leave much in memory: a
process can be killed, and gives everything back. `child` says what the two say to each other.
"""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import IO, Any

from django.conf import settings

from webapp.work.causes import WorkDelayed
from webapp.work.runner import Hold, WorkRefused, WorkStopped

LOOK_SECONDS = 0.2
KILLED = "It was ended by the system, most likely because memory ran out."
TOO_SLOW = "It took longer than the {limit:,} seconds that this server allows."
# Who opens a stranger's file need not know where the database is, nor other files.
_SECRETS = (
    "ESPALIER_SECRET_KEY",
    "ESPALIER_DATABASE_URL",
    "ESPALIER_REDIS_URL",
    "ESPALIER_S3_ACCESS_KEY",
    "ESPALIER_S3_SECRET_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
)

Lines = queue.SimpleQueue[str | None]


class ProcessBroke(Exception):
    """A bug: the process ended without an answer."""


def run(task: str, request: Mapping[str, Any], hold: Hold[Any]) -> Any:
    """Have a function called with the request, in a process of its own; what it returns.

    Args:
        task: `package.module:function`, of `child.Task`'s kind.
        hold: that hears of its progress, and says when to stop.

    Raises:
        WorkRefused: the engine refused, or a limit was reached.
        WorkDelayed: what it needs is not there now.
        WorkStopped: the work was given up; the process has been killed.
        ProcessBroke: a bug.
    """
    started = time.monotonic()
    with TemporaryFile() as log, _started(task, request, log) as process:
        answer = _answer(process, hold, started)
        if answer is None:
            raise _ended_early(process.wait(), time.monotonic() - started, log)
    if "refused" in answer:
        raise WorkRefused(answer["refused"], answer["code"])
    if "delayed" in answer:
        raise WorkDelayed(answer["delayed"])
    return answer["answer"]


def environment() -> dict[str, str]:
    """Variables for a process that opens a stranger's file: none of our secrets among them."""
    kept = {name: value for name, value in os.environ.items() if name not in _SECRETS}
    # One thread and two arenas, since each would map memory of its own; and no GPU.
    return kept | {"OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2", "CUDA_VISIBLE_DEVICES": ""}


@contextmanager
def _started(
    task: str, request: Mapping[str, Any], log: IO[bytes]
) -> Iterator["subprocess.Popen[str]"]:
    """The process with its request, killed at the end."""
    limit = str(settings.PROCESS_MEMORY_BYTES)
    process = subprocess.Popen(
        [sys.executable, "-m", "webapp.work.child", task, limit],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        cwd=settings.ROOT,
        env=environment(),
        text=True,
    )
    with process:
        try:
            _send(process, request)
            yield process
        finally:
            process.kill()


def _send(process: "subprocess.Popen[str]", request: Mapping[str, Any]) -> None:
    assert process.stdin is not None
    try:
        json.dump(request, process.stdin)
        process.stdin.close()
    except BrokenPipeError:
        process.stdin = None  # it has died, and is found dead


def _answer(
    process: "subprocess.Popen[str]", hold: Hold[Any], started: float
) -> dict[str, Any] | None:
    """Its last message; None where it ended without one."""
    assert process.stdout is not None
    lines: Lines = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(process.stdout, lines), daemon=True).start()
    while True:
        if hold.should_stop():
            raise WorkStopped
        if time.monotonic() - started >= settings.PROCESS_SECONDS:
            process.kill()
        try:
            line = lines.get(timeout=LOOK_SECONDS)
        except queue.Empty:
            continue
        if line is None:
            return None
        message: dict[str, Any] = json.loads(line)
        if "progress" not in message:
            return message
        hold.tell(message["progress"])


def _listen(stream: IO[str], lines: Lines) -> None:
    try:
        for line in stream:
            lines.put(line)
    finally:
        lines.put(None)


def _ended_early(code: int, seconds: float, log: IO[bytes]) -> Exception:
    if code in (-signal.SIGINT, -signal.SIGTERM):  # its whole group was asked to stop
        return WorkStopped()
    if code == -signal.SIGKILL:
        limit = settings.PROCESS_SECONDS
        if seconds >= limit:
            return WorkRefused(TOO_SLOW.format(limit=limit), "time")
        return WorkRefused(KILLED, "memory")
    log.seek(0)
    said = log.read().decode(errors="replace").strip()
    error = ProcessBroke((said.splitlines() or [f"it ended with status {code}"])[-1])
    error.add_note(said)
    return error
