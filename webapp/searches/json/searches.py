"""The present state of a search as JSON: one shape for page, API and socket."""

from collections.abc import Iterable
from typing import Any, Final, TypedDict

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import (
    Count,
    Exists,
    IntegerField,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Coalesce

from search_engine.spec.errors import SearchEngineError
from search_engine.spec.sites import SitesJSON, sites_json
from search_engine.spec.trial import Role
from webapp.api.shapes import filled
from webapp.checkpoints.models import Checkpoint, Origin
from webapp.live import log
from webapp.searches import estimates
from webapp.searches.json.trials import TrialJSON, light_json, with_kept
from webapp.searches.lifecycle import can_request
from webapp.searches.models import Request, Search, SearchComparison, Trial
from webapp.searches.selectors import User
from webapp.state import State
from webapp.trainings.models import Purpose, Training

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
    extend: bool
    delete: bool
    download: bool
    edit: bool


class GainJSON(TypedDict):
    """The winner's lead over the control on the test images: a fraction with its 95 % interval."""

    difference: float
    low: float
    high: float
    verdict: str


class SearchJSON(TypedDict):
    """A search without its trials.

    Its budget and its counts are of children; controls and confirmations come beside them.
    `comparing` is the state of the work that compares winner, control and start network on the test
    images, null before; the search runs until that has ended, and is completed without a comparison
    where it failed. `start_last_gain` is what the last round of the start network's training
    gained, and `start_saturated` whether more would no longer pay; null where that is not known.
    """

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
    start_training: int
    start_accuracy: float | None
    start_balanced_accuracy: float | None
    start_last_gain: float | None
    start_saturated: bool | None
    start_parameters: int | None
    start_multiply_adds: int | None
    start_progress: dict[str, Any] | None
    best_trial: int | None
    best_accuracy: float | None
    best_notation: str
    best_history: list[list[float]]
    validation_images: int | None
    control_accuracy: float | None
    gain: GainJSON | None
    comparing: str | None
    comparison_failure: str
    failure: str
    can: Can


class WaitingJSON(TypedDict):
    """What a search that waits for a worker waits for.

    `ahead` counts what workers that train take before it, for users take turns, whosever it is.
    """

    workers_online: int
    ahead: int


class LiveJSON(TypedDict):
    """What a search page needs to be drawn at first; the socket goes on after `sequence`.

    `trials` are all of them only where there are as many as `trials_total` says: otherwise those
    that are under way, the best and the newest. The summaries have the rest. `comparison` is the
    engine's, null until the test images were looked at.
    """

    search: SearchJSON
    sequence: int
    trials: list[TrialJSON]
    trials_total: int
    sites: SitesJSON | None
    comparison: dict[str, Any] | None


def live_json(search: Search, user: User) -> LiveJSON:
    """A search with the trials that are seen first, in three queries whatever their number."""
    total = search.trials.count()
    shown = with_kept(_seen_first(search, total)).order_by("number")
    trials = [light_json(trial, search.best_trial) for trial in shown]
    running = sum(t["state"] == State.RUNNING and t["role"] == Role.CHILD for t in trials)
    kept = search.checkpoints.filter(origin=Origin.TRIAL).exists()
    return {
        "search": search_json(search, user, running=running, kept=kept),
        "sequence": log.last_sequence(search.topic),
        "trials": trials,
        "trials_total": total,
        "sites": sites_of(search),
        "comparison": search.comparison,
    }


def sites_of(search: Search) -> SitesJSON | None:
    """Widths at which the search's cells stand; None where its settings are of another version."""
    try:
        return sites_json(search.config["skeleton"])
    except SearchEngineError:
        return None


def search_json(search: Search, user: User, *, running: int, kept: bool) -> SearchJSON:
    """A search as JSON; its owner and data set must have been read with it."""
    own = user.pk == search.owner_id
    start, ready = search.start, search.is_start_ready
    compared: SearchComparison | None = getattr(search, "compared", None)
    return filled(
        SearchJSON,
        search,
        owner=search.owner.get_username(),
        parent=search.parent_id,
        requested=search.requested or None,
        dataset=search.dataset.name,
        strategy=search.config["strategy"],
        eta_seconds=estimates.seconds_left(search, running=running),
        trials_running=running,
        start_training=start.pk,
        start_accuracy=start.accuracy,
        start_balanced_accuracy=start.balanced_accuracy,
        start_last_gain=start.last_gain,
        start_saturated=search.start_rounds.is_saturated(start.last_gain),
        start_parameters=start.parameters if ready else None,
        start_multiply_adds=start.multiply_adds if ready else None,
        start_progress=_start_progress(start),
        gain=_gain(search),
        comparing=compared.state if compared else None,
        comparison_failure=compared.failure if compared else "",
        can=can_json(search, own=own, kept=kept),
    )


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
        Trial.objects.filter(search=OuterRef("pk"), state=State.RUNNING, role=Role.CHILD)
        .order_by()
        .values("search")
        .annotate(number_running=Count("pk"))
        .values("number_running")
    )
    counted = Coalesce(Subquery(running, output_field=IntegerField()), 0)
    starts = Training.objects.filter(purpose=Purpose.START).defer("config", "history", "confusion")
    return searches.annotate(running=counted, kept=Exists(kept)).prefetch_related(
        Prefetch("trainings", starts, to_attr="starts")
    )


def _gain(search: Search) -> GainJSON | None:
    """Null before the comparison, and where there was no control."""
    gain = (search.comparison or {}).get("gain")
    if gain is None:
        return None
    return {
        "difference": gain["difference"],
        "low": gain["low"],
        "high": gain["high"],
        "verdict": gain["verdict"],
    }


def _start_progress(start: Training) -> dict[str, Any] | None:
    names = ("epoch", "epochs", "accuracy", "images_per_second", "eta_seconds")
    return start.progress and {name: start.progress.get(name) for name in names}


def _seen_first(search: Search, total: int) -> QuerySet[Trial]:
    """All trials of a short search; of a long one those under way, the best and the newest."""
    trials = search.trials.all()
    if total <= WHOLE:
        return trials
    best = trials.filter(accuracy__isnull=False, role=Role.CHILD).order_by("-accuracy", "number")
    newest = trials.order_by("-number")
    return trials.filter(
        Q(state__in=[State.QUEUED, State.RUNNING])
        | Q(number=search.best_trial)
        | Q(pk__in=best.values("pk")[:BEST])
        | Q(pk__in=newest.values("pk")[:NEWEST])
    )


def can_json(search: Search, *, own: bool, kept: bool) -> Can:
    pausing = search.requested == Request.PAUSE and search.state == State.RUNNING
    return {
        "pause": own and can_request(search, Request.PAUSE),
        "resume": own and (pausing or (search.state == State.PAUSED and not search.requested)),
        "stop": own and can_request(search, Request.STOP),
        "cancel": own and can_request(search, Request.CANCEL),
        "extend": own and search.state not in (State.FAILED, State.CANCELLED),
        "delete": own and search.is_ended,
        "download": kept,
        "edit": own,
    }
