"""Celery's shell, and what recovery does for searches beside what it does for all work.

The coordinator imports torch, which must not happen in a worker's parent.
"""

from celery import shared_task
from django.db.models import Count, Exists, OuterRef, Q
from django.utils.module_loading import import_string

from webapp.searches.models import Search, Trial
from webapp.state import State
from webapp.work import recovery
from webapp.work.queue import TaskName, send


@shared_task(name=TaskName.ADVANCE_SEARCH)
def advance_search(search_id: int) -> None:
    import_string("webapp.searches.coordinator.advance")(search_id)


def register() -> None:
    recovery.add_chore(advance_idle)


def advance_idle() -> None:
    """Advance searches that nobody else will: no trial is under way, or a result lies there."""
    unfinished = Count("trials", filter=Q(trials__state__in=[State.QUEUED, State.RUNNING]))
    untold = Trial.objects.filter(search=OuterRef("pk"), state=State.RUNNING, outcome__isnull=False)
    running = Search.objects.filter(state=State.RUNNING, classes__isnull=False)
    idle = running.annotate(unfinished=unfinished, untold=Exists(untold))
    idle = idle.exclude(compared__state__in=[State.QUEUED, State.RUNNING])
    for search in idle.filter(Q(unfinished=0) | Q(untold=True)):
        send(TaskName.ADVANCE_SEARCH, search.pk)
