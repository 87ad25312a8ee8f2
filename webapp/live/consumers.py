"""Sockets: they say who may watch, then pass on what the hub gives."""

import asyncio
import contextlib
import json
from typing import Any
from urllib.parse import parse_qs

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from webapp.live import permissions
from webapp.live.hub import hub
from webapp.live.registry import ListKind, TopicKind
from webapp.live.topics import Topic
from webapp.live.watchers import Watcher

MALFORMED = "Send JSON: an object whose type is “ping”."


class LiveConsumer(AsyncWebsocketConsumer):
    """`/ws/<path>/<id>/?after=<sequence>` of a topic, `/ws/lists/<path>/?after=<ms>` of a list."""

    # None is configured under this name. All news comes from the hub, so a socket needs no mailbox
    # of its own in Redis, and opens where Redis is down.
    channel_layer_alias = "none"
    watcher: Watcher | None = None
    sender: "asyncio.Task[None] | None" = None

    def __init__(self, kind: TopicKind | ListKind) -> None:
        super().__init__()
        self.kind = kind

    async def connect(self) -> None:
        await self.accept()  # before a refusal, too: a browser sees no code of an unopened socket
        watcher = await database_sync_to_async(self._watcher)()
        verdicts = await database_sync_to_async(permissions.judge)([watcher.key])
        verdict = verdicts[watcher.key]
        if verdict.code:
            await self.close(verdict.code)
            return
        watcher.owns = verdict.owns
        self.watcher = watcher
        self.sender = asyncio.create_task(self._send(watcher))
        hub().add(watcher)

    async def disconnect(self, code: int) -> None:
        if self.watcher is not None and self.sender is not None:
            hub().remove(self.watcher)
            self.sender.cancel()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """A ping is answered, so that a browser can tell a dead line from a quiet topic."""
        if self.watcher is None:
            return
        is_ping = _type_of(text_data) == "ping"
        error = json.dumps({"type": "error", "message": MALFORMED})
        await self.send(self.watcher.heartbeat if is_ping else error)

    async def _send(self, watcher: Watcher) -> None:
        while True:
            frame = await watcher.frames.get()
            if isinstance(frame, int):
                await self.close(frame)
                return
            with contextlib.suppress(OSError):  # who listened may just be gone
                await self.send(frame)

    def _watcher(self) -> Watcher:
        query = parse_qs(self.scope["query_string"].decode("ascii", "replace"))
        after = query.get("after", ["0"])[0]
        user = self.scope["user"]
        return Watcher(
            subject=self._subject(),
            user_id=(user and user.pk) or 0,
            session_key=self.scope["session"].session_key or "",
            seen=int(after) if after.isdecimal() and len(after) < 16 else 0,
        )

    def _subject(self) -> Topic | ListKind:
        if isinstance(self.kind, ListKind):
            return self.kind
        return self.kind.topic(int(self.scope["url_route"]["kwargs"][self.kind.id_name]))


def _type_of(text: str | None) -> object:
    try:
        message: Any = json.loads((text or "")[:1000])
    except (ValueError, RecursionError):
        return None
    return message.get("type") if isinstance(message, dict) else None
