"""The only place where an export's state changes: one function, one transaction.

A build is claimed by a conditional update, with an attempt number and a lease. Whatever comes from
an attempt counts only while its number is the row's, so that cancelling need not reach the worker.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from webapp.checkpoints import files
from webapp.checkpoints.models import Checkpoint
from webapp.errors import ProductError
from webapp.exports.models import LEASE, MAX_LOSSES, Export
from webapp.state import State
from webapp.task_queue import TaskName, send_on_commit

LOST = f"The worker was lost {MAX_LOSSES} times while it built this export. Look at its log."
_IDLE = (State.FAILED, State.CANCELLED)
_NOTHING: Mapping[str, Any] = {
    "failure": "",
    "traceback": "",
    "losses": 0,
    "lease_until": None,
    "started_at": None,
    "ended_at": None,
}


@transaction.atomic
def export_requested(checkpoint: Checkpoint, kind: str) -> Export:
    """A row that waits for a worker; the one that there is, where it is built or is being built."""
    now = timezone.now()
    export, is_new = Export.objects.get_or_create(checkpoint=checkpoint, kind=kind)
    if not is_new:
        again = Export.objects.filter(pk=export.pk, state__in=_IDLE)
        is_new = bool(again.update(state=State.QUEUED, sent_at=now, created_at=now, **_NOTHING))
        export.refresh_from_db()
    if is_new:
        send_on_commit(TaskName.BUILD_EXPORT, export.pk)
    return export


@transaction.atomic
def export_claimed(export_id: int, worker: str) -> int | None:
    """Take a build.

    Returns:
        The attempt, the token that later calls need; None where there is nothing to build.
    """
    # The update comes first, so that the row is ours before it is read.
    claimed = Export.objects.filter(pk=export_id, state=State.QUEUED).update(
        state=State.RUNNING,
        attempt=F("attempt") + 1,
        worker=worker[:200],
        started_at=timezone.now(),
        lease_until=timezone.now() + LEASE,
    )
    return Export.objects.get(pk=export_id).attempt if claimed else None


def export_lease_renewed(export_id: int, token: int) -> bool:
    """Whether the token is current; then it is for a while longer."""
    return _held(export_id, token).update(lease_until=timezone.now() + LEASE) == 1


def is_current(export_id: int, token: int) -> bool:
    """Whether a result under this token would count."""
    return _held(export_id, token).exists()


def export_completed(
    export_id: int, token: int, report: Mapping[str, Any], *, folder: str, sha256: str
) -> bool:
    """Built and found right; False where the token is no longer current."""
    return _end(
        _held(export_id, token),
        State.COMPLETED,
        report=report,
        folder=folder,
        sha256=sha256,
        bytes=report["bytes"],
    )


def export_failed(export_id: int, token: int, failure: str, traceback: str = "") -> bool:
    """It cannot be built, or its outputs differ; the reason says what and by how much."""
    return _end(_held(export_id, token), State.FAILED, failure=failure, traceback=traceback)


@transaction.atomic
def export_interrupted(export_id: int, token: int, *, lost: bool) -> bool:
    """The worker is gone or was asked to stop: the export waits again.

    Args:
        export_id: of the export.
        token: of the worker.
        lost: its lease ran out; after three times the export fails.
    """
    held = _held(export_id, token)
    if lost:
        held = held.filter(lease_until__lt=timezone.now())
        if _end(held.filter(losses__gte=MAX_LOSSES - 1), State.FAILED, failure=LOST):
            return True
    again = held.update(
        state=State.QUEUED,
        losses=F("losses") + int(lost),
        lease_until=None,
        started_at=None,
        sent_at=timezone.now(),
    )
    if again:
        send_on_commit(TaskName.BUILD_EXPORT, export_id)
    return bool(again)


def export_cancelled(export_id: int) -> None:
    """Given up at once: what a worker still makes of it counts for nothing.

    Raises:
        ProductError: it has ended already.
    """
    active = Export.objects.filter(pk=export_id, state__in=[State.QUEUED, State.RUNNING])
    if not _end(active, State.CANCELLED):
        raise ProductError("This export has ended: there is nothing to cancel.", "conflict")


@transaction.atomic
def export_deleted(export_id: int) -> None:
    """Gone, with its files.

    Raises:
        ProductError: it is being built.
    """
    export = Export.objects.select_for_update().get(pk=export_id)
    if export.is_active:
        raise ProductError("This export is being built: cancel it first.", "conflict")
    export.delete()
    if export.folder:
        transaction.on_commit(partial(files.delete, export.folder))


def export_sent(export_id: int) -> None:
    """Its message was sent again."""
    Export.objects.filter(pk=export_id, state=State.QUEUED).update(sent_at=timezone.now())


def _end(exports: QuerySet[Export], state: State, **found: Any) -> bool:
    now = timezone.now()
    return bool(exports.update(state=state, ended_at=now, lease_until=None, **found))


def _held(export_id: int, token: int) -> QuerySet[Export]:
    return Export.objects.filter(pk=export_id, attempt=token, state=State.RUNNING)
