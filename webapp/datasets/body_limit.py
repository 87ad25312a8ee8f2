"""ASGI: a request body that no form would take is refused before it fills the disk.

Django's ASGI handler writes the whole body to a temporary file before any view can refuse it.
"""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from webapp.datasets.limits import upload_limit_bytes
from webapp.datasets.uploads import too_large

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[Any]]

_UPLOADS = (
    "/datasets/upload/",
    "/api/v1/datasets/",
    "/start-networks/",
    "/api/v1/start-networks/",
)
_OTHERS_BYTES = 16 << 20
_FORM_BYTES = 1 << 20


class BodyLimit:
    """Wraps an ASGI application: 413 by the declared length, a cut connection by the real one."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = upload_limit_bytes() if scope["path"] in _UPLOADS else _OTHERS_BYTES
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > limit + _FORM_BYTES:
            await _refuse(send, limit)
            return
        await self.app(scope, _counted(receive, limit + _FORM_BYTES), send)


def _counted(receive: Receive, limit: int) -> Receive:
    received = 0

    async def counted() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        return {"type": "http.disconnect"} if received > limit else message

    return counted


async def _refuse(send: Send, limit: int) -> None:
    body = json.dumps(too_large(limit).body()).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})
