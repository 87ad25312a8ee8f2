"""Who is served when: users take turns, then their searches; long work makes way for what waits.

A message only says that something waits. Which row a worker takes then is decided here: of the user
for whom the fewest workers are at work, and else of the one who was served the longest ago. Within
a user's work it is the same between searches, and within a search the oldest is first.
"""

import heapq
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.utils import timezone

from webapp.work import kinds
from webapp.work.kind import Kind, group_name
from webapp.work.models import Turn

TURN_SECONDS = 60.0
PATIENCE = timedelta(seconds=5)
"""Work that has waited this long finds no free worker: otherwise one would have taken it."""
REMEMBERED = timedelta(days=1)
Name = int | str | None
"""A user's id, None where work is nobody's, or the name of a group."""
N = TypeVar("N", bound=Name)


@dataclass(frozen=True)
class Waiting:
    """A row that a worker may claim.

    Args:
        group: what it is part of, such as `search:7`.
    """

    kind: Kind[Any]
    pk: int
    owner: int | None
    group: str
    since: datetime


def in_turn(queue: str) -> Iterator[Waiting]:
    """What waits in a queue, in the order in which workers take it if nothing else happens."""
    groups: dict[tuple[int | None, str], deque[Waiting]] = defaultdict(deque)
    for one in sorted(_waiting(queue), key=lambda one: (one.since, one.kind.name, one.pk)):
        groups[one.owner, one.group].append(one)
    if not groups:
        return
    ranked = _Ranking(queue, groups)
    owners = ranked({owner for owner, _ in groups})
    of_owner = {
        owner: ranked({group for own, group in groups if own == owner})
        for owner in {owner for owner, _ in groups}
    }
    turn = 0.0
    while owners:
        turn += 1
        busy, _, order, owner = heapq.heappop(owners)
        busy_group, _, group_order, group = heapq.heappop(of_owner[owner])
        line = groups[owner, group]
        yield line.popleft()
        if line:
            heapq.heappush(of_owner[owner], (busy_group + 1, turn, group_order, group))
        if of_owner[owner]:
            heapq.heappush(owners, (busy + 1, turn, order, owner))


def ahead_of(queue: str, group: str) -> int:
    """How much work of a queue is taken before the first of this group; all of it where none of
    the group waits."""
    ahead = 0
    for one in in_turn(queue):
        if one.group == group:
            break
        ahead += 1
    return ahead


def turn_is_over(began: float, kind: Kind[Any], pk: int) -> bool:
    """Whether work that began then, on the monotonic clock, should make way for what waits."""
    return time.monotonic() - began >= TURN_SECONDS and somebody_waits(kind, pk)


def somebody_waits(kind: Kind[Any], pk: int) -> bool:
    """Whether other work waits for a worker of the same queue."""
    sent_before = timezone.now() - PATIENCE
    return any(
        _others(other, kind, pk).filter(sent_at__lt=sent_before).exists()
        for other in _of_queue(kind.queue)
    )


def forget_turns() -> None:
    """Delete turns of more than a day ago: whoever had them has waited longest anyway."""
    Turn.objects.filter(taken_at__lt=timezone.now() - REMEMBERED).delete()


def _waiting(queue: str) -> Iterator[Waiting]:
    for kind in _of_queue(queue):
        rows = kind.waiting().values_list("pk", kind.owner, kind.group, "created_at")
        for pk, owner, group, since in rows:
            yield Waiting(kind, pk, owner, group_name(kind, group), since)


class _Ranking:
    """Who comes first: for whom the fewest workers are at work, then who was served longest ago.

    Args:
        groups: what waits, of each user and group, the oldest first.
    """

    def __init__(self, queue: str, groups: Mapping[tuple[int | None, str], Sequence[Waiting]]):
        self._held: Counter[Name] = Counter()
        self._taken: dict[Name, float] = {}
        self._since: dict[Name, float] = {}
        for kind in _of_queue(queue):
            rows = kind.rows._default_manager.filter(lease_until__isnull=False)
            for owner, group in rows.values_list(kind.owner, kind.group):
                self._held.update([owner, group_name(kind, group)])
        turns = Turn.objects.filter(queue=queue).order_by("taken_at")
        for owner, group, at in turns.values_list("owner", "group", "taken_at"):
            self._taken[owner] = self._taken[group] = at.timestamp()
        for (owner, group), line in groups.items():
            since = line[0].since.timestamp()
            self._since[group] = since
            self._since[owner] = min(since, self._since.get(owner, since))

    def __call__(self, names: Iterable[N]) -> list[tuple[int, float, int, N]]:
        """A heap of them. In place of times there are places, all of them before the first turn;
        the third number decides between equals, for names cannot all be compared."""
        first = sorted(names, key=lambda one: (self._taken.get(one, 0.0), self._since[one]))
        heap: list[tuple[int, float, int, N]] = [
            (self._held[one], place - len(first), place, one) for place, one in enumerate(first)
        ]
        heapq.heapify(heap)
        return heap


def _of_queue(queue: str) -> Iterable[Kind[Any]]:
    return (kind for kind in kinds.every() if kind.queue == queue)


def _others(other: Kind[Any], kind: Kind[Any], pk: int) -> Any:
    waiting = other.waiting()
    return waiting.exclude(pk=pk) if other.name == kind.name else waiting
