"""Who may open which socket. Sockets come from the application's own routes."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.webapp.access.addresses import address as filled
from tests.webapp.access.addresses import plain
from tests.webapp.access.table import SOCKETS
from tests.webapp.live.sockets import opened
from webapp.accounts.models import User
from webapp.asgi import denied, routes


def test_every_socket_is_in_the_table_and_the_table_has_no_other() -> None:
    found = {plain(str(route.pattern)) for route in routes if route.callback is not denied}
    unknown = sorted(found - set(SOCKETS))
    assert not unknown, f"say in tests/webapp/access/table.py who may open: {unknown}"
    assert set(SOCKETS) == found


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("who", ["owner", "shared", "stranger", "nobody"])
async def test_every_socket_is_open_to_whom_the_table_says(
    who: str, people: Mapping[str, User | None], arguments: Mapping[str, Any]
) -> None:
    for address, codes in SOCKETS.items():
        socket = await opened(people[who], filled(address, arguments))
        expected = codes[who]
        if expected is not None:
            assert await socket.closed_with() == expected, address
            continue
        await socket.send_to('{"type": "ping"}')
        assert (await socket.any_frame())["type"] in ("heartbeat", "events", "changed"), address
        await socket.disconnect()
