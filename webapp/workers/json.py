"""Workers as JSON: one shape for page and API."""

from collections.abc import Iterable
from typing import TypedDict

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Exists, OuterRef
from django.utils import timezone

from webapp.api.shapes import filled
from webapp.work import kinds
from webapp.workers import selectors
from webapp.workers.models import Worker


class WorkJSON(TypedDict):
    """What a worker is at; without an address where the reader may not see it."""

    text: str
    url: str


BUSY: WorkJSON = {"text": "busy", "url": ""}
"""What somebody sees of work that is not theirs to see."""


class WorkerJSON(TypedDict):
    """A worker."""

    name: str
    host: str
    queues: list[str]
    trains: bool
    online: bool
    device: str
    is_gpu: bool
    fault: str
    memory_used_bytes: int | None
    memory_total_bytes: int | None
    used_share: float | None
    temperature_celsius: float | None
    started_at: str
    heartbeat_at: str
    heartbeat_age_seconds: float
    work: WorkJSON | None


def worker_json(worker: Worker, work: WorkJSON | None) -> WorkerJSON:
    age = timezone.now() - worker.heartbeat_at
    return filled(
        WorkerJSON,
        worker,
        online=worker.is_online,
        heartbeat_age_seconds=round(max(0.0, age.total_seconds()), 1),
        work=work if worker.is_online else None,
    )


def workers_json(workers: list[Worker], user: AbstractBaseUser) -> list[WorkerJSON]:
    """Workers with what they are at."""
    work = work_of(workers, user)
    return [worker_json(worker, work.get(worker.name)) for worker in workers]


def work_of(workers: Iterable[Worker], user: AbstractBaseUser) -> dict[str, WorkJSON]:
    """What each busy worker is at, by its name; only that it is busy where that is not theirs."""
    names = [worker.name for worker in workers]
    found: dict[str, WorkJSON] = {}
    for kind in kinds.every():
        seen = Exists(kind.visible(user).filter(pk=OuterRef("pk")))
        rows = selectors.held(kind, names).select_related(*kind.related).annotate(is_seen=seen)
        for row in rows.order_by("started_at"):
            at: WorkJSON = {"text": kind.title(row), "url": kind.address(row)}
            found[row.worker] = at if row.is_seen else BUSY
    return found
