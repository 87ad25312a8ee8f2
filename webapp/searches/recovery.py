"""Finding what was lost, and saying again what is due. Rows are the truth, messages are not."""

from datetime import timedelta

from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone

from webapp.searches import lifecycle
from webapp.searches.models import Search, SearchEvent, Trial
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
    before = timezone.now() if at_start else timezone.now() - RESEND_AFTER
    _send_waiting(before)
    _advance_idle()
    compact()


def _end_leases() -> None:
    """Whose lease has run out is gone: the trial waits again, with its number and seed."""
    now = timezone.now()
    trials = Trial.objects.filter(state=State.RUNNING, outcome__isnull=True, lease_until__lt=now)
    for trial in trials:
        lifecycle.trial_interrupted(trial.pk, trial.attempt, lost=True)
        lifecycle.search_settled(trial.search_id)
    for search in Search.objects.filter(state=State.RUNNING, start_lease_until__lt=now):
        lifecycle.start_interrupted(search.pk, search.start_attempt, lost=True)
        lifecycle.search_settled(search.pk)


def _send_waiting(before: object) -> None:
    goes_on = Q(requested="", state__in=[State.QUEUED, State.RUNNING])
    untrained = Search.objects.filter(
        goes_on, start_completed_at__isnull=True, start_lease_until__isnull=True
    ).filter(sent_at__lte=before)
    for search in untrained:
        Search.objects.filter(pk=search.pk).update(sent_at=timezone.now())
        send(TaskName.TRAIN_START_NETWORK, search.pk)
    waiting = Trial.objects.filter(
        state=State.QUEUED, sent_at__lte=before, search__state=State.RUNNING, search__requested=""
    ).order_by("search_id", "number")
    for trial in waiting:
        Trial.objects.filter(pk=trial.pk).update(sent_at=timezone.now())
        send(TaskName.EVALUATE_TRIAL, trial.pk)


def _advance_idle() -> None:
    """Searches whose next step nobody will take: no trial is under way, or a result lies there."""
    unfinished = Count("trials", filter=Q(trials__state__in=[State.QUEUED, State.RUNNING]))
    untold = Trial.objects.filter(search=OuterRef("pk"), state=State.RUNNING, outcome__isnull=False)
    running = Search.objects.filter(state=State.RUNNING, start_completed_at__isnull=False)
    idle = running.annotate(unfinished=unfinished, untold=Exists(untold))
    for search in idle.filter(Q(unfinished=0) | Q(untold=True)):
        send(TaskName.ADVANCE_SEARCH, search.pk)


def compact() -> None:
    """Delete the progress of trials that ended a while ago: their curves are in their rows."""
    before = timezone.now() - COMPACT_AFTER
    active = Search.objects.filter(
        Q(ended_at__isnull=True) | Q(ended_at__gt=before - timedelta(hours=1))
    )
    SearchEvent.objects.filter(
        search__in=active.values("pk"), kind="trial.progress", at__lt=before
    ).delete()
