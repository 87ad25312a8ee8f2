"""A list's socket says which of its rows have changed, to whom it concerns."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from tests.webapp.live.sockets import Socket, opened
from tests.webapp.live.test_sockets import say
from webapp.accounts.models import User
from webapp.live import log, registry
from webapp.live.models import Log
from webapp.live.topics import USER, Topic
from webapp.searches import services
from webapp.searches.models import Search
from webapp.workers.models import Worker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]

LATER = 60_000


def now() -> int:
    return int(time.time() * 1000)


async def watching(user: User, path: str) -> Socket:
    """A list's page that was read a while after all that has happened so far."""
    socket = await opened(user, f"/ws/lists/{path}/", after=now() + LATER)
    await socket.send_to('{"type": "ping"}')
    await socket.any_frame()
    return socket


async def changed(socket: Socket, act: Callable[..., Any], *arguments: Any) -> dict[str, Any]:
    """What is told after something was done."""
    await heard_of(socket)
    await sync_to_async(act)(*arguments)
    return await socket.frame()


async def heard_of(socket: Socket) -> None:
    """Until the hub has looked for this socket: then its heartbeat says when."""
    while True:
        await socket.send_to('{"type": "ping"}')
        if (await socket.any_frame())["sequence"] < now() + LATER // 2:
            return


async def test_a_change_of_a_row_is_told_to_its_owner_and_to_whom_it_is_shared_with(
    search: Search, alice: User, bob: User, charlie: User
) -> None:
    sockets = [await watching(user, "searches") for user in (alice, bob, charlie)]
    for socket in sockets:
        await heard_of(socket)
    await sync_to_async(say)(search, 1)
    for socket in sockets[:2]:
        assert await socket.frame() == {"type": "changed", "ids": [search.pk], "all": False}
    assert await sockets[2].hears_nothing(timeout=0.2)
    for socket in sockets:
        await socket.disconnect()


async def test_what_changed_since_the_page_was_read_is_told_at_once(
    search: Search, alice: User
) -> None:
    socket = await opened(alice, "/ws/lists/searches/", after=now())
    assert await socket.frame() == {"type": "changed", "ids": [search.pk], "all": False}
    await socket.disconnect()


async def test_nothing_is_told_twice(search: Search, alice: User) -> None:
    socket = await watching(alice, "searches")
    await changed(socket, say, search, 1)
    assert await socket.hears_nothing(timeout=0.2)
    await socket.disconnect()


async def test_who_was_away_for_long_reads_all_anew(search: Search, alice: User) -> None:
    socket = await opened(alice, "/ws/lists/searches/", after=now() - 3_600_000)
    assert (await socket.frame())["all"]
    await socket.disconnect()


async def test_a_share_and_its_end_are_told_to_whom_they_concern(
    search: Search, alice: User, charlie: User
) -> None:
    socket = await watching(charlie, "searches")
    told = await changed(socket, services.share, alice, search.pk, "charlie")
    assert told["ids"] == [search.pk]
    told = await changed(socket, services.unshare, alice, search.pk, "charlie")
    assert told["ids"] == [search.pk]
    await socket.disconnect()


async def test_a_row_that_goes_is_told_and_takes_its_log_with_it(
    search: Search, alice: User
) -> None:
    await sync_to_async(services.cancel)(alice, search.pk)
    socket, pk = await watching(alice, "searches"), search.pk
    assert (await changed(socket, services.delete, alice, pk))["ids"] == [pk]
    assert not await Log.objects.filter(kind="search", topic_id=pk).aexists()
    await socket.disconnect()


async def test_of_final_trainings_only_their_own_events_are_told(
    search: Search, alice: User
) -> None:
    socket = await watching(alice, "final-trainings")
    await heard_of(socket)
    await sync_to_async(say)(search, 1)
    told = await changed(
        socket, log.append, search.topic, "final_training.paused", {"id": 7, "name": "x"}
    )
    assert told == {"type": "changed", "ids": [7], "all": False}
    await socket.disconnect()


async def test_a_worker_that_is_heard_of_is_told(alice: User) -> None:
    socket = await opened(alice, "/ws/lists/workers/")
    everything = {"type": "changed", "ids": [], "all": True}
    assert await socket.frame() == everything  # what has changed since the page was made
    assert await socket.hears_nothing(timeout=0.2)
    await Worker.objects.acreate(name="a@b", host="b", device="cpu")
    assert await socket.frame() == everything
    await socket.disconnect()


async def test_with_a_user_goes_their_own_log(alice: User) -> None:
    pk = alice.pk
    await sync_to_async(registry.tell_user)(pk, "search.shared", 1)
    await alice.adelete()
    assert not await Log.objects.filter(kind=USER, topic_id=pk).aexists()
    assert await sync_to_async(log.last_sequence)(Topic(USER, pk)) == 0
