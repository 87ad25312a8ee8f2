"""How the state of a search changes, always under its lock; and how it ends.

What it has found meets the test images, a kind of work; then it completes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from search_engine.spec.trial import Role
from webapp.live import log
from webapp.live.topics import Topic
from webapp.searches.events import Kind as EventKind
from webapp.searches.events import append
from webapp.searches.models import Request, Search, SearchComparison, Trial
from webapp.searches.selectors import visible_searches
from webapp.state import State
from webapp.work import models as work_models
from webapp.work.kind import IllegalTransition, Kind, Reason, Verb
from webapp.work.queue import GPU

Part = TypeVar("Part", Trial, SearchComparison)


@contextmanager
def locked(search_id: int) -> Iterator[Search]:
    """A search that nobody else can change until the transaction ends."""
    with log.locked(Topic("search", search_id)):
        yield Search.objects.get(pk=search_id)


def require(search: Search, action: str, *states: State) -> None:
    """Refuse what the search's state does not admit."""
    if State(search.state) not in states:
        expected = " or ".join(states)
        raise IllegalTransition(
            f"The search cannot be {action}: it is {search.state}, and would have to be {expected}."
        )


def enter(search: Search, state: State) -> None:
    """Set a state with what follows from it: the clock, and that nothing is asked for any more."""
    now = timezone.now()
    if search.running_since is not None:
        search.seconds_before = search.elapsed_seconds
    search.running_since = now if state is State.RUNNING else None
    search.ended_at = now if state.is_final else None
    search.state, search.requested = state, Request.NONE
    if state not in (State.FAILED, State.PAUSED):
        search.failure = ""  # why it was held up
    columns = ["state", "requested", "failure", "running_since", "seconds_before", "ended_at"]
    search.save(update_fields=columns)


def search_completed(search: Search) -> None:
    """The budget is spent, or a stop was asked for. The caller holds the lock."""
    require(search, "completed", State.RUNNING, State.PAUSED)
    give_up_trials(search)
    enter(search, State.COMPLETED)
    compared = SearchComparison.objects.filter(search=search).first()
    found = {
        "best_trial": search.best_trial,
        "best_accuracy": search.best_accuracy,
        "comparison": search.comparison,
        "comparison_failure": compared.failure if compared else "",
    }
    append(search, EventKind.SEARCH_COMPLETED, found)


def search_failed(search: Search, failure: str) -> None:
    """It cannot go on; the reason is kept. The caller holds the lock."""
    require(search, "failed", State.QUEUED, State.RUNNING, State.PAUSED)
    search.failure = failure
    search.save(update_fields=["failure"])
    give_up_trials(search)
    enter(search, State.FAILED)
    append(search, EventKind.SEARCH_FAILED, {"failure": failure})


def is_busy(search: Search) -> bool:
    """Whether a worker holds the start network, a trial or the comparison, or the engine has to
    hear a result."""
    return (
        search.start.is_held
        or search.trials.filter(state=State.RUNNING).exists()
        or SearchComparison.objects.filter(search=search, lease_until__isnull=False).exists()
    )


def give_up_trials(search: Search) -> None:
    """What has not ended never will; workers notice that their tokens are no longer current."""
    unfinished = search.trials.filter(state__in=[State.QUEUED, State.RUNNING])
    # Tried again after it had failed, and now not to the end: what is known of it is the failure.
    unfinished.filter(told__isnull=False).update(
        state=State.FAILED, lease_until=None, progress=None
    )
    unfinished.update(state=State.CANCELLED, lease_until=None, progress=None)


# --- the end ------------------------------------------------------------------------------------


class PartOfSearch(Kind[Part]):
    """What only its search may be asked for, and where what fails it is no result."""

    def may_request(self, row: Part, request: work_models.Request) -> bool:
        return False

    def failed_to(self, row: Part) -> str:
        """A sentence: what could not be done."""
        raise NotImplementedError

    def lost_for_good(self, row: Part, failure: str) -> None:
        """The search pauses with the reason, and the row waits for it to go on."""
        self.wait_again(row, Reason.LOST, failure)
        search_held_up(row.search_id, failure)

    def held_up(self, row: Part, failure: str) -> None:
        self.wait_again(row, Reason.DELAYED, failure)
        search_held_up(row.search_id, f"{self.failed_to(row)} {failure}")


