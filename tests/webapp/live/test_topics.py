"""Every kind of topic can be followed, by its socket and by its address for events."""

# mypy: disable-error-code="no-untyped-call"

from collections.abc import Mapping
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import Client

from tests.webapp.live.sockets import opened
from webapp.accounts.models import User
from webapp.live import log, registry
from webapp.live.frames import without_overtaken
from webapp.live.log import EventJSON
from webapp.live.models import Log

pytestmark = pytest.mark.django_db(transaction=True)

KINDS = {kind.name: kind for kind in registry.topics()}
SAYS = {
    "search": {"search_state", "can"},
    "checkpoint": {"exports", "measurement", "can"},
    "dataset": {"dataset"},
    "adopted_network": {"network"},
}
"""What frames of each kind say beside their events."""


def test_every_kind_is_here() -> None:
    assert set(SAYS) == set(KINDS)


async def test_a_frame_has_the_events_and_the_state(
    alice: User, arguments: Mapping[str, Any]
) -> None:
    for name, kind in KINDS.items():
        pk = arguments[kind.id_name]
        event = await sync_to_async(log.append)(kind.topic(pk), f"{name}.told", {"id": pk})
        socket = await opened(alice, f"/ws/{kind.path}/{pk}/", after=event.sequence - 1)
        frame = await socket.frame()
        assert [one["kind"] for one in frame["events"]] == [f"{name}.told"]
        assert set(frame) - {"type", "after", "events"} == SAYS[name]
        await socket.disconnect()


def test_the_events_have_an_address_that_says_the_same(
    alice_client: Client, arguments: Mapping[str, Any]
) -> None:
    for name, kind in KINDS.items():
        pk = arguments[kind.id_name]
        event = log.append(kind.topic(pk), f"{name}.told", {"id": pk})
        address = f"/api/v1/{kind.path}/{pk}/events/"
        answer = alice_client.get(address, {"after": event.sequence - 1}).json()
        assert answer["events"] == [log.event_json(event)]
        assert answer["sequence"] == event.sequence
        assert set(answer) - {"events", "sequence"} == SAYS[name]


def test_with_a_row_goes_its_log(arguments: Mapping[str, Any]) -> None:
    for name in ("adopted_network", "checkpoint", "search", "dataset"):
        kind = KINDS[name]
        row = kind.rows._default_manager.get(pk=arguments[kind.id_name])
        log.append(kind.topic(row.pk), f"{name}.told", {})
        row.delete()
        assert not Log.objects.filter(kind=name, topic_id=arguments[kind.id_name]).exists()


def test_of_the_progress_of_each_row_only_the_latest_is_left() -> None:
    def event(sequence: int, kind: str, **payload: Any) -> EventJSON:
        return {"sequence": sequence, "kind": kind, "payload": payload, "at": ""}

    events = [
        event(1, "trial.progress", number=1),
        event(2, "trial.progress", number=2),
        event(3, "training.progress", id=1),
        event(4, "trial.progress", number=1),
        event(5, "trial.completed", number=2),
        event(6, "start_network.progress"),
        event(7, "start_network.progress"),
    ]
    assert [one["sequence"] for one in without_overtaken(events)] == [2, 3, 4, 5, 7]
