"""What pages and the API read of workers, in a fixed number of queries whatever their number."""

from collections.abc import Hashable, Iterable
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.utils import timezone

from webapp.live.registry import ListKind
from webapp.work import kinds
from webapp.work.kind import Kind
from webapp.workers.models import FORGOTTEN_AFTER, OFFLINE_AFTER, Worker


def known_workers() -> QuerySet[Worker]:
    """All that were heard of in the last week."""
    return Worker.objects.filter(heartbeat_at__gt=timezone.now() - FORGOTTEN_AFTER)


def workers_online() -> list[Worker]:
    """The workers that can evaluate trials now."""
    heard = Worker.objects.filter(
        stopped_at__isnull=True, heartbeat_at__gt=timezone.now() - OFFLINE_AFTER
    )
    # Which queues is asked here: SQLite cannot look into the array.
    return [worker for worker in heard if worker.trains]


class Fleet(NamedTuple):
    """The workers that train, as far as plans and estimates need to know them.

    Args:
        workers: how many; at least one is counted, for a search waits for it.
        gpu: the name of a GPU that one of them trains on; empty where none does.
    """

    workers: int
    gpu: str


def fleet() -> Fleet:
    """The workers that train now."""
    online = workers_online()
    gpu = next((worker.device for worker in online if worker.is_gpu), "")
    return Fleet(max(1, len(online)), gpu)


def at_work(workers: Iterable[Worker]) -> frozenset[tuple[str, str, int]]:
    """Who is at what: to be compared, not to be shown."""
    names = [worker.name for worker in workers]
    return frozenset(
        (worker, kind.name, pk)
        for kind in kinds.every()
        for worker, pk in held(kind, names).values_list("worker", "pk")
    )


def held(kind: Kind[Any], names: list[str]) -> QuerySet[Any]:
    """Rows that these workers are at."""
    return kind.rows._default_manager.filter(worker__in=names, lease_until__isnull=False)


def state() -> Hashable:
    """Who has been heard of when, and is at what."""
    workers = list(known_workers())
    heard = tuple((one.pk, one.heartbeat_at, one.is_online) for one in workers)
    return heard, at_work(workers)


WORKERS = ListKind(path="workers", state=state)
"""No log tells of workers, so their list is compared once a second while it is seen."""
