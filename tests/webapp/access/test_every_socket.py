"""Who may open which socket. Sockets come from the application's own routes."""

from collections.abc import Mapping

import pytest
from asgiref.sync import sync_to_async

from tests.webapp.access.addresses import plain
from tests.webapp.access.table import SOCKETS
from tests.webapp.searches.driving import browser
from tests.webapp.searches.test_sockets import Socket
from webapp.accounts.models import User
from webapp.asgi import denied, routes
from webapp.searches.models import Search


def test_every_socket_is_in_the_table_and_the_table_has_no_other() -> None:
    found = {plain(str(route.pattern)) for route in routes if route.callback is not denied}
    unknown = sorted(found - set(SOCKETS))
    assert not unknown, f"say in tests/webapp/access/table.py who may open: {unknown}"
    assert set(SOCKETS) == found


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("who", ["owner", "shared", "stranger", "nobody"])
async def test_a_searchs_socket_is_open_to_whom_the_table_says(
    who: str, people: Mapping[str, User | None], search: Search
) -> None:
    expected = SOCKETS["ws/searches/<search_id>/"][who]
    socket = Socket(await sync_to_async(browser)(people[who]), search.pk)
    await socket.connect()
    if expected is not None:
        assert await socket.closed_with() == expected
        return
    assert (await socket.frame())["type"] == "events"
    await socket.disconnect()
