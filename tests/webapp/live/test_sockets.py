"""A topic's socket, through the real ASGI application: here of a search."""

# mypy: disable-error-code="no-untyped-call"
# (asgiref's test communicator has no annotations)

import asyncio
import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from tests.webapp.live.sockets import Socket, opened, signed_in
from webapp.accounts.models import User
from webapp.live import frames, watchers
from webapp.live import hub as hub_module
from webapp.live.hub import Hub
from webapp.live.topics import Topic
from webapp.live.watchers import Watcher, reload_frame
from webapp.searches import services
from webapp.searches.events import Kind, append
from webapp.searches.lifecycle import locked
from webapp.searches.models import Search

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]


def address(search_id: int) -> str:
    return f"/ws/searches/{search_id}/"


def say(search: Search, count: int) -> None:
    for _ in range(count):
        with locked(search.pk) as row:
            append(row, Kind.SEARCH_NOTED, {"note": "x"})


def report(search: Search, *, epochs: int) -> None:
    """What a worker says of a trial, epoch after epoch."""
    with locked(search.pk) as row:
        for epoch in range(1, epochs + 1):
            progress: Any = {"number": 1, "epoch": epoch, "epochs": epochs}
            append(row, "trial.progress", progress)


async def test_events_after_the_given_one_are_replayed_and_then_streamed(
    search: Search, alice: User
) -> None:
    await sync_to_async(say)(search, 5)
    socket = await opened(alice, address(search.pk), after=3)
    first = await socket.frame()
    assert [event["sequence"] for event in first["events"]] == [4, 5, 6]
    await sync_to_async(say)(search, 1)
    second = await socket.frame()
    assert [event["sequence"] for event in second["events"]] == [7]
    assert second["search_state"] == "queued"
    await socket.disconnect()


async def test_a_long_replay_comes_in_order_without_gap_or_repetition(
    search: Search, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "FRAME_EVENTS", 4)
    await sync_to_async(say)(search, 20)
    socket = await opened(alice, address(search.pk))
    sequences: list[int] = []
    while len(sequences) < 21:
        sequences += [event["sequence"] for event in (await socket.frame())["events"]]
    assert sequences == list(range(1, 22))
    await socket.disconnect()


async def test_of_a_trials_progress_only_the_latest_is_sent(search: Search, alice: User) -> None:
    await sync_to_async(report)(search, epochs=20)
    socket = await opened(alice, address(search.pk), after=1)
    frame = await socket.frame()
    assert frame["after"] == 1
    assert [event["payload"]["epoch"] for event in frame["events"]] == [20]
    assert frame["events"][0]["sequence"] == 21
    await sync_to_async(say)(search, 1)
    later = await socket.frame()
    assert (later["after"], [event["sequence"] for event in later["events"]]) == (21, [22])
    await socket.disconnect()


async def test_two_watchers_at_different_places_each_get_what_they_lack(
    search: Search, alice: User, bob: User
) -> None:
    await sync_to_async(say)(search, 2)
    one = Socket(await signed_in(alice), address(search.pk), after=0)
    two = Socket(await signed_in(bob), address(search.pk), after=2)
    await one.connect()
    await two.connect()
    assert [event["sequence"] for event in (await one.frame())["events"]] == [1, 2, 3]
    assert [event["sequence"] for event in (await two.frame())["events"]] == [3]
    await one.disconnect()
    await two.disconnect()


async def test_nobody_and_a_stranger_are_refused_and_so_is_a_search_that_is_not_there(
    search: Search, alice: User, charlie: User
) -> None:
    for user, search_id, code in (
        (None, search.pk, 4401),
        (charlie, search.pk, 4404),
        (alice, search.pk + 1, 4404),
    ):
        socket = await opened(user, address(search_id))
        assert await socket.closed_with() == code


async def test_a_share_taken_back_closes_the_socket(search: Search, alice: User, bob: User) -> None:
    socket = await opened(bob, address(search.pk), after=1)
    await sync_to_async(services.unshare)(alice, search.pk, "bob")
    assert await socket.closed_with() == 4404


async def test_signing_out_closes_the_socket(search: Search, alice: User) -> None:
    client = await signed_in(alice)
    socket = Socket(client, address(search.pk), after=1)
    await socket.connect()
    await sync_to_async(client.logout)()
    assert await socket.closed_with() == 4401


async def test_another_password_closes_the_socket(search: Search, alice: User) -> None:
    socket = await opened(alice, address(search.pk), after=1)
    alice.set_password("another-long-password")
    await alice.asave()
    assert await socket.closed_with() == 4401


async def test_a_deleted_search_closes_the_socket(search: Search, alice: User) -> None:
    await sync_to_async(services.cancel)(alice, search.pk)
    socket = await opened(alice, address(search.pk))
    await sync_to_async(services.delete)(alice, search.pk)
    assert await socket.closed_with() == 4404


async def test_a_ping_is_answered_with_the_last_sequence(search: Search, alice: User) -> None:
    socket = await opened(alice, address(search.pk), after=1)
    await socket.send_to('{"type": "ping"}')
    assert json.loads(await socket.receive_from(5)) == {"type": "heartbeat", "sequence": 1}
    await socket.disconnect()


async def test_heartbeats_come_by_themselves(
    search: Search, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "HEARTBEAT_SECONDS", 0.05)
    socket = await opened(alice, address(search.pk), after=1)
    assert json.loads(await socket.receive_from(5))["type"] == "heartbeat"
    await socket.disconnect()


@pytest.mark.parametrize("text", ["{", "[]", '"ping"', "[" * 900, '{"type": "pong"}'])
async def test_a_message_that_says_nothing_is_answered(
    text: str, search: Search, alice: User
) -> None:
    socket = await opened(alice, address(search.pk), after=1)
    await socket.send_to(text)
    assert (await socket.frame())["type"] == "error"
    await socket.disconnect()


async def test_a_frame_says_what_its_reader_may_do_now(
    search: Search, alice: User, bob: User
) -> None:
    owner = await opened(alice, address(search.pk), after=1)
    other = await opened(bob, address(search.pk), after=1)
    await sync_to_async(services.pause)(alice, search.pk)
    may, may_look = (await owner.frame())["can"], (await other.frame())["can"]
    assert may["resume"] and may["cancel"] and may["edit"]
    assert not any(may_look.values())
    await owner.disconnect()
    await other.disconnect()


async def test_a_watcher_from_the_future_is_told_to_reload(search: Search, alice: User) -> None:
    socket = await opened(alice, address(search.pk), after=99)
    assert (await socket.frame())["type"] == "reload"
    await socket.disconnect()


async def test_a_slow_socket_is_told_to_reload_and_is_left_behind() -> None:
    watcher = Watcher(Topic("search", 1), user_id=1, session_key="", seen=0)
    given = [watcher.give("frame") for _ in range(watchers.QUEUE_FRAMES + 1)]
    assert given[-1] is False
    assert watcher.frames.get_nowait() == reload_frame("This page fell behind.")
    assert watcher.frames.empty()


async def test_the_hub_rests_when_nobody_watches(search: Search, alice: User) -> None:
    socket = await opened(alice, address(search.pk), after=1)
    await sync_to_async(say)(search, 1)
    await socket.frame()
    task = hub_module.hub()._task
    await socket.disconnect()
    assert task is not None
    await asyncio.wait_for(task, 5)
    assert isinstance(hub_module.hub(), Hub)
