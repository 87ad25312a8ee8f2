"""Requests to the ASGI application, part by part, as a server hands them over."""

import asyncio
import json
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from asgiref.sync import async_to_sync
from django.core.handlers.asgi import ASGIHandler
from django.urls import set_script_prefix

from webapp.bodies import BodyGuard
from webapp.proxies import TrustedProxies

Message = MutableMapping[str, Any]


@dataclass
class Answer:
    """What came back, and how many bytes of the body Django was given."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    taken: int = 0

    def json(self) -> Any:
        return json.loads(self.body)


def ask(
    path: str,
    chunks: Iterable[bytes] = (b"",),
    *,
    declared: int | None = None,
    headers: Mapping[str, str] | None = None,
    stalls: bool = False,
    method: str = "POST",
    client: str = "127.0.0.1",
    root_path: str = "",
) -> Answer:
    """Send a request in the thread of the test, which sees the test's rows.

    Args:
        chunks: of the body.
        declared: its length, as the headers say; None where it is sent in chunks.
        headers: beside these.
        stalls: whether nothing follows the chunks, although more was announced.
        client: from where the connection is.
        root_path: below which the server believes to be.
    """
    length = {"Transfer-Encoding": "chunked"} if declared is None else {"Content-Length": declared}
    usual = {"Host": "localhost", "Content-Type": "application/octet-stream", **length}
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "scheme": "http",
        "http_version": "1.1",
        "client": (client, 50_000),
        "root_path": root_path,
        "server": ("localhost", 8000),
        "headers": [
            (name.lower().encode(), str(value).encode("latin1"))
            for name, value in {**usual, **(headers or {})}.items()
        ],
    }
    answer = Answer()
    waiting = list(chunks)

    async def receive() -> Message:
        if not waiting:
            await asyncio.Event().wait()  # the client waits for its answer, or does nothing
        body = waiting.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(waiting) or stalls}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {n.decode().title(): v.decode() for n, v in message["headers"]}
        else:
            answer.body += message.get("body", b"")

    async def counted(scope: Message, receive: Any, send: Any) -> None:
        async def taking() -> Message:
            message: Message = await receive()
            answer.taken += len(message.get("body", b""))
            return message

        await pages(dict(scope), taking, send)

    pages = ASGIHandler()  # with the settings of now
    try:
        async_to_sync(TrustedProxies(BodyGuard(counted)))(scope, receive, send)
    finally:
        set_script_prefix("/")  # a server sets it for each request, in that request's thread
    return answer
