"""Which WebSocket handshakes the application lets in at all."""

from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator

from webapp.asgi import application
from webapp.live.permissions import is_same_origin


def handshake(**headers: str) -> dict[str, list[tuple[bytes, bytes]]]:
    return {"headers": [(name.encode(), value.encode()) for name, value in headers.items()]}


@pytest.mark.parametrize(
    ("headers", "let_in"),
    [
        ({"host": "localhost:8000", "origin": "http://localhost:8000"}, True),
        ({"host": "localhost:8000", "origin": "https://localhost:8000"}, True),
        ({"host": "localhost:8000", "origin": "http://localhost:9999"}, False),
        ({"host": "localhost:8000", "origin": "https://evil.example"}, False),
        ({"host": "localhost:8000", "origin": "null"}, False),
        ({"host": "evil.example", "origin": "http://evil.example"}, False),
        ({"host": "evil.example"}, False),
        ({"host": "localhost:8000"}, True),
    ],
)
def test_only_our_own_pages_open_sockets(headers: dict[str, str], let_in: bool) -> None:
    assert is_same_origin(handshake(**headers)) is let_in


async def is_accepted(path: str, origin: str) -> bool:
    # Not Channels' own communicator: its package imports daphne, another server.
    headers = [(b"host", b"localhost"), (b"origin", origin.encode())]
    scope = {"type": "websocket", "path": path, "query_string": b"", "headers": headers}
    communicator: Any = ApplicationCommunicator
    socket = communicator(application, {**scope, "subprotocols": []})
    await socket.send_input({"type": "websocket.connect"})
    answer = await socket.receive_output()
    await socket.wait()
    return bool(answer["type"] == "websocket.accept")


@pytest.mark.django_db(transaction=True)
async def test_a_page_of_another_origin_is_refused_by_the_application() -> None:
    assert not await is_accepted("/ws/searches/1/", "https://evil.example")


@pytest.mark.django_db(transaction=True)
async def test_an_address_without_a_socket_is_refused() -> None:
    assert not await is_accepted("/ws/nothing/", "http://localhost")
