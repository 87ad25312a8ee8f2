"""The only place where a start network's state changes: one function, one transaction.

A step is claimed by a conditional update, with an attempt number and a lease. Whatever comes from
an attempt counts only while its number is the row's.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from webapp.checkpoints import files
from webapp.checkpoints.models import Checkpoint
from webapp.exports.lifecycle import measurement_requested
from webapp.start_networks.models import LEASE, MAX_LOSSES, StartNetwork, Step
from webapp.state import State
from webapp.task_queue import TaskName, send_on_commit

RESEND = timedelta(seconds=30)
BUSY = (State.QUEUED, State.RUNNING)
LOST = f"The worker was lost {MAX_LOSSES} times over it: perhaps its memory is too small."


def created(network: StartNetwork) -> None:
    """A new row, whose files come within this transaction."""
    network.save()
    send_on_commit(TaskName.PREPARE_START_NETWORK, network.pk)


@transaction.atomic
def sites_chosen(network_id: int, sites: Sequence[str]) -> bool:
    """Its checkpoint is to be made with these sites; False while a worker is at it."""
    idle = StartNetwork.objects.filter(pk=network_id).exclude(state__in=BUSY)
    chosen = idle.update(sites=list(sites), **_queued(Step.ADOPT))
    if chosen:
        send_on_commit(TaskName.PREPARE_START_NETWORK, network_id)
    return bool(chosen)


@transaction.atomic
def claimed(network_id: int) -> int | None:
    """The number of the attempt that has begun; None where there is nothing to do."""
    # The update comes first, so that the row is ours before it is read.
    count = StartNetwork.objects.filter(pk=network_id, state=State.QUEUED).update(
        state=State.RUNNING, attempt=F("attempt") + 1, lease_until=timezone.now() + LEASE
    )
    return StartNetwork.objects.get(pk=network_id).attempt if count else None


def lease_renewed(network_id: int, attempt: int) -> bool:
    """Whether the attempt still counts; then it does for a while longer."""
    return _held(network_id, attempt).update(lease_until=timezone.now() + LEASE) == 1


def outline_read(network_id: int, attempt: int, outline: Mapping[str, Any]) -> bool:
    """Read: its sites can be chosen."""
    return _end(network_id, attempt, State.COMPLETED, outline=outline)


@transaction.atomic
def adopted(network_id: int, attempt: int, checkpoint: Checkpoint) -> bool:
    """Its checkpoint is there, files and all; False where the attempt counts no more.

    It is measured by a worker that trains: this one may have another device, and much to do.
    """
    if not _end(network_id, attempt, State.COMPLETED):
        return False
    checkpoint.save()
    StartNetwork.objects.filter(pk=network_id).update(checkpoint=checkpoint)
    measurement_requested(checkpoint)
    return True


def failed(network_id: int, attempt: int, failure: str) -> bool:
    """Refused; the sentence says why."""
    return _end(network_id, attempt, State.FAILED, failure=failure)


@transaction.atomic
def leases_expired() -> None:
    """What a lost worker held is queued again; after three losses it fails."""
    gone = StartNetwork.objects.filter(state=State.RUNNING, lease_until__lt=timezone.now())
    gone.filter(losses__gte=MAX_LOSSES - 1).update(
        state=State.FAILED, failure=LOST, lease_until=None
    )
    for network_id in list(gone.values_list("pk", flat=True)):
        again = gone.filter(pk=network_id).update(
            state=State.QUEUED, losses=F("losses") + 1, lease_until=None, sent_at=timezone.now()
        )
        if again:
            send_on_commit(TaskName.PREPARE_START_NETWORK, network_id)


@transaction.atomic
def messages_lost() -> None:
    """What has waited long is sent again: its message may be gone, and two of them do no harm."""
    waiting = StartNetwork.objects.filter(state=State.QUEUED, sent_at__lt=timezone.now() - RESEND)
    for network_id in list(waiting.values_list("pk", flat=True)):
        if waiting.filter(pk=network_id).update(sent_at=timezone.now()):
            send_on_commit(TaskName.PREPARE_START_NETWORK, network_id)


@transaction.atomic
def deleted(network: StartNetwork) -> None:
    """Gone with its uploaded files; checkpoints made of it stay."""
    transaction.on_commit(partial(files.delete, network.folder))
    network.delete()


def _queued(step: Step) -> dict[str, Any]:
    return {
        "step": step,
        "state": State.QUEUED,
        "failure": "",
        "losses": 0,
        "lease_until": None,
        "sent_at": timezone.now(),
    }


def _end(network_id: int, attempt: int, state: State, **found: Any) -> bool:
    return bool(_held(network_id, attempt).update(state=state, lease_until=None, **found))


def _held(network_id: int, attempt: int) -> QuerySet[StartNetwork]:
    return StartNetwork.objects.filter(pk=network_id, attempt=attempt, state=State.RUNNING)
