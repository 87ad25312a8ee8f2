"""How the training of a start network is claimed, goes on and ends."""

from django.utils import timezone

from webapp import stopping
from webapp.checkpoints.models import Checkpoint
from webapp.searches.events import Kind, StartCompleted, StartProgress, append
from webapp.searches.lifecycle.locks import enter, locked
from webapp.searches.lifecycle.searches import NOTHING, search_failed
from webapp.searches.models import LEASE, MAX_LOSSES, Request, Search
from webapp.state import State
from webapp.task_queue import TaskName, send, send_on_commit


def start_claimed(search_id: int, worker: str) -> int | None:
    """Take the training of a search's start network.

    Returns:
        The token that later calls need; None where there is nothing to train, or another does it.
        A worker that was asked to stop takes nothing more: another one is told.
    """
    if stopping.requested():
        send(TaskName.TRAIN_START_NETWORK, search_id)
        return None
    with locked(search_id) as search:
        held = search.start_lease_until is not None and search.start_lease_until > timezone.now()
        waits = search.state in (State.QUEUED, State.RUNNING) and not search.requested
        if held or not waits or search.is_start_ready:
            return None
        search.start_attempt += 1
        search.start_worker = worker[:200]
        search.start_lease_until = timezone.now() + LEASE
        search.save(update_fields=["start_attempt", "start_worker", "start_lease_until"])
        if search.state == State.QUEUED:
            search.started_at = timezone.now()
            search.save(update_fields=["started_at"])
            enter(search, State.RUNNING)
            append(search, Kind.SEARCH_STARTED, NOTHING)
        return search.start_attempt


def start_lease_renewed(search_id: int, token: int) -> bool:
    """Whether the token is current; then it is for a while longer."""
    held = Search.objects.filter(
        pk=search_id, start_attempt=token, start_lease_until__isnull=False, state=State.RUNNING
    )
    return held.update(start_lease_until=timezone.now() + LEASE) == 1


def start_progressed(search_id: int, token: int, progress: StartProgress) -> bool:
    """Write how far the training has come; False where the token is no longer current."""
    with locked(search_id) as search:
        if not _is_current(search, token):
            return False
        search.start_progress = progress
        search.start_lease_until = timezone.now() + LEASE
        search.save(update_fields=["start_progress", "start_lease_until"])
        append(search, Kind.START_PROGRESS, progress)
    return True


def start_completed(
    search_id: int,
    token: int,
    measured: StartCompleted,
    *,
    classes: int,
    validation_images: int,
    checkpoint: Checkpoint,
) -> bool:
    """The start network is trained and kept; False where the token is no longer current."""
    with locked(search_id) as search:
        if not _is_current(search, token):
            return False
        search.start_accuracy = measured["accuracy"]
        search.start_parameters = measured["parameters"]
        search.start_multiply_adds = measured["multiply_adds"]
        search.classes, search.validation_images = classes, validation_images
        search.start_completed_at = timezone.now()
        search.start_lease_until, search.start_progress = None, None
        search.save()
        checkpoint.save()
        append(search, Kind.START_COMPLETED, measured)
        send_on_commit(TaskName.ADVANCE_SEARCH, search.pk)
    return True


def start_failed(search_id: int, token: int, failure: str) -> None:
    """Without a start network there is no search."""
    with locked(search_id) as search:
        if _is_current(search, token):
            search.start_lease_until = None
            search.save(update_fields=["start_lease_until"])
            search_failed(search, failure)


def start_interrupted(search_id: int, token: int, *, lost: bool) -> bool:
    """The worker is gone or was asked to stop: another goes on from the last epoch.

    Args:
        search_id: of the search.
        token: of the worker.
        lost: its lease ran out; after three times the search fails.
    """
    with locked(search_id) as search:
        until = search.start_lease_until
        if not _is_current(search, token) or (lost and until and until > timezone.now()):
            return False
        search.start_lease_until = None
        search.start_losses += int(lost)
        search.save(update_fields=["start_lease_until", "start_losses"])
        append(search, Kind.START_INTERRUPTED, {"attempt": token})
        if search.start_losses >= MAX_LOSSES:
            search_failed(
                search, f"The worker that trained the start network was lost {MAX_LOSSES} times."
            )
        elif search.requested == Request.NONE:
            send_on_commit(TaskName.TRAIN_START_NETWORK, search.pk)
    return True


def _is_current(search: Search, token: int) -> bool:
    return (
        search.start_attempt == token
        and search.start_lease_until is not None
        and search.state == State.RUNNING
    )
