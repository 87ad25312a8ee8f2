"""How a search changes: each function is one transaction and one event."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from webapp.searches.events import Kind, Nothing, append
from webapp.searches.lifecycle.locks import IllegalTransition, enter, locked, require
from webapp.searches.models import Request, Search, Trial
from webapp.state import State
from webapp.task_queue import TaskName, send_on_commit

NOTHING: Nothing = {}


def search_created(**fields: Any) -> Search:
    """A search that waits for a worker."""
    with transaction.atomic():
        search = Search.objects.create(**fields)
        append(search, Kind.SEARCH_CREATED, NOTHING)
        send_on_commit(TaskName.TRAIN_START_NETWORK, search.pk)
    return search


def search_pause_requested(search_id: int) -> None:
    """Trials that run will end; no others begin."""
    _request(search_id, "paused", Request.PAUSE, Kind.PAUSE_REQUESTED)


def search_stop_requested(search_id: int) -> None:
    """Trials that run will end, and then the search, with what it has found."""
    _request(search_id, "stopped", Request.STOP, Kind.STOP_REQUESTED)


def search_cancel_requested(search_id: int) -> None:
    """Trials that run are given up at their next step."""
    _request(search_id, "cancelled", Request.CANCEL, Kind.CANCEL_REQUESTED)


_MAY_FOLLOW = {
    Request.PAUSE: (State.QUEUED, State.RUNNING),
    Request.STOP: (State.RUNNING, State.PAUSED),
    Request.CANCEL: (State.QUEUED, State.RUNNING, State.PAUSED),
}
_STRENGTH = [Request.NONE, Request.PAUSE, Request.STOP, Request.CANCEL]


def can_request(search: Search, request: Request) -> bool:
    """Whether it may be asked for now: nothing as strong was, and the state admits it."""
    return (
        State(search.state) in _MAY_FOLLOW[request]
        and _STRENGTH.index(request) > _STRENGTH.index(Request(search.requested))
        and (request is not Request.STOP or search.is_start_ready)
    )


def _request(search_id: int, action: str, request: Request, kind: Kind) -> None:
    with locked(search_id) as search:
        require(search, action, *_MAY_FOLLOW[request])
        if not can_request(search, request):
            reason = (
                f"{search.requested} was asked for already"
                if search.requested
                else "there is no start network yet; cancel it instead"
            )
            raise IllegalTransition(f"The search cannot be {action}: {reason}.")
        search.requested = request
        search.save(update_fields=["requested"])
        append(search, kind, NOTHING)


def search_settled(search_id: int) -> None:
    """Once nothing runs any more, do what was asked for. Otherwise nothing."""
    with locked(search_id) as search:
        if search.requested == Request.NONE or is_busy(search):
            return
        if search.requested == Request.PAUSE:
            enter(search, State.PAUSED)
            append(search, Kind.SEARCH_PAUSED, NOTHING)
        elif search.requested == Request.STOP:
            search_completed(search)
        else:
            _give_up_trials(search)
            enter(search, State.CANCELLED)
            append(search, Kind.SEARCH_CANCELLED, NOTHING)


def search_resumed(search_id: int) -> None:
    """It goes on exactly: trials that wait are sent again, with the same numbers and seeds."""
    with locked(search_id) as search:
        pausing = search.requested == Request.PAUSE
        if not (search.state == State.PAUSED or (search.state == State.RUNNING and pausing)):
            require(search, "resumed", State.PAUSED)
            raise IllegalTransition("The search cannot be resumed: it is not being paused.")
        if pausing:
            search.requested = Request.NONE
            search.save(update_fields=["requested"])
        else:
            if search.started_at is None:  # paused while it waited for its first worker
                search.started_at = timezone.now()
                search.save(update_fields=["started_at"])
            enter(search, State.RUNNING)
        append(search, Kind.SEARCH_RESUMED, NOTHING)
        send_all(search)


def search_budget_extended(search_id: int, max_trials: int) -> None:
    """More trials; a completed search runs again, and what a stop gave up is queued again."""
    with locked(search_id) as search:
        require(search, "extended", State.QUEUED, State.RUNNING, State.PAUSED, State.COMPLETED)
        search.max_trials = max_trials
        search.config["budget"]["max_trials"] = max_trials
        search.save(update_fields=["max_trials", "config"])
        append(search, Kind.BUDGET_EXTENDED, {"max_trials": max_trials})
        if search.state == State.COMPLETED:
            search.trials.filter(state=State.CANCELLED).update(state=State.QUEUED)
            enter(search, State.RUNNING)
        if search.state == State.RUNNING:
            send_all(search)


def search_completed(search: Search) -> None:
    """The budget is spent, or a stop was asked for. The caller holds the lock."""
    require(search, "completed", State.RUNNING, State.PAUSED)
    _give_up_trials(search)
    enter(search, State.COMPLETED)
    best: Any = {"best_trial": search.best_trial, "best_accuracy": search.best_accuracy}
    append(search, Kind.SEARCH_COMPLETED, best)


def search_failed(search: Search, failure: str) -> None:
    """It cannot go on; the reason is kept. The caller holds the lock."""
    require(search, "failed", State.QUEUED, State.RUNNING, State.PAUSED)
    search.failure = failure
    search.save(update_fields=["failure"])
    _give_up_trials(search)
    enter(search, State.FAILED)
    append(search, Kind.SEARCH_FAILED, {"failure": failure})


def search_renamed(search_id: int, name: str) -> None:
    with locked(search_id) as search:
        search.name = name
        search.save(update_fields=["name"])
        append(search, Kind.SEARCH_RENAMED, {"name": name})


def search_noted(search_id: int, note: str) -> None:
    with locked(search_id) as search:
        search.note = note
        search.save(update_fields=["note"])
        append(search, Kind.SEARCH_NOTED, {"note": note})


def search_tagged(search_id: int, tags: list[str]) -> None:
    with locked(search_id) as search:
        search.tags = tags
        search.save(update_fields=["tags"])
        append(search, Kind.SEARCH_TAGGED, {"tags": tags})


def is_busy(search: Search) -> bool:
    """Whether a worker holds the start network or a trial, or the engine has to hear a result."""
    training = search.start_lease_until is not None
    return training or search.trials.filter(state=State.RUNNING).exists()


def send_all(search: Search) -> None:
    """Say on commit all that is due for a running search. Said twice it is done once."""
    if not search.is_start_ready:
        send_on_commit(TaskName.TRAIN_START_NETWORK, search.pk)
        return
    queued = list(search.trials.filter(state=State.QUEUED).values_list("pk", flat=True))
    Trial.objects.filter(pk__in=queued).update(sent_at=timezone.now())
    for trial_id in queued:
        send_on_commit(TaskName.EVALUATE_TRIAL, trial_id)
    send_on_commit(TaskName.ADVANCE_SEARCH, search.pk)


def _give_up_trials(search: Search) -> None:
    """What has not ended never will; workers notice that their tokens are no longer current."""
    unfinished = search.trials.filter(state__in=[State.QUEUED, State.RUNNING])
    # Tried again after it had failed, and now not to the end: what is known of it is the failure.
    unfinished.filter(record__isnull=False).update(
        state=State.FAILED, lease_until=None, progress=None
    )
    unfinished.update(state=State.CANCELLED, lease_until=None, progress=None)
