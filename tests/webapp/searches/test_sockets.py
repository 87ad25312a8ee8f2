"""The search page's socket, through the real ASGI application."""

# mypy: disable-error-code="no-untyped-call"
# (asgiref's test communicator has no annotations)

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.test import Client

from tests.webapp.searches.driving import browser
from webapp.accounts.models import User
from webapp.asgi import application
from webapp.searches import hub as hub_module
from webapp.searches import services
from webapp.searches.events import Kind, append
from webapp.searches.hub import Hub, Watcher, reload_frame
from webapp.searches.lifecycle import locked
from webapp.searches.models import Search

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(hub_module, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(hub_module, "RIGHTS_SECONDS", 0.02)
    yield


class Socket(ApplicationCommunicator):
    """A browser's socket that is signed in as the client is.

    Not Channels' own communicator: its package imports daphne, another server.
    """

    def __init__(self, client: Client, search_id: int, after: int = 0) -> None:
        cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
        scope = {
            "type": "websocket",
            "path": f"/ws/searches/{search_id}/",
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

    async def frame(self) -> dict[str, Any]:
        """The next frame, heartbeats left out."""
        while True:
            frame: dict[str, Any] = json.loads(await self.receive_from(timeout=5))
            if frame["type"] != "heartbeat":
                return frame

    async def closed_with(self) -> int:
        while True:
            output = await self.receive_output(timeout=5)
            if output["type"] == "websocket.close":
                return int(output["code"])


def say(search: Search, count: int) -> None:
    for _ in range(count):
        with locked(search.pk) as row:
            append(row, Kind.SEARCH_NOTED, {"note": "x"})


def report(search: Search, *, epochs: int) -> None:
    """What a worker says of a trial, epoch after epoch."""
    with locked(search.pk) as row:
        for epoch in range(1, epochs + 1):
            progress: Any = {"number": 1, "epoch": epoch, "epochs": epochs}
            append(row, Kind.TRIAL_PROGRESS, progress)


async def signed_in(user: User | None) -> Client:
    return await sync_to_async(browser)(user)


async def test_events_after_the_given_one_are_replayed_and_then_streamed(
    search: Search, alice: User
) -> None:
    await sync_to_async(say)(search, 5)
    socket = Socket(await signed_in(alice), search.pk, after=3)
    await socket.connect()
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
    monkeypatch.setattr(hub_module, "FRAME_EVENTS", 4)
    await sync_to_async(say)(search, 20)
    socket = Socket(await signed_in(alice), search.pk)
    await socket.connect()
    sequences: list[int] = []
    while len(sequences) < 21:
        sequences += [event["sequence"] for event in (await socket.frame())["events"]]
    assert sequences == list(range(1, 22))
    await socket.disconnect()


async def test_of_a_trials_progress_only_the_latest_is_sent(search: Search, alice: User) -> None:
    await sync_to_async(report)(search, epochs=20)
    socket = Socket(await signed_in(alice), search.pk, after=1)
    await socket.connect()
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
    one = Socket(await signed_in(alice), search.pk, after=0)
    two = Socket(await signed_in(bob), search.pk, after=2)
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
        (charlie, search.pk, 4403),
        (alice, search.pk + 1, 4404),
    ):
        socket = Socket(await signed_in(user), search_id)
        await socket.connect()
        assert await socket.closed_with() == code


async def test_a_share_taken_back_closes_the_socket(search: Search, alice: User, bob: User) -> None:
    socket = Socket(await signed_in(bob), search.pk, after=1)
    await socket.connect()
    await sync_to_async(services.unshare)(alice, search.pk, "bob")
    assert await socket.closed_with() == 4403


async def test_signing_out_closes_the_socket(search: Search, alice: User) -> None:
    client = await signed_in(alice)
    socket = Socket(client, search.pk, after=1)
    await socket.connect()
    await sync_to_async(client.logout)()
    assert await socket.closed_with() == 4401


async def test_another_password_closes_the_socket(search: Search, alice: User) -> None:
    socket = Socket(await signed_in(alice), search.pk, after=1)
    await socket.connect()
    alice.set_password("another-long-password")
    await alice.asave()
    assert await socket.closed_with() == 4401


async def test_a_deleted_search_closes_the_socket(search: Search, alice: User) -> None:
    await sync_to_async(services.cancel)(alice, search.pk)
    socket = Socket(await signed_in(alice), search.pk)
    await socket.connect()
    await sync_to_async(services.delete)(alice, search.pk)
    assert await socket.closed_with() == 4404


async def test_a_ping_is_answered_with_the_last_sequence(search: Search, alice: User) -> None:
    socket = Socket(await signed_in(alice), search.pk, after=1)
    await socket.connect()
    await socket.send_to('{"type": "ping"}')
    assert json.loads(await socket.receive_from(5)) == {"type": "heartbeat", "sequence": 1}
    await socket.disconnect()


async def test_heartbeats_come_by_themselves(
    search: Search, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "HEARTBEAT_SECONDS", 0.05)
    socket = Socket(await signed_in(alice), search.pk, after=1)
    await socket.connect()
    assert json.loads(await socket.receive_from(5))["type"] == "heartbeat"
    await socket.disconnect()


async def test_what_is_not_json_is_ignored(search: Search, alice: User) -> None:
    socket = Socket(await signed_in(alice), search.pk, after=1)
    await socket.connect()
    for text in ("{", "[]", '"ping"', "[" * 900):
        await socket.send_to(text)
    await socket.send_to('{"type": "ping"}')
    assert json.loads(await socket.receive_from(5))["type"] == "heartbeat"
    await socket.disconnect()


async def test_a_watcher_from_the_future_is_told_to_reload(search: Search, alice: User) -> None:
    socket = Socket(await signed_in(alice), search.pk, after=99)
    await socket.connect()
    assert (await socket.frame())["type"] == "reload"
    await socket.disconnect()


async def test_a_slow_socket_is_told_to_reload_and_is_left_behind() -> None:
    watcher = Watcher(search_id=1, user_id=1, session_key="", seen=0)
    given = [watcher.give("frame") for _ in range(hub_module.QUEUE_FRAMES + 1)]
    assert given[-1] is False
    assert watcher.frames.get_nowait() == reload_frame("This page fell behind.")
    assert watcher.frames.empty()


async def test_the_hub_rests_when_nobody_watches(search: Search, alice: User) -> None:
    socket = Socket(await signed_in(alice), search.pk, after=1)
    await socket.connect()
    await sync_to_async(say)(search, 1)
    await socket.frame()
    task = hub_module.hub()._task
    await socket.disconnect()
    assert task is not None
    await asyncio.wait_for(task, 5)
    assert isinstance(hub_module.hub(), Hub)
