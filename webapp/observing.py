"""What is seen of every request: how long it took, and under which id the log speaks of it."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from channels.db import database_sync_to_async
from django.http import HttpRequest

from webapp import logs
from webapp.counts import counting
from webapp.counts.instruments import REQUESTS

Message = MutableMapping[str, Any]
App = Callable[[Any, Any, Any], Awaitable[Any]]

SEEN: Final = "espalier.seen"
"""Where a scope has what is noted of its request."""
METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
IN_THE_LOG: Final = {
    "search_id": "search",
    "number": "trial",
    "training_id": "training",
    "dataset_id": "dataset",
    "checkpoint_id": "checkpoint",
    "network_id": "adopted_network",
}
"""What parts of an address name, in the log's words: those of topics and kinds of work."""

logger = logging.getLogger(__name__)


@dataclass
class Seen:
    """What is noted of one request.

    Args:
        id: said in the answer's `X-Request-ID`, and in every line of the log.
        view: the name of the address that answered; empty for static files and what there is not.
        status: of the answer; 500 until there is one.
    """

    id: str
    view: str = ""
    status: int = 500


class Observed:
    """Wraps an ASGI application."""

    def __init__(self, app: App) -> None:
        self.app = app
        self._next = 0.0
        self._writing: asyncio.Future[None] | None = None

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        seen = Seen(uuid4().hex[:12])
        with logs.about(request=seen.id):
            if scope["type"] == "http":
                await self._http({**scope, SEEN: seen}, receive, send, seen)
            else:
                await self.app(scope, receive, send)
        self._write_soon()

    def _write_soon(self) -> None:
        """Once in a while, and beside the requests: one that waited for it would take longer."""
        now = time.monotonic()
        if now >= self._next:
            self._next = now + counting.WRITE_SECONDS
            asyncio.get_running_loop().call_later(counting.WRITE_SECONDS, self._write)

    def _write(self) -> None:
        self._writing = asyncio.ensure_future(database_sync_to_async(counting.write)())

    async def _http(self, scope: Message, receive: Any, send: Any, seen: Seen) -> None:
        began = time.perf_counter()

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.status = message["status"]
                own = (b"x-request-id", seen.id.encode())
                message = {**message, "headers": [*message.get("headers", ()), own]}
            await send(message)

        try:
            await self.app(scope, receive, noting)
        finally:
            seconds = time.perf_counter() - began
            method = scope["method"] if scope["method"] in METHODS else "other"
            counting.add(REQUESTS, seen.view, method, str(seen.status), amount=seconds)
            told = (scope["method"], scope["path"], seen.status, 1000 * seconds)
            logger.debug("%s %s: %d after %.0f ms", *told)


def request_id(request: HttpRequest) -> str:
    """The id that the log's lines about it carry; empty where no server handed it over."""
    seen: Seen | None = getattr(request, "scope", {}).get(SEEN)
    return seen.id if seen else ""


def note_view(request: HttpRequest) -> None:
    """Note which view a request has come to, and what of ours its address names."""
    seen: Seen | None = getattr(request, "scope", {}).get(SEEN)
    found = request.resolver_match
    if seen is None or found is None:
        return
    seen.view = found.view_name
    named = {IN_THE_LOG[name]: value for name, value in found.kwargs.items() if name in IN_THE_LOG}
    logs.also_about(**named)
