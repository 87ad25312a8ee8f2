"""The only place where a data set's state changes: one function, one transaction.

A preparation is claimed by a conditional update, with an attempt number and a lease. Whatever comes
from an attempt counts only while its number is the row's.
"""

import shutil
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from webapp.datasets.models import Dataset
from webapp.datasets.paths import dataset_folder
from webapp.state import State
from webapp.task_queue import TaskName, send_on_commit

LEASE_SECONDS = 30
RESEND_SECONDS = 30
MAX_LOSSES = 3
LOST = "The worker that prepared it was lost three times. Prepare it again, or look at its log."


def created(dataset: Dataset) -> None:
    """A new row, whose files are in place or come within this transaction."""
    dataset.state, dataset.sent_at = State.QUEUED, timezone.now()
    dataset.progress_note = "Waiting for a worker"
    dataset.save()
    send_on_commit(TaskName.PREPARE_DATASET, dataset.pk)


@transaction.atomic
def preparation_requested(dataset_id: int, **changes: Any) -> bool:
    """Queued, unless it is under way already."""
    idle = ~Q(state__in=[State.QUEUED, State.RUNNING])
    count = Dataset.objects.filter(idle, pk=dataset_id).update(
        state=State.QUEUED,
        failure="",
        progress=0.0,
        progress_note="Waiting for a worker",
        losses=0,
        sent_at=timezone.now(),
        **changes,
    )
    if count:
        send_on_commit(TaskName.PREPARE_DATASET, dataset_id)
    return bool(count)


@transaction.atomic
def preparation_claimed(dataset_id: int) -> int | None:
    """The number of the attempt that has begun; None where there is nothing to do."""
    # The update comes first, so that the row is ours before it is read.
    count = Dataset.objects.filter(pk=dataset_id, state=State.QUEUED).update(
        state=State.RUNNING,
        attempt=F("attempt") + 1,
        lease_until=_lease(),
        progress=0.0,
        progress_note="Starting",
    )
    return Dataset.objects.get(pk=dataset_id).attempt if count else None


def preparation_progressed(dataset_id: int, attempt: int, progress: float, note: str) -> bool:
    """Progress and a longer lease; False where the attempt counts no more."""
    return _update(
        dataset_id,
        attempt,
        progress=min(max(progress, 0.0), 1.0),
        progress_note=note[:60],
        lease_until=_lease(),
    )


def preparation_completed(dataset_id: int, attempt: int, **facts: Any) -> bool:
    """Ready for searches."""
    return _update(
        dataset_id,
        attempt,
        state=State.COMPLETED,
        failure="",
        progress=1.0,
        progress_note="",
        lease_until=None,
        prepared_at=timezone.now(),
        **facts,
    )


def preparation_failed(dataset_id: int, attempt: int, failure: str) -> bool:
    """Refused, or broken; the sentence says what to do."""
    return _update(
        dataset_id,
        attempt,
        state=State.FAILED,
        failure=failure,
        progress=0.0,
        progress_note="",
        lease_until=None,
    )


@transaction.atomic
def preparation_interrupted(dataset_id: int, attempt: int) -> bool:
    """The worker stops: back into the queue, at no cost."""
    count = _update(dataset_id, attempt, **_queued_again())
    if count:
        send_on_commit(TaskName.PREPARE_DATASET, dataset_id)
    return count


@transaction.atomic
def leases_expired() -> None:
    """Preparations whose worker is gone are queued again; after three losses they fail."""
    gone = Dataset.objects.filter(state=State.RUNNING, lease_until__lt=timezone.now())
    gone.filter(losses__gte=MAX_LOSSES - 1).update(
        state=State.FAILED, failure=LOST, progress=0.0, progress_note="", lease_until=None
    )
    for dataset_id in list(gone.values_list("pk", flat=True)):
        if gone.filter(pk=dataset_id).update(losses=F("losses") + 1, **_queued_again()):
            send_on_commit(TaskName.PREPARE_DATASET, dataset_id)


@transaction.atomic
def messages_lost() -> None:
    """What has waited long is sent again: its message may be gone, and two of them do no harm."""
    long_ago = timezone.now() - timedelta(seconds=RESEND_SECONDS)
    waiting = Dataset.objects.filter(state=State.QUEUED, sent_at__lt=long_ago)
    for dataset_id in list(waiting.values_list("pk", flat=True)):
        if waiting.filter(pk=dataset_id).update(sent_at=timezone.now()):
            send_on_commit(TaskName.PREPARE_DATASET, dataset_id)


def files_gone(dataset_id: int) -> None:
    """A published data set is no longer on this server: as if nobody had asked for it."""
    idle = Dataset.objects.filter(pk=dataset_id, state=State.COMPLETED)
    idle.update(state="", progress=0.0, progress_note="", prepared_at=None)


def deleted(dataset: Dataset) -> None:
    """Gone, with its files.

    Raises:
        ProtectedError: a search uses it.
    """
    folder = dataset_folder(dataset.pk)
    with transaction.atomic():
        dataset.delete()
        # A preparation under way notices that its row is gone, and clears up behind itself.
        transaction.on_commit(lambda: shutil.rmtree(folder, ignore_errors=True))


def _queued_again() -> dict[str, Any]:
    return {
        "state": State.QUEUED,
        "progress": 0.0,
        "progress_note": "Interrupted; waiting for a worker",
        "lease_until": None,
        "sent_at": timezone.now(),
    }


def _update(dataset_id: int, attempt: int, **changes: Any) -> bool:
    current = Dataset.objects.filter(pk=dataset_id, attempt=attempt, state=State.RUNNING)
    return bool(current.update(**changes))


def _lease() -> Any:
    return timezone.now() + timedelta(seconds=LEASE_SECONDS)
