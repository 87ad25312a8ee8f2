"""A search page's socket: says who may watch, then passes on what the hub gives."""

import asyncio
import contextlib
import json
from typing import Any
from urllib.parse import parse_qs

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from webapp.searches import rights
from webapp.searches.hub import Watcher, hub


class SearchConsumer(AsyncWebsocketConsumer):
    """/ws/searches/<id>/?after=<sequence>"""

    # None is configured under this name. All news comes from the hub, so a socket needs no mailbox
    # of its own in Redis, and opens where Redis is down.
    channel_layer_alias = "none"
    watcher: Watcher | None = None
    sender: "asyncio.Task[None] | None" = None

    async def connect(self) -> None:
        await self.accept()  # before a refusal, too: a browser sees no code of an unopened socket
        self.watcher = await database_sync_to_async(self._watcher)()
        codes = await database_sync_to_async(rights.refused)([self._key(self.watcher)])
        for code in codes.values():
            await self.close(code)
        if not codes:
            self.sender = asyncio.create_task(self._send(self.watcher))
            hub().add(self.watcher)

    async def disconnect(self, code: int) -> None:
        if self.watcher is not None and self.sender is not None:
            hub().remove(self.watcher)
            self.sender.cancel()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """A ping is answered, so that a browser can tell a dead line from a quiet search."""
        with contextlib.suppress(ValueError):
            message: Any = json.loads((text_data or "")[:1000])
            if isinstance(message, dict) and message.get("type") == "ping" and self.watcher:
                sequence = self.watcher.seen
                await self.send(json.dumps({"type": "heartbeat", "sequence": sequence}))

    async def _send(self, watcher: Watcher) -> None:
        while True:
            frame = await watcher.frames.get()
            if isinstance(frame, int):
                await self.close(frame)
                return
            await self.send(frame)

    def _watcher(self) -> Watcher:
        query = parse_qs(self.scope["query_string"].decode("ascii", "replace"))
        after = query.get("after", ["0"])[0]
        user = self.scope["user"]
        return Watcher(
            search_id=int(self.scope["url_route"]["kwargs"]["search_id"]),
            user_id=(user and user.pk) or 0,
            session_key=self.scope["session"].session_key or "",
            seen=int(after) if after.isdecimal() and len(after) < 16 else 0,
        )

    @staticmethod
    def _key(watcher: Watcher) -> rights.Key:
        return watcher.search_id, watcher.user_id, watcher.session_key
