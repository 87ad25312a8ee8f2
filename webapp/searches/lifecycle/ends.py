"""How a search ends: what it has found meets the test images, a kind of work; then it completes.

Also where a pause or a cancellation is acted on: once nothing runs any more.
"""

from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse

from search_engine.spec.trial import Role
from webapp.live.topics import Topic
from webapp.searches.events import Kind as EventKind
from webapp.searches.events import append
from webapp.searches.lifecycle.states import (
    enter,
    give_up_trials,
    is_busy,
    locked,
    search_completed,
)
from webapp.searches.models import Request, Search, SearchComparison
from webapp.searches.selectors import visible_searches
from webapp.state import State
from webapp.work import models as work_models
from webapp.work.kind import Kind, Reason, Verb
from webapp.work.queue import GPU


class _ComparisonKind(Kind[SearchComparison]):
    """With it the search is completed, whatever came of it."""

    def may_request(self, row: SearchComparison, request: work_models.Request) -> bool:
        return False  # its search may be asked

    def lost_for_good(self, row: SearchComparison, failure: str) -> None:
        """No result either: its search waits with it."""
        self.wait_again(row, Reason.LOST, failure)
        search_held_up(row.search_id, failure)

    def held_up(self, row: SearchComparison, failure: str) -> None:
        self.wait_again(row, Reason.DELAYED, failure)
        search_held_up(row.search_id, f"The test images could not be looked at. {failure}")

    def changed(self, row: SearchComparison, verb: Verb) -> None:
        if verb in (Verb.COMPLETED, Verb.FAILED):
            _search_compared(row.search_id)
        elif verb in (Verb.INTERRUPTED, Verb.CANCELLED):
            search_settled(row.search_id)


def _visible(user: Any) -> QuerySet[SearchComparison]:
    return SearchComparison.objects.filter(search__in=visible_searches(user).values("pk"))


COMPARISON = _ComparisonKind(
    name="comparison",
    label="This comparison",
    rows=SearchComparison,
    queue=GPU,
    body="webapp.searches.worker.comparison:compare",
    topic=lambda row: Topic("search", row.search_id),
    title=lambda row: f"Comparison of {row.search.name} with its control",
    address=lambda row: reverse("search", args=[row.search_id]),
    visible=_visible,
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
