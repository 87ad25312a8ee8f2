"""What users ask of searches: each function is one transaction and one event."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone

from search_engine.spec.search_config import SearchConfig
from webapp.searches.events import Kind, append
from webapp.searches.lifecycle.start_network import start_training_created
from webapp.searches.lifecycle.states import COMPARISON, comparison_dropped, enter, locked, require
from webapp.searches.lifecycle.trials import TRIAL
from webapp.searches.models import Request, Search, SearchComparison, Trial
from webapp.state import State
from webapp.trainings.kinds import TRAINING
from webapp.work.kind import IllegalTransition
from webapp.work.queue import TaskName, send_on_commit


def search_created(config: SearchConfig, **fields: Any) -> Search:
    """A search whose start network waits for a worker."""
    with transaction.atomic():
        search = Search.objects.create(
            config=config.to_json(), max_trials=config.budget.max_trials, **fields
        )
        append(search, Kind.SEARCH_CREATED)
        start_training_created(search, config)
    return search


_MAY_FOLLOW = {
    Request.PAUSE: (State.QUEUED, State.RUNNING),
    Request.STOP: (State.RUNNING, State.PAUSED),
    Request.CANCEL: (State.QUEUED, State.RUNNING, State.PAUSED),
}
_WORDS = {
    Request.PAUSE: ("paused", Kind.PAUSE_REQUESTED),
    Request.STOP: ("stopped", Kind.STOP_REQUESTED),
    Request.CANCEL: ("cancelled", Kind.CANCEL_REQUESTED),
}
_STRENGTH = [Request.NONE, Request.PAUSE, Request.STOP, Request.CANCEL]


def can_request(search: Search, request: Request) -> bool:
    """Whether it may be asked for now: nothing as strong was, and the state admits it."""
    return (
        State(search.state) in _MAY_FOLLOW[request]
        and _STRENGTH.index(request) > _STRENGTH.index(Request(search.requested))
        and (request is not Request.STOP or search.is_start_ready)
    )


def search_requested(search_id: int, request: Request) -> None:
    """Note what a user asks for: it is done once no worker is in the way.

    Paused or stopped, the trials that run will end, and no others begin; cancelled, they are given
    up at their next step.
    """
    action, kind = _WORDS[request]
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
        append(search, kind)
        if request is Request.CANCEL:
            _withdraw_all(search)


def _withdraw_all(search: Search) -> None:
    for pk in search.trials.filter(lease_until__isnull=False).values_list("pk", flat=True):
        TRIAL.withdraw(pk)
    TRAINING.withdraw(search.start.pk)
    for pk in _comparison(search):
        COMPARISON.withdraw(pk)


def search_resumed(search_id: int) -> None:
    """It goes on exactly: trials that wait are sent again, with the same numbers and seeds."""
    with locked(search_id) as search:
        pausing = search.requested == Request.PAUSE
        if not (search.state == State.PAUSED or (search.state == State.RUNNING and pausing)):
            require(search, "resumed", State.PAUSED)
            raise IllegalTransition("The search cannot be resumed: it is not being paused.")
        if pausing:
            search.requested, search.failure = Request.NONE, ""
            search.save(update_fields=["requested", "failure"])
        else:
            if search.started_at is None:  # paused while it waited for its first worker
                search.started_at = timezone.now()
                search.save(update_fields=["started_at"])
            enter(search, State.RUNNING)
        append(search, Kind.SEARCH_RESUMED)
        send_all(search)


def search_budget_extended(search_id: int, max_trials: int) -> None:
    """More trials; a completed search runs again, and what a stop gave up is queued again."""
    with locked(search_id) as search:
        require(search, "extended", State.QUEUED, State.RUNNING, State.PAUSED, State.COMPLETED)
        search.max_trials = max_trials
        search.config["budget"]["max_trials"] = max_trials
        search.save(update_fields=["max_trials", "config"])
        append(search, Kind.BUDGET_EXTENDED, {"max_trials": max_trials})
        was_ending = comparison_dropped(search)
        if search.state == State.COMPLETED:
            search.trials.filter(state=State.CANCELLED).update(state=State.QUEUED)
            enter(search, State.RUNNING)
        elif was_ending and search.requested == Request.STOP:
            enter(search, State.RUNNING)
            append(search, Kind.SEARCH_RESUMED)
        if search.state == State.RUNNING:
            send_all(search)


def trial_retried(trial_id: int) -> None:
    """A failed trial waits again. What the strategy learned from the failure stays learned."""
    search_id = Trial.objects.values_list("search_id", flat=True).get(pk=trial_id)
    with locked(search_id) as search:
        states = (State.RUNNING, State.PAUSED, State.COMPLETED)
        waiting = Trial.objects.filter(pk=trial_id, state=State.FAILED)
        if State(search.state) not in states or not waiting.update(
            state=State.QUEUED, workers_lost=0, traceback=""
        ):
            raise IllegalTransition(
                "Only a failed trial of a search that is running, paused or completed can be"
                " tried again."
            )
        number = Trial.objects.values_list("number", flat=True).get(pk=trial_id)
        append(search, Kind.TRIAL_RETRIED, {"number": number})
        comparison_dropped(search)
        if search.state == State.COMPLETED:
            enter(search, State.RUNNING)
            append(search, Kind.SEARCH_RESUMED)
        if search.state == State.RUNNING:
            send_all(search)


def search_changed(search_id: int, kind: Kind, **columns: Any) -> None:
    """Write its name, note or tags, and tell what they are now."""
    with locked(search_id) as search:
        for name, value in columns.items():
            setattr(search, name, value)
        search.save(update_fields=list(columns))
        append(search, kind, columns)


def _comparison(search: Search) -> Iterable[int]:
    """Ids of the search's comparison, where it is under way."""
    under_way = [State.QUEUED, State.RUNNING]
    rows = SearchComparison.objects.filter(search=search, state__in=under_way)
    return rows.values_list("pk", flat=True)


def send_all(search: Search) -> None:
    """Send on commit all that is due in a running search. Sent twice, it is done once."""
    if not search.is_start_ready:
        TRAINING.send(search.start.pk)
        return
    queued = search.trials.filter(state=State.QUEUED)
    for pk in queued.values_list("pk", flat=True):
        TRIAL.send(pk)
    queued.update(sent_at=timezone.now(), not_before=None, delays=0)
    for pk in _comparison(search):
        COMPARISON.send(pk)
    send_on_commit(TaskName.ADVANCE_SEARCH, search.pk)
