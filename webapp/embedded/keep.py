"""Keeps the command in ESPALIER_KEPT_COMMAND running: `python -m webapp.embedded.keep NAME`.

The command is not among the arguments, so that who kills a worker by its command line kills that.
A command that dies is started again, and what it was doing is found by recovery. The keeper lives
while its standard input is open: who started it holds the other end, and when that is closed, or
its holder dies, of SIGKILL too, the keeper ends the command and all that came of it.
"""

import asyncio
import os
import shlex
import signal
import subprocess
import sys
from contextlib import suppress

from search_engine.process_life import die_with_parent

KEPT_COMMAND = "ESPALIER_KEPT_COMMAND"
STOP_SECONDS = 20.0  # long enough for a step of training to end, and its state to be written
SHORTEST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
HEALTHY_SECONDS = 60.0


def pause_after(pause_seconds: float, lived_seconds: float) -> float:
    """How long to wait this time: twice as long as last time, while it dies young."""
    if lived_seconds >= HEALTHY_SECONDS:
        return SHORTEST_PAUSE_SECONDS
    return min(LONGEST_PAUSE_SECONDS, max(SHORTEST_PAUSE_SECONDS, 2 * pause_seconds))


async def keep_running(name: str, command: list[str]) -> None:
    """Until it is asked to stop, by a signal or by the end of its standard input."""
    loop, asked, pause = asyncio.get_running_loop(), _asked(), 0.0
    while not asked.is_set():
        started = loop.time()
        code = await _live(name, command, asked)
        if asked.is_set():
            return
        pause = pause_after(pause, loop.time() - started)
        _say(f"{name} ended with {code}; starting again in {pause:.0f} s")
        with suppress(TimeoutError):
            await asyncio.wait_for(asked.wait(), pause)


def _asked() -> asyncio.Event:
    asked, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)

    def read() -> None:
        if not os.read(sys.stdin.fileno(), 1024):
            loop.remove_reader(sys.stdin)
            asked.set()

    loop.add_reader(sys.stdin, read)
    return asked


async def _live(name: str, command: list[str], asked: asyncio.Event) -> int:
    """One life of the command, which ends by itself, or soon after it is asked to; its status."""
    process = await asyncio.create_subprocess_exec(
        *command, stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=die_with_parent
    )
    ended = asyncio.create_task(process.wait())
    stop = asyncio.create_task(asked.wait())
    await asyncio.wait({ended, stop}, return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if not ended.done():
        with suppress(ProcessLookupError):
            process.terminate()
        await asyncio.wait({ended}, timeout=STOP_SECONDS)
        if not ended.done():
            _say(f"{name} had not ended after {STOP_SECONDS:.0f} s, and is killed")
    _kill_group(process.pid)
    return await ended


def _kill_group(leader: int) -> None:
    """Nothing of a life is left when the next begins."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def _say(text: str) -> None:
    with suppress(OSError):  # who listened may be gone
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(keep_running(sys.argv[1], shlex.split(os.environ[KEPT_COMMAND])))
