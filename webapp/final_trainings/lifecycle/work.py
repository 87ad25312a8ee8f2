"""How a worker claims a final training, goes on with it and ends it."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from webapp.checkpoints.models import Checkpoint
from webapp.final_trainings.events import (
    Completed,
    Failed,
    Interrupted,
    Kind,
    Progress,
    Reason,
    Started,
)
from webapp.final_trainings.lifecycle.locks import enter, held, settle
from webapp.final_trainings.models import LEASE, MAX_LOSSES, FinalTraining, Request
from webapp.searches.events import append
from webapp.searches.models import Search
from webapp.state import State
from webapp.task_queue import TaskName, send_on_commit


def claimed(training_id: int, worker: str) -> int | None:
    """Take a final training.

    Returns:
        The attempt, the token that later calls need; None where it is not to be trained now.
    """
    if not FinalTraining.objects.filter(pk=training_id).exists():
        return None
    with held(training_id) as (search, training):
        now, attempt = timezone.now(), training.attempt + 1
        waiting = FinalTraining.objects.filter(
            pk=training_id, state=State.QUEUED, requested=Request.NONE, attempt=training.attempt
        )
        if not waiting.update(attempt=attempt, worker=worker[:200], lease_until=now + LEASE):
            return None
        training.refresh_from_db()
        training.started_at = training.started_at or now
        enter(training, State.RUNNING)
        started: Started = {
            "id": training.pk,
            "name": training.name,
            "worker": training.worker,
            "attempt": attempt,
        }
        append(search, Kind.STARTED, started)
    return attempt


def lease_renewed(training_id: int, token: int) -> bool:
    """Whether the token is current; then it is for a while longer."""
    return _mine(training_id, token).update(lease_until=timezone.now() + LEASE) == 1


def progressed(
    training_id: int, token: int, progress: Progress, columns: Mapping[str, Any], *, announce: bool
) -> bool:
    """Write how far it has come.

    Args:
        training_id: of the training.
        token: of the worker.
        progress: for who watches.
        columns: of the row that have changed beside it: the history, after an epoch.
        announce: it is time for an event; rows are written at each epoch, however short.

    Returns:
        False where the token is no longer current.
    """
    brief = {name: value for name, value in progress.items() if name not in _GROWING}
    changes = {**columns, "progress": brief, "lease_until": timezone.now() + LEASE}
    with held(training_id) as (search, _):
        if not _mine(training_id, token).update(**changes):
            return False
        if announce:
            append(search, Kind.PROGRESS, progress)
    return True


_GROWING = ("history_from", "history")


def completed(training_id: int, token: int, measured: Mapping[str, Any], kept: Checkpoint) -> bool:
    """It has been trained to the end and measured on the test images, for the only time.

    Args:
        training_id: of the training.
        token: of the worker.
        measured: columns of the row.
        kept: the checkpoint, not saved yet; its files are in the storage.

    Returns:
        False where the token is no longer current: then nothing was written.
    """
    with held(training_id) as (search, training):
        if not is_current(training_id, token):
            return False
        for name, value in measured.items():
            setattr(training, name, value)
        kept.name = training.name
        kept.save()
        training.checkpoint, training.progress = kept, None
        enter(training, State.COMPLETED)
        _tell_completed(search, training)
    return True


def _tell_completed(search: Search, training: FinalTraining) -> None:
    assert training.test_accuracy is not None
    assert training.checkpoint_id is not None
    payload: Completed = {
        "id": training.pk,
        "name": training.name,
        "accuracy": training.accuracy,
        "test_accuracy": training.test_accuracy,
        "test_images": training.test_images or 0,
        "parameters": training.parameters,
        "multiply_adds": training.multiply_adds,
        "seconds": training.elapsed_seconds,
        "checkpoint": training.checkpoint_id,
    }
    append(search, Kind.COMPLETED, payload)


def failed(training_id: int, token: int, failure: str, traceback: str = "") -> bool:
    """It cannot go on; the reason is kept. Its state stays, so that it may be tried again."""
    with held(training_id) as (search, training):
        if not is_current(training_id, token):
            return False
        _fail(search, training, failure, traceback)
    return True


def interrupted(training_id: int, token: int, reason: Reason) -> bool:
    """The worker is gone, or gives it back: it waits for the next, or does what was asked for.

    Args:
        training_id: of the training.
        token: of the worker.
        reason: after three times `lost` or `broken` without a complete epoch it fails.

    Returns:
        False where the token is no longer current, or the lease was renewed after all.
    """
    with held(training_id) as (search, training):
        lost = reason is Reason.LOST
        until = training.lease_until
        if not is_current(training_id, token) or (lost and until and until > timezone.now()):
            return False
        training.losses += int(reason in (Reason.LOST, Reason.BROKEN))
        if training.requested != Request.NONE:
            settle(search, training)
        elif training.losses >= MAX_LOSSES:
            failure = f"The worker was lost {MAX_LOSSES} times without completing an epoch."
            _fail(search, training, failure)
        else:
            _wait_again(search, training, reason)
    return True


def _wait_again(search: Search, training: FinalTraining, reason: Reason) -> None:
    training.progress, training.sent_at = None, timezone.now()
    enter(training, State.QUEUED)
    payload: Interrupted = {
        "id": training.pk,
        "name": training.name,
        "attempt": training.attempt,
        "reason": reason.value,
    }
    append(search, Kind.INTERRUPTED, payload)
    send_on_commit(TaskName.TRAIN_FINAL, training.pk)


def is_current(training_id: int, token: int) -> bool:
    """Whether a result under this token would count."""
    return _mine(training_id, token).exists()


def is_given_up(training_id: int, token: int) -> bool:
    """Whether a worker is to stop: a pause or cancelling was asked for, or the token is old."""
    return not _mine(training_id, token).filter(requested=Request.NONE).exists()


def _mine(training_id: int, token: int) -> QuerySet[FinalTraining]:
    return FinalTraining.objects.filter(
        pk=training_id, attempt=token, state=State.RUNNING, lease_until__isnull=False
    )


def _fail(search: Search, training: FinalTraining, failure: str, traceback: str = "") -> None:
    training.failure, training.traceback, training.progress = failure, traceback, None
    enter(training, State.FAILED)
    payload: Failed = {"id": training.pk, "name": training.name, "failure": failure}
    append(search, Kind.FAILED, payload)
