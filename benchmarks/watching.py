"""Watchers of a search: sockets in processes of their own, which note when they hear of what."""

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection

from websockets.asyncio.client import ClientConnection, connect

PROCESSES = 2
PATIENCE_SECONDS = 30
CONNECTING_AT_ONCE = 20

Heard = list[tuple[float, int]]
"""When, in seconds since 1970, a watcher knew of all events up to which sequence."""


@dataclass(frozen=True)
class Watchers:
    """Open sockets in other processes."""

    pipes: list["Connection[object, object]"]

    def heard_up_to(self, sequence: int) -> list[Heard]:
        """What each of them has heard, once all know of this event or patience is at its end."""
        for pipe in self.pipes:
            pipe.send(sequence)
        found: list[Heard] = []
        for pipe in self.pipes:
            answer = pipe.recv()
            assert isinstance(answer, list)
            found += answer
        return found


@contextmanager
def watching(address: str, search_id: int, after: int, keys: Sequence[str]) -> Iterator[Watchers]:
    """Open a socket for each session, shared out among a few processes.

    Args:
        address: of the web process.
        search_id: that all of them watch.
        after: sequence from which on.
        keys: of the sessions.
    """
    socket = f"{address.replace('http', 'ws', 1)}/ws/searches/{search_id}/?after={after}"
    context, shares = get_context("spawn"), [keys[i::PROCESSES] for i in range(PROCESSES)]
    with ExitStack() as stack:
        pipes = []
        for share in filter(None, shares):
            ours, theirs = context.Pipe()
            process = context.Process(target=_watch, args=(socket, list(share), theirs))
            process.start()
            stack.callback(process.join)
            stack.callback(ours.send, None)
            pipes.append(ours)
        for pipe in pipes:
            assert pipe.recv() == "connected"
        yield Watchers(pipes)


def _watch(socket: str, keys: list[str], pipe: "Connection[object, object]") -> None:
    asyncio.run(_watch_all(socket, keys, pipe))


async def _watch_all(socket: str, keys: list[str], pipe: "Connection[object, object]") -> None:
    gate = asyncio.Semaphore(CONNECTING_AT_ONCE)
    sockets = await asyncio.gather(*(_connect(socket, key, gate) for key in keys))
    heard: list[Heard] = [[] for _ in sockets]
    listening = [
        asyncio.create_task(_listen(one, notes)) for one, notes in zip(sockets, heard, strict=True)
    ]
    pipe.send("connected")
    loop = asyncio.get_running_loop()
    while (sequence := await loop.run_in_executor(None, pipe.recv)) is not None:
        assert isinstance(sequence, int)
        await _wait_for(sequence, heard)
        pipe.send(heard)
        for notes in heard:
            notes.clear()
    for task in listening:
        task.cancel()
    await asyncio.gather(*(one.close() for one in sockets), return_exceptions=True)


async def _connect(socket: str, key: str, gate: asyncio.Semaphore) -> ClientConnection:
    async with gate:
        return await connect(
            socket,
            additional_headers={"Cookie": f"sessionid={key}"},
            open_timeout=60,
            max_size=None,
        )


async def _listen(socket: ClientConnection, notes: Heard) -> None:
    async for text in socket:
        frame = json.loads(text)
        if frame["type"] == "events":
            notes.append((time.time(), frame["events"][-1]["sequence"]))


async def _wait_for(sequence: int, heard: list[Heard]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if all(notes and notes[-1][1] >= sequence for notes in heard):
            return
        await asyncio.sleep(0.05)
