"""Makes frames of what watchers of topics have not seen yet."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Q

from webapp.live import log, registry
from webapp.live.log import EventJSON
from webapp.live.models import Log
from webapp.live.topics import Topic

FRAME_EVENTS = 500
TOO_FAR_BEHIND = 20_000


class Group(NamedTuple):
    """Watchers who can share a frame: of one topic, with the same last sequence and rights."""

    topic: Topic
    seen: int
    owns: bool


@dataclass(frozen=True)
class News:
    """What a group has not seen yet.

    Args:
        sequence: of the last event in it.
        since: when the first event in it happened, in seconds since 1970.
        more: whether there is more than one frame holds.
    """

    topic: Topic
    frame: str
    sequence: int
    since: float
    more: bool = False


def read(groups: Sequence[Group]) -> dict[Group, News | None]:
    """What each group has not seen; None where that is too much to send."""
    last = _last_sequences({group.topic for group in groups})
    behind = [group for group in groups if last.get(group.topic, group.seen) != group.seen]
    news: dict[Group, News | None] = {}
    events: dict[tuple[Topic, int], list[EventJSON]] = {}
    for group in behind:
        if not 0 < last[group.topic] - group.seen <= TOO_FAR_BEHIND:
            news[group] = None
            continue
        place = group.topic, group.seen
        if place not in events:
            later = log.events(group.topic).filter(sequence__gt=group.seen)
            events[place] = [log.event_json(event) for event in later[:FRAME_EVENTS]]
        if events[place]:
            news[group] = _news(group, events[place])
    return news


def present(topic: Topic, *, owns: bool) -> Mapping[str, Any]:
    """The state of a topic, and what may be done now by who owns it or only looks."""
    return registry.find(topic.kind).present(topic.id, owns)


def page_state(topic: Topic, *, owns: bool) -> dict[str, Any]:
    """What a page that follows a topic is drawn from at first.

    The sequence is read before the state: what happens meanwhile is told again, and does no harm.
    """
    return {"sequence": log.last_sequence(topic), **present(topic, owns=owns)}


def without_overtaken(events: Sequence[EventJSON]) -> list[EventJSON]:
    """Events without the progress that later progress of the same row has overtaken."""
    latest = {_row(event): event["sequence"] for event in events if _is_progress(event)}
    return [
        event
        for event in events
        if not _is_progress(event) or latest[_row(event)] == event["sequence"]
    ]


def _news(group: Group, events: Sequence[EventJSON]) -> News:
    frame = {
        "type": "events",
        "after": group.seen,
        "events": without_overtaken(events),
        **present(group.topic, owns=group.owns),
    }
    return News(
        group.topic,
        json.dumps(frame),
        sequence=events[-1]["sequence"],
        since=datetime.fromisoformat(events[0]["at"]).timestamp(),
        more=len(events) == FRAME_EVENTS,
    )


def _last_sequences(topics: Iterable[Topic]) -> dict[Topic, int]:
    ids: dict[str, set[int]] = defaultdict(set)
    for topic in topics:
        ids[topic.kind].add(topic.id)
    wanted = Q(pk__in=[])
    for kind, some in ids.items():
        wanted |= Q(kind=kind, topic_id__in=some)
    rows = Log.objects.filter(wanted).values_list("kind", "topic_id", "last_sequence")
    return {Topic(kind, pk): last for kind, pk, last in rows}


def _is_progress(event: EventJSON) -> bool:
    return event["kind"].endswith(".progress")


def _row(event: EventJSON) -> tuple[str, object]:
    payload = event["payload"]
    return event["kind"], payload.get("id", payload.get("number"))
