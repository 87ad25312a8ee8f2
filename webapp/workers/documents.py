"""Workers as JSON."""

from typing import TypedDict

from django.utils import timezone

from webapp.workers.models import Worker


class WorkJSON(TypedDict):
    """What a worker is at; without an address where the reader may not see it."""

    text: str
    url: str


class WorkerJSON(TypedDict):
    """A worker."""

    name: str
    host: str
    queues: list[str]
    trains: bool
    online: bool
    device: str
    is_gpu: bool
    memory_used_bytes: int | None
    memory_total_bytes: int | None
    used_share: float | None
    temperature_celsius: float | None
    started_at: str
    heartbeat_at: str
    heartbeat_age_seconds: float
    work: WorkJSON | None


class WaitingJSON(TypedDict):
    """What a search that waits for a worker waits for.

    `ahead` counts the trainings and trials, of all searches, that wait longer.
    """

    workers_online: int
    ahead: int


def worker_json(worker: Worker, work: WorkJSON | None) -> WorkerJSON:
    age = timezone.now() - worker.heartbeat_at
    return {
        "name": worker.name,
        "host": worker.host,
        "queues": worker.queues,
        "trains": worker.trains,
        "online": worker.is_online,
        "device": worker.device,
        "is_gpu": worker.is_gpu,
        "memory_used_bytes": worker.memory_used_bytes,
        "memory_total_bytes": worker.memory_total_bytes,
        "used_share": worker.used_share,
        "temperature_celsius": worker.temperature_celsius,
        "started_at": worker.started_at.isoformat(),
        "heartbeat_at": worker.heartbeat_at.isoformat(),
        "heartbeat_age_seconds": round(max(0.0, age.total_seconds()), 1),
        "work": work if worker.is_online else None,
    }
