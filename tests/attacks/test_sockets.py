"""Sockets say neither what there is nor what went wrong; whatever is sent to one has an answer."""

# mypy: disable-error-code="no-untyped-call"
# (asgiref's test communicator has no annotations)

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.webapp.live.sockets import opened
from webapp.accounts.models import User

PLACES = {
    "searches": "search_id",
    "datasets": "dataset_id",
    "checkpoints": "checkpoint_id",
    "start-networks": "network_id",
}
MALFORMED = ("[" * 1000, "[" * 100_000, "{", "null", '"ping"', "7", '{"type": ["ping"]}', "\0", "")


@pytest.mark.django_db(transaction=True)
async def test_sockets_tell_nobody_what_there_is_and_answer_whatever_is_sent(
    people: Mapping[str, User | None], arguments: Mapping[str, Any]
) -> None:
    for path, name in PLACES.items():
        for number in (arguments[name], 999_999, 10**15 - 1):
            socket = await opened(people["stranger"], f"/ws/{path}/{number}/")
            assert await socket.closed_with() == 4404
    socket = await opened(people["owner"], f"/ws/searches/{arguments['search_id']}/")
    for text in MALFORMED:
        await socket.send_to(text)
        while (answer := await socket.frame())["type"] != "error":
            pass
        assert "JSON" in answer["message"]
    await socket.send_input({"type": "websocket.receive", "bytes": b"\x00\xff"})
    while (await socket.frame())["type"] != "error":
        pass
    await socket.send_to(json.dumps({"type": "ping"}))
    assert (await socket.any_frame())["type"] in ("heartbeat", "events")
    await socket.disconnect()
