"""The present state of a search as JSON: one shape for page, API and socket."""

from collections.abc import Iterable
from typing import Any, Final, TypedDict

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from search_engine.errors import SearchEngineError
from webapp.checkpoints.models import Checkpoint, Origin
from webapp.searches import forecast, sites
from webapp.searches.lifecycle import can_request
from webapp.searches.models import Request, Search, Trial
from webapp.searches.selectors import User
from webapp.searches.trial_json import TrialJSON, light_json, time_json, with_kept
from webapp.state import State

WHOLE: Final = 150
"""A search of up to so many trials is sent whole; of a longer one, what is seen first."""

NEWEST: Final = 40
BEST: Final = 40


class Can(TypedDict):
    """What the user may do now."""

    pause: bool
    resume: bool
    stop: bool
    cancel: bool
    download: bool
    edit: bool


class SearchJSON(TypedDict):
    """A search without its trials."""

    id: int
    name: str
    owner: str
    note: str
    tags: list[str]
    parent: int | None
    state: str
    requested: str | None
    preset: str
    dataset: str
    strategy: str
    config: dict[str, Any]
    created_at: str
    started_at: str | None
    ended_at: str | None
    elapsed_seconds: float
    eta_seconds: list[float] | None
    max_trials: int
    trials_completed: int
    trials_failed: int
    trials_running: int
    start_accuracy: float | None
    start_parameters: int | None
    start_multiply_adds: int | None
    start_progress: dict[str, Any] | None
    best_trial: int | None
    best_accuracy: float | None
    best_notation: str
    best_history: list[list[float]]
    failure: str
    can: Can


class LiveJSON(TypedDict):
    """What a search page needs to be drawn at first; the socket goes on after `sequence`.

    `trials` are all of them only where there are as many as `trials_total` says: otherwise those
    that are under way, the best and the newest. The summaries have the rest.
    """

    search: SearchJSON
    sequence: int
    trials: list[TrialJSON]
    trials_total: int
    sites: sites.SitesJSON | None


def live_json(search: Search, user: User) -> LiveJSON:
    """A search with the trials that are seen first, in three queries whatever their number."""
    total = search.trials.count()
    shown = with_kept(_seen_first(search, total)).order_by("number")
    trials = [light_json(trial, search.best_trial) for trial in shown]
    running = sum(trial["state"] == State.RUNNING for trial in trials)
    kept = search.checkpoints.filter(origin=Origin.TRIAL).exists()
    return {
        "search": search_json(search, user, running=running, kept=kept),
        "sequence": search.last_sequence,
        "trials": trials,
        "trials_total": total,
        "sites": sites_of(search),
    }


def sites_of(search: Search) -> sites.SitesJSON | None:
    """Widths at which the search's cells stand; None where its settings are of another version."""
    try:
        return sites.sites_json(search.config["skeleton"])
    except SearchEngineError:
        return None


def search_json(search: Search, user: User, *, running: int, kept: bool) -> SearchJSON:
    """A search as JSON; its owner and data set must have been read with it."""
    own = user.pk == search.owner_id
    return {
        "id": search.pk,
        "name": search.name,
        "owner": search.owner.get_username(),
        "note": search.note,
        "tags": search.tags,
        "parent": search.parent_id,
        "state": search.state,
        "requested": search.requested or None,
        "preset": search.preset,
        "dataset": search.dataset.name,
        "strategy": search.config["strategy"],
        "config": search.config,
        "created_at": search.created_at.isoformat(),
        "started_at": time_json(search.started_at),
        "ended_at": time_json(search.ended_at),
        "elapsed_seconds": search.elapsed_seconds,
        "eta_seconds": forecast.seconds_left(search, running=running),
        "max_trials": search.max_trials,
        "trials_completed": search.trials_completed,
        "trials_failed": search.trials_failed,
        "trials_running": running,
        "start_accuracy": search.start_accuracy,
        "start_parameters": search.start_parameters,
        "start_multiply_adds": search.start_multiply_adds,
        "start_progress": search.start_progress,
        "best_trial": search.best_trial,
        "best_accuracy": search.best_accuracy,
        "best_notation": search.best_notation,
        "best_history": search.best_history,
        "failure": search.failure,
        "can": _can(search, own=own, kept=kept),
    }


def search_list_json(searches: Iterable[Search], user: AbstractBaseUser) -> list[SearchJSON]:
    """Searches that came from `with_counts`, without further queries."""
    return [
        search_json(search, user, running=search.running, kept=search.kept)  # type: ignore[attr-defined]
        for search in searches
    ]


def with_counts(searches: Any) -> Any:
    """Searches with what their JSON needs of other tables."""
    kept = Checkpoint.objects.filter(search=OuterRef("pk"), origin=Origin.TRIAL)
    running = (
        Trial.objects.filter(search=OuterRef("pk"), state=State.RUNNING)
        .order_by()
        .values("search")
        .annotate(number_running=Count("pk"))
        .values("number_running")
    )
    counted = Coalesce(Subquery(running, output_field=IntegerField()), 0)
    return searches.annotate(running=counted, kept=Exists(kept))


def _seen_first(search: Search, total: int) -> QuerySet[Trial]:
    """All trials of a short search; of a long one those under way, the best and the newest."""
    trials = search.trials.all()
    if total <= WHOLE:
        return trials
    best = trials.filter(accuracy__isnull=False).order_by("-accuracy", "number")
    newest = trials.order_by("-number")
    return trials.filter(
        Q(state__in=[State.QUEUED, State.RUNNING])
        | Q(number=search.best_trial)
        | Q(pk__in=best.values("pk")[:BEST])
        | Q(pk__in=newest.values("pk")[:NEWEST])
    )


def _can(search: Search, *, own: bool, kept: bool) -> Can:
    pausing = search.requested == Request.PAUSE and search.state == State.RUNNING
    return {
        "pause": own and can_request(search, Request.PAUSE),
        "resume": own and (pausing or (search.state == State.PAUSED and not search.requested)),
        "stop": own and can_request(search, Request.STOP),
        "cancel": own and can_request(search, Request.CANCEL),
        "download": kept,
        "edit": own,
    }
