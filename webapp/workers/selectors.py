"""What pages and the API read of workers, in a fixed number of queries whatever their number."""

from collections.abc import Iterable, Iterator

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Q, QuerySet
from django.utils import timezone

from webapp.final_trainings.models import FinalTraining
from webapp.searches.models import Search, Trial
from webapp.searches.selectors import visible_searches
from webapp.state import State
from webapp.workers.documents import WorkJSON
from webapp.workers.models import FORGOTTEN_AFTER, OFFLINE_AFTER, Worker

Found = tuple[str, int, WorkJSON]
"""A worker, the search that it works for, and at what."""

BUSY: WorkJSON = {"text": "busy", "url": ""}
"""What somebody sees of work that is not theirs to see."""


def known_workers() -> QuerySet[Worker]:
    """All that were heard of in the last week."""
    return Worker.objects.filter(heartbeat_at__gt=timezone.now() - FORGOTTEN_AFTER)


def workers_online() -> list[Worker]:
    """Those that can evaluate trials now."""
    heard = Worker.objects.filter(
        stopped_at__isnull=True, heartbeat_at__gt=timezone.now() - OFFLINE_AFTER
    )
    # Which queues is asked here: SQLite cannot look into the array.
    return [worker for worker in heard if worker.trains]


def work_of(workers: Iterable[Worker], user: AbstractBaseUser) -> dict[str, WorkJSON]:
    """What each busy worker is at, by its name; only that it is busy where that is not theirs."""
    names = [worker.name for worker in workers]
    found = [*_start_networks(names), *_trials(names), *_final_trainings(names)]
    seen = set(visible_searches(user).values_list("pk", flat=True))
    return {name: work if search in seen else BUSY for name, search, work in found}


def _start_networks(names: list[str]) -> Iterator[Found]:
    rows = Search.objects.filter(start_worker__in=names, start_lease_until__isnull=False)
    for pk, name, worker in rows.values_list("pk", "name", "start_worker"):
        yield worker, pk, {"text": f"Start network of {name}", "url": f"/searches/{pk}/"}


def _trials(names: list[str]) -> Iterator[Found]:
    rows = Trial.objects.filter(
        worker__in=names, state=State.RUNNING, outcome__isnull=True, lease_until__isnull=False
    )
    columns = ("search_id", "search__name", "number", "worker")
    for pk, name, number, worker in rows.order_by("started_at").values_list(*columns):
        url = f"/searches/{pk}/trials/{number}/"
        yield worker, pk, {"text": f"Trial {number} of {name}", "url": url}


def _final_trainings(names: list[str]) -> Iterator[Found]:
    rows = FinalTraining.objects.filter(worker__in=names, lease_until__isnull=False)
    for training in rows.order_by("started_at"):
        url = training.get_absolute_url()
        yield training.worker, training.search_id, {"text": training.name, "url": url}


def ahead_of(search: Search) -> int:
    """How many trainings and trials of all searches wait for a worker longer than this search's."""
    goes_on = Q(requested="", state__in=[State.QUEUED, State.RUNNING])
    since = search.created_at
    waiting = Trial.objects.filter(
        state=State.QUEUED, search__state=State.RUNNING, search__requested=""
    )
    if search.is_start_ready:
        own = waiting.filter(search=search).order_by("created_at").first()
        since = own.created_at if own else timezone.now()
    untrained = Search.objects.filter(
        goes_on, start_completed_at__isnull=True, start_lease_until__isnull=True
    )
    others = untrained.filter(created_at__lt=since).exclude(pk=search.pk).count()
    return others + waiting.filter(created_at__lt=since).exclude(search=search).count()
