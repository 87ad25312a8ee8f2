"""A browser's socket, through the real ASGI application."""

# mypy: disable-error-code="no-untyped-call"
# (asgiref's test communicator has no annotations)

import asyncio
import contextlib
import json
from typing import Any

from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.test import Client

from tests.webapp.conftest import browser
from webapp.accounts.models import User
from webapp.asgi import application


class Socket(ApplicationCommunicator):
    """A socket that is signed in as the client is.

    Not Channels' own communicator: its package imports daphne, another server.
    """

    def __init__(self, client: Client, path: str, after: int = 0) -> None:
        cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
        scope = {
            "type": "websocket",
            "path": path,
            "query_string": f"after={after}".encode(),
            "headers": [(b"cookie", cookies.encode()), (b"host", b"localhost")],
            "subprotocols": [],
        }
        super().__init__(application, scope)

    async def connect(self) -> None:
        await self.send_input({"type": "websocket.connect"})
        assert (await self.receive_output(timeout=5))["type"] == "websocket.accept"

    async def disconnect(self) -> None:
        await self.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.wait(timeout=5)

    async def send_to(self, text: str) -> None:
        await self.send_input({"type": "websocket.receive", "text": text})

    async def receive_from(self, timeout: float) -> str:
        return str((await self.receive_output(timeout=timeout))["text"])

    async def any_frame(self) -> dict[str, Any]:
        """The next frame, whatever it is."""
        found: dict[str, Any] = json.loads(await self.receive_from(timeout=5))
        return found

    async def frame(self) -> dict[str, Any]:
        """The next frame, heartbeats left out."""
        while True:
            frame = await self.any_frame()
            if frame["type"] != "heartbeat":
                return frame

    async def hears_nothing(self, timeout: float) -> bool:
        """Whether no frame but heartbeats comes for so many seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while (await self.any_frame())["type"] == "heartbeat":
                    pass
                return False
        return True

    async def closed_with(self) -> int:
        while True:
            output = await self.receive_output(timeout=5)
            if output["type"] == "websocket.close":
                return int(output["code"])


async def signed_in(user: User | None) -> Client:
    return await sync_to_async(browser)(user)


async def opened(user: User | None, path: str, after: int = 0) -> Socket:
    """A socket that has been accepted; it may be closed at once."""
    socket = Socket(await signed_in(user), path, after)
    await socket.connect()
    return socket
