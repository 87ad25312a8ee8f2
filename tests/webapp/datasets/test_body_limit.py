"""A body that no form would take is refused before it is written to disk."""

import json
from collections.abc import MutableMapping
from typing import Any

import pytest

from webapp.datasets.body_limit import BodyLimit

Message = MutableMapping[str, Any]


async def ask(path: str, chunks: list[bytes], declared: int | None) -> tuple[list[Message], int]:
    """What was sent, and how many bytes the application was given."""
    headers = [] if declared is None else [(b"content-length", str(declared).encode())]
    waiting, sent, taken = list(chunks), [], 0

    async def receive() -> Message:
        body = waiting.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(waiting)}

    async def send(message: Message) -> None:
        sent.append(message)

    async def app(scope: Message, receive: Any, send: Any) -> None:
        nonlocal taken
        while (message := await receive())["type"] == "http.request":
            taken += len(message["body"])
            if not message["more_body"]:
                await send({"type": "http.response.start", "status": 200, "headers": []})
                return

    await BodyLimit(app)({"type": "http", "path": path, "headers": headers}, receive, send)
    return sent, taken


@pytest.fixture(autouse=True)
def limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESPALIER_UPLOAD_LIMIT_BYTES", str(32 << 20))


async def test_a_declared_length_over_the_limit_is_refused_unread() -> None:
    sent, taken = await ask("/datasets/upload/", [b"x"], 64 << 20)
    assert (sent[0]["status"], taken) == (413, 0)
    assert set(json.loads(sent[1]["body"])) == {"message", "code", "fields"}


async def test_more_than_was_declared_cuts_the_connection() -> None:
    sent, taken = await ask("/datasets/upload/", [bytes(16 << 20)] * 4, None)
    assert (sent, taken) == ([], 32 << 20)


async def test_an_upload_within_the_limit_passes() -> None:
    sent, _ = await ask("/api/v1/datasets/", [bytes(16 << 20)] * 2, 32 << 20)
    assert sent[0]["status"] == 200


async def test_other_pages_take_far_less() -> None:
    sent, _ = await ask("/sign-in/", [b"x"], 20 << 20)
    assert sent[0]["status"] == 413
