"""Finding what was lost, and saying again what is due. Rows are the truth, messages are not."""

from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from webapp.final_trainings import lifecycle
from webapp.final_trainings.events import Kind, Reason
from webapp.final_trainings.models import FinalTraining, Request
from webapp.searches.models import SearchEvent
from webapp.state import State
from webapp.task_queue import TaskName, send

RESEND_AFTER = timedelta(seconds=30)
COMPACT_AFTER = timedelta(minutes=10)


def recover(*, at_start: bool = False) -> None:
    """Queue again what a lost worker held, send again what nobody took, and tidy up.

    Args:
        at_start: a worker has just started: messages may all be lost, so nothing waits its time.
    """
    _end_leases()
    _settle()
    _send_waiting(timezone.now() if at_start else timezone.now() - RESEND_AFTER)
    compact()


def _end_leases() -> None:
    """Whose lease has run out is gone: the training waits again, or does what was asked for."""
    lost = FinalTraining.objects.filter(state=State.RUNNING, lease_until__lt=timezone.now())
    for training in lost:
        lifecycle.interrupted(training.pk, training.attempt, Reason.LOST)


def _settle() -> None:
    """A pause or cancelling that no worker is there to do."""
    asked = FinalTraining.objects.exclude(requested=Request.NONE).filter(lease_until__isnull=True)
    for training_id in asked.values_list("pk", flat=True):
        lifecycle.settled(training_id)


def _send_waiting(before: datetime) -> None:
    waiting = FinalTraining.objects.filter(
        state=State.QUEUED, requested=Request.NONE, sent_at__lte=before
    )
    for training_id in waiting.order_by("pk").values_list("pk", flat=True):
        FinalTraining.objects.filter(pk=training_id).update(sent_at=timezone.now())
        send(TaskName.TRAIN_FINAL, training_id)


def compact() -> None:
    """Delete progress of a while ago: curves are in the rows, and an epoch is told once."""
    before = timezone.now() - COMPACT_AFTER
    active = FinalTraining.objects.filter(
        Q(ended_at__isnull=True) | Q(ended_at__gt=before - timedelta(hours=1))
    )
    SearchEvent.objects.filter(
        search__in=active.values("search_id"), kind=Kind.PROGRESS.value, at__lt=before
    ).delete()
