"""Starts a keeper for each process, passes on what they say, and ends them all together."""

import asyncio
import os
import signal
import subprocess
import sys
from asyncio.subprocess import Process
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any

from django.conf import settings

from search_engine.process_life import die_with_parent
from webapp.embedded.keep import STOP_SECONDS
from webapp.embedded.output import Output
from webapp.embedded.processes import ProcessLine

KEEPER_SECONDS = STOP_SECONDS + 5.0
LONGEST_LINE_BYTES = 1 << 20


class Supervisor:
    """What `make run` is: it lives until it is asked to stop, or nobody reads what it says.

    Args:
        held: a file descriptor that every keeper keeps open, so that its lock tells of them.
    """

    def __init__(self, lines: Sequence[ProcessLine], held: int) -> None:
        self._lines, self._held = lines, held
        self._asked = asyncio.Event()
        self._keepers: list[Process] = []
        width = max(len(line.name) for line in lines)
        as_json = settings.LOG_FORMAT == "json"
        self.output = Output(sys.stdout, self._asked.set, width, as_json=as_json)
        self._heed_signals()
        self.output.watch()

    async def prepare(self, module: str) -> bool:
        """Run a module to its end; whether it got there, and nobody asked to stop."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, start_new_session=True, preexec_fn=die_with_parent
        )
        ended = asyncio.create_task(process.wait())
        await self._until_asked(ended)
        if not ended.done():
            with suppress(ProcessLookupError):
                process.terminate()
        return await ended == 0

    async def run(self, beside: Coroutine[Any, Any, None]) -> bool:
        """Start everything; whether it ended because that was asked."""
        beside_it = asyncio.create_task(beside)
        watched = [asyncio.create_task(self._watch(line)) for line in self._lines]
        await self._until_asked(*watched)
        beside_it.cancel()
        was_asked = self._asked.is_set()
        self.output.say("Stopping: steps of training that are under way end first …")
        self._asked.set()
        self._close_keepers()
        await asyncio.wait(watched, timeout=KEEPER_SECONDS)
        for task in watched:
            task.cancel()
        for keeper in self._keepers:
            with suppress(ProcessLookupError):
                keeper.kill()  # one that hangs: its command dies with it
        return was_asked

    @property
    def is_asked(self) -> bool:
        return self._asked.is_set()

    async def _watch(self, line: ProcessLine) -> None:
        """One keeper, from its start to its end."""
        keeper = await self._start(line)
        self._keepers.append(keeper)
        if self._asked.is_set():
            self._close_keepers()
        self.output.say_of(line.name, "started")
        await self._pass_on(line.name, keeper)
        code = await keeper.wait()
        self.output.say_of(line.name, "stopped" if code == 0 else f"stopped with {code}")

    async def _start(self, line: ProcessLine) -> Process:
        return await asyncio.create_subprocess_exec(
            *line.keeper,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # What was made here, such as the secret key, is in files that they read, too.
            env={**os.environ, "PYTHONUNBUFFERED": "1", **line.keeper_environment},
            start_new_session=True,
            pass_fds=(self._held,),
            limit=LONGEST_LINE_BYTES,
        )

    async def _pass_on(self, name: str, keeper: Process) -> None:
        assert keeper.stdout is not None
        while True:
            try:
                text = await keeper.stdout.readline()
            except ValueError:  # longer than any line of ours
                continue
            if not text:
                return
            self.output.say_of(name, text.decode(errors="replace").rstrip())

    def _close_keepers(self) -> None:
        for keeper in self._keepers:
            assert keeper.stdin is not None
            keeper.stdin.close()

    async def _until_asked(self, *others: "asyncio.Task[Any]") -> None:
        asked = asyncio.create_task(self._asked.wait())
        await asyncio.wait({asked, *others}, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()

    def _heed_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # Who starts it with nohup wants it to outlive the terminal.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                loop.add_signal_handler(number, self._asked.set)