class _ComparisonKind(PartOfSearch[SearchComparison]):
    """When a comparison has ended, its search is completed, whatever came of it."""

    def failed_to(self, row: SearchComparison) -> str:
        return "The test images could not be looked at."

    def changed(self, row: SearchComparison, verb: Verb) -> None:
        if verb in (Verb.COMPLETED, Verb.FAILED):
            _search_compared(row.search_id)
        elif verb in (Verb.INTERRUPTED, Verb.CANCELLED):
            search_settled(row.search_id)


COMPARISON = _ComparisonKind(
    name="comparison",
    label="This comparison",
    rows=SearchComparison,
    queue=GPU,
    body="webapp.searches.worker.comparison:compare",
    topic=lambda row: Topic("search", row.search_id),
    title=lambda row: f"Comparison of {row.search.name} with its control",
    address=lambda row: reverse("search", args=[row.search_id]),
    visible=lambda user: SearchComparison.objects.filter(
        search__in=visible_searches(user).values("pk")
    ),
    owner="search__owner",
    group="search",
    related=("search",),
    waits=Q(search__state=State.RUNNING, search__requested__in=[Request.NONE, Request.STOP]),
)


def search_ends(search: Search) -> None:
    """Nothing is left to try: what was found is compared, and then it is completed. The caller
    holds the lock."""
    comparison = SearchComparison.objects.filter(search=search).first()
    if comparison is None and search.trials.filter(role=Role.CHILD, state=State.COMPLETED).exists():
        _go_on_to_compare(search)
        COMPARISON.add(SearchComparison(search=search))
    elif comparison is None or comparison.is_ended:
        search_completed(search)


def search_settled(search_id: int) -> None:
    """Once nothing runs any more, do what was asked for. Otherwise nothing."""
    with locked(search_id) as search:
        if search.requested == Request.NONE or is_busy(search):
            return
        if search.requested == Request.PAUSE:
            enter(search, State.PAUSED)
            append(search, EventKind.SEARCH_PAUSED, {"failure": search.failure})
        elif search.requested == Request.STOP:
            search_ends(search)
        else:
            give_up_trials(search)
            enter(search, State.CANCELLED)
            append(search, EventKind.SEARCH_CANCELLED)


def search_held_up(search_id: int, failure: str) -> None:
    """Something beside it is at fault: it pauses with the reason once nothing runs any more."""
    with locked(search_id) as search:
        if search.state == State.RUNNING and search.requested == Request.NONE:
            search.failure, search.requested = failure, Request.PAUSE
            search.save(update_fields=["failure", "requested"])
            append(search, EventKind.PAUSE_REQUESTED)
            search_settled(search_id)


def comparison_dropped(search: Search) -> bool:
    """Delete the comparison of a search that goes on; whether it was under way. The caller holds
    the lock; a worker that is at it notices that the row is gone."""
    under_way = SearchComparison.objects.filter(
        search=search, state__in=[State.QUEUED, State.RUNNING]
    ).exists()
    SearchComparison.objects.filter(search=search).delete()
    search.comparison = None
    search.save(update_fields=["comparison"])
    return under_way


def _go_on_to_compare(search: Search) -> None:
    """A paused search that is stopped runs once more, for as long as that takes."""
    if search.state == State.PAUSED:
        requested = search.requested
        enter(search, State.RUNNING)
        search.requested = requested
        search.save(update_fields=["requested"])
        append(search, EventKind.SEARCH_RESUMED)


def _search_compared(search_id: int) -> None:
    with locked(search_id) as search:
        if search.requested == Request.CANCEL:
            search_settled(search_id)
        elif not search.is_ended:
            search_completed(search)
