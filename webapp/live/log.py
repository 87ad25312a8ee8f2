"""Numbered facts about topics, and the doorbell that says that there are new ones."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypedDict

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from redis.exceptions import RedisError

from webapp.live.models import Event, Log
from webapp.live.topics import Topic

DOORBELL = "live.doorbell"
BATCH = 1_000

logger = logging.getLogger(__name__)


class EventJSON(TypedDict):
    """An event as it goes to browsers."""

    sequence: int
    kind: str
    payload: dict[str, Any]
    at: str


@contextmanager
def locked(topic: Topic) -> Iterator[None]:
    """Nobody else writes to the topic's log until the transaction ends.

    Whoever changes rows of a topic takes this lock first, so that two never wait for each other.
    """
    with transaction.atomic():
        Log.objects.select_for_update().get_or_create(kind=topic.kind, topic_id=topic.id)
        yield


def append(topic: Topic, kind: str, payload: Mapping[str, Any]) -> Event:
    """Add an event to a topic's log; see `extend`."""
    return extend(topic, [(kind, payload)])[0]


def extend(topic: Topic, facts: Sequence[tuple[str, Mapping[str, Any]]]) -> list[Event]:
    """Add events, kind and payload of each, to a topic's log.

    The log's row is locked until the transaction ends, so the order of sequences is the order of
    commits: whoever has read up to n never finds a smaller one later.
    """
    with locked(topic):
        log = _log(topic)
        log.update(last_sequence=F("last_sequence") + len(facts), changed_at=timezone.now())
        pk, last = log.values_list("pk", "last_sequence").get()
        events = [
            Event(log_id=pk, sequence=last - len(facts) + n, kind=str(kind), payload=payload)
            for n, (kind, payload) in enumerate(facts, start=1)
        ]
        Event.objects.bulk_create(events, BATCH)
    if settings.REDIS_URL:
        transaction.on_commit(_ring)
    return events


def last_sequence(topic: Topic) -> int:
    """The sequence of the topic's latest event; 0 where nothing has happened yet."""
    return _log(topic).values_list("last_sequence", flat=True).first() or 0


def events(topic: Topic) -> QuerySet[Event]:
    """The topic's events, in their order."""
    return Event.objects.filter(log__kind=topic.kind, log__topic_id=topic.id).order_by("sequence")


def event_json(event: Event) -> EventJSON:
    return {
        "sequence": event.sequence,
        "kind": event.kind,
        "payload": event.payload,
        "at": event.at.isoformat(),
    }


def forget(verb: str, before: datetime) -> None:
    """Delete events that later ones have overtaken.

    Args:
        verb: with which their kinds end, such as `progress`; what they told stands in rows.
        before: older events go.
    """
    # Only logs that have grown since the last time: this is asked every few seconds.
    recent = Log.objects.filter(changed_at__gt=before - timedelta(hours=1))
    old = Event.objects.filter(log__in=recent.values("pk"), at__lt=before)
    old.filter(kind__endswith=f".{verb}").delete()


def delete(*topics: Topic) -> None:
    """Delete the logs of what is itself deleted."""
    for topic in topics:
        _log(topic).delete()


def _log(topic: Topic) -> QuerySet[Log]:
    return Log.objects.filter(kind=topic.kind, topic_id=topic.id)


def _ring() -> None:
    """Wake the hubs. Without a bell they find the rows by polling, so faults are only logged."""
    layer = get_channel_layer()
    if layer is None:
        return
    try:
        async_to_sync(layer.group_send)(DOORBELL, {"type": "doorbell"})
    except (OSError, RedisError) as error:
        logger.warning("the doorbell did not ring: %s", error)
