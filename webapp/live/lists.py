"""Finds what has changed in lists, by one look at the logs for all who watch any.

Logs say when they last changed, but a writer's clock may be late, and it writes the time before it
commits. So each look goes back a while, and what was told already is left out by its sequence.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from django.db.models import Q
from django.utils import timezone

from webapp.live.models import Event, Log
from webapp.live.registry import ListKind
from webapp.live.topics import USER

OVERLAP = timedelta(seconds=10)
LONGEST = timedelta(minutes=10)
"""Who was away for longer reads the whole list anew."""

LATEST = 100
"""How many events are read of a log that nobody has looked at yet."""


class Reader(NamedTuple):
    """Whose list it is; and when the page read it, in milliseconds, if nobody has told it since."""

    kind: ListKind
    user_id: int
    since: int | None = None


@dataclass(frozen=True)
class Changes:
    """Rows of a list that have changed, come or gone; `all` where that is not known one by one."""

    ids: Set[int] = frozenset()
    all: bool = False


class _Changed(NamedTuple):
    """A log that has events which somebody was not told."""

    pk: int
    kind: str
    topic_id: int
    last: int
    at: datetime


_Fact = tuple[str, int | None]
"""The kind of an event, and the row that it is about."""

_LAST: Final = 32_503_680_000_000


class Tail:
    """Remembers how much of each log was told, and finds what was not.

    Attributes:
        at: when it looked last.
    """

    def __init__(self) -> None:
        self._told: dict[int, int] = {}
        self.at = timezone.now()

    def read(self, readers: Sequence[Reader]) -> dict[Reader, Changes]:
        """What each reader was not told yet; those for whom nothing has changed are left out."""
        now = timezone.now()
        logs = self._logs(readers, now)
        told_to_nobody = [log for log in logs if self._is_new(log)]
        looked_at = logs if any(one.since is not None for one in readers) else told_to_nobody
        events = self._events(told_to_nobody, readers)
        found: dict[Reader, Changes] = {}
        for kind in {one.kind for one in readers}:
            mine = [one for one in readers if one.kind is kind]
            allowed = _allowed(kind, looked_at, {one.user_id for one in mine})
            for one in mine:
                theirs = [log for log in looked_at if (log.pk, one.user_id) in allowed]
                changes = self._changes(one, theirs, events, now)
                if changes.ids or changes.all:
                    found[one] = changes
        self._told = {log.pk: log.last for log in logs if log.at > now - 2 * OVERLAP}
        self.at = now
        return found

    def _logs(self, readers: Sequence[Reader], now: datetime) -> list[_Changed]:
        """Logs that have changed since the last look, or since a new reader's page was made."""
        since = min([self.at, *(_time(one.since) for one in readers if one.since is not None)])
        kinds = {one.kind.topic.name for one in readers if one.kind.topic is not None}
        wanted = Q(kind__in=kinds) | Q(kind=USER, topic_id__in={one.user_id for one in readers})
        after = max(since, now - LONGEST) - OVERLAP
        rows = Log.objects.filter(wanted, changed_at__gt=after)
        columns = ("pk", "kind", "topic_id", "last_sequence", "changed_at")
        return [_Changed(*row) for row in rows.values_list(*columns)]

    def _is_new(self, log: _Changed) -> bool:
        return log.last > self._told.get(log.pk, -1)

    def _events(
        self, logs: Iterable[_Changed], readers: Iterable[Reader]
    ) -> dict[int, list[_Fact]]:
        """New events of logs that tell of many rows: they say which of them have changed."""
        kinds = {one.kind.topic.name for one in readers if one.kind.topic and not one.kind.is_whole}
        later, named = Q(pk__in=[]), Q(kind__endswith=".deleted")
        for log in logs:
            if log.kind == USER or log.kind in kinds:
                told = self._told.get(log.pk, log.last - LATEST)
                later |= Q(log_id=log.pk, sequence__gt=told)
        for part in {one.kind.part for one in readers}:
            named |= Q(kind__startswith=f"{part}.")
        found: dict[int, list[_Fact]] = defaultdict(list)
        rows = Event.objects.filter(later, named).values_list("log_id", "kind", "payload")
        for pk, kind, payload in rows:
            found[pk].append((kind, payload.get("id")))
        return found

    def _changes(
        self,
        reader: Reader,
        logs: Iterable[_Changed],
        events: Mapping[int, Sequence[_Fact]],
        now: datetime,
    ) -> Changes:
        ids: set[int] = set()
        kind, since = reader.kind, reader.since
        every = since is not None and _time(since) < now - LONGEST
        for log in logs:
            if not (self._is_new(log) if since is None else log.at > _time(since) - OVERLAP):
                continue
            if kind.is_whole and log.kind == kind.part:
                ids.add(log.topic_id)
            elif since is not None:
                every = True
            else:
                facts = events.get(log.pk, ())
                ids |= {pk for name, pk in facts if pk and name.startswith(f"{kind.part}.")}
                # What goes takes with it what stands in other lists.
                every = every or any(name.endswith(".deleted") for name, _ in facts)
        return Changes(ids, every)


def _allowed(kind: ListKind, logs: Iterable[_Changed], users: set[int]) -> set[tuple[int, int]]:
    """Pairs of a log and a user who may know of it."""
    own = {(log.pk, log.topic_id) for log in logs if log.kind == USER and log.topic_id in users}
    if kind.topic is None:
        return own
    theirs = {log.topic_id: log.pk for log in logs if log.kind == kind.topic.name}
    if not theirs:
        return own
    readers = kind.topic.readers(set(theirs), users)
    return own | {(theirs[topic_id], user_id) for topic_id, user_id in readers}


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(min(milliseconds, _LAST) / 1000, UTC)


def milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
