"""How the state of a search changes, always under its lock."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import timezone

from webapp.live import log
from webapp.live.topics import Topic
from webapp.searches.events import Kind, append
from webapp.searches.models import Request, Search, SearchComparison
from webapp.state import State
from webapp.work.kind import IllegalTransition


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
    append(search, Kind.SEARCH_COMPLETED, found)


def search_failed(search: Search, failure: str) -> None:
    """It cannot go on; the reason is kept. The caller holds the lock."""
    require(search, "failed", State.QUEUED, State.RUNNING, State.PAUSED)
    search.failure = failure
    search.save(update_fields=["failure"])
    give_up_trials(search)
    enter(search, State.FAILED)
    append(search, Kind.SEARCH_FAILED, {"failure": failure})


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
