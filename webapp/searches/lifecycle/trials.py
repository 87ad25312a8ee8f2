"""Trials as a kind of work, and what else becomes of them: asked for, ended, pinned."""

from collections.abc import Mapping
from typing import Any, TypedDict

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from webapp.searches import estimates
from webapp.searches.events import Kind as EventKind
from webapp.searches.events import append
from webapp.searches.lifecycle.states import (
    PartOfSearch,
    locked,
    search_failed,
    search_settled,
)
from webapp.searches.models import MAX_FAULTS_IN_A_ROW, MAX_QUEUED, Search, Trial
from webapp.searches.selectors import visible_searches
from webapp.state import State
from webapp.work.kind import Then, Verb, held_with
from webapp.work.models import Request
from webapp.work.queue import GPU, TaskName, send_on_commit


class _TrialKind(PartOfSearch[Trial]):
    """A trial ends later than its worker's hold: when the engine has been told of the outcome."""

    def about(self, row: Trial) -> dict[str, Any]:
        return {"number": row.number}

    def changed(self, row: Trial, verb: Verb) -> None:
        """What was asked of its search may have waited for this trial only, and so may others."""
        if verb is Verb.STARTED and row.search.config["parallel"] > MAX_QUEUED:
            _advance(row)
        if verb in (Verb.INTERRUPTED, Verb.CANCELLED):
            search_settled(row.search_id)

    def complete(self, pk: int, token: int, then: Then[Trial] | None = None, **found: Any) -> bool:
        """Hand in the outcome. No event yet: the trial ends in `trial_ended`."""
        handed_in = {**_handed_in(), **found}
        return self._change(
            pk, held_with(token), Verb.COMPLETED, then=then, silent=True, **handed_in
        )

    def fail(
        self, pk: int, token: int, failure: str, traceback: str = "", code: str = "fault"
    ) -> bool:
        """Hand in that it could not be evaluated, and why."""
        outcome = {"failure": failure, "fault": True}
        return self.complete(pk, token, _advance, outcome=outcome, traceback=traceback)

    def is_completed(self, pk: int, token: int) -> bool:
        """Its outcome was handed in; the engine may have been told since."""
        rows = Trial.objects.filter(pk=pk, attempt=token, lease_until__isnull=True)
        return rows.filter(state__in=[State.RUNNING, State.COMPLETED, State.FAILED]).exists()

    def failed_to(self, row: Trial) -> str:
        return f"Trial {row.number} could not be evaluated."


def _handed_in() -> dict[str, Any]:
    return {
        "evaluated_at": timezone.now(),
        "lease_until": None,
        "progress": None,
        "requested": Request.NONE,
    }


def _advance(trial: Trial) -> None:
    send_on_commit(TaskName.ADVANCE_SEARCH, trial.search_id)


TRIAL = _TrialKind(
    name="trial",
    label="This trial",
    rows=Trial,
    queue=GPU,
    body="webapp.searches.worker:evaluate",
    topic=lambda row: row.topic,
    title=lambda row: f"Trial {row.number} of {row.search.name}",
    address=lambda row: reverse("trial", args=[row.search_id, row.number]),
    visible=lambda user: Trial.objects.filter(search__in=visible_searches(user).values("pk")),
    owner="search__owner",
    group="search",
    related=("search",),
    waits=Q(search__state=State.RUNNING, search__requested=""),
)


def trial_created(search: Search, **fields: Any) -> Trial:
    """A trial that waits for a worker. The caller holds the lock."""
    trial = Trial(search=search, **fields)
    return TRIAL.add(
        trial,
        {
            "notation": trial.notation,
            "cell": trial.cell,
            "transformations": trial.transformations,
            **origin(trial),
        },
    )


def trial_ended(
    search: Search,
    trial: Trial,
    *,
    ended: Mapping[str, Any],
    told: int,
    is_best: bool,
) -> None:
    """The engine has been told: completed, or failed with a reason. The caller holds the lock.

    Args:
        ended: what the engine makes of it, `EndedTrial.to_json()`.
    """
    again = trial.told is not None
    is_fault = bool((trial.outcome or {}).get("fault"))
    _fill(trial, ended, told)
    trial.save()
    failed = trial.state == State.FAILED
    TRIAL.count_end(Verb.FAILED if failed else Verb.COMPLETED)
    if trial.is_child:
        search.trials_failed += int(failed) - int(again)
        search.trials_completed += int(not failed)
        search.faults_in_a_row = search.faults_in_a_row + 1 if is_fault else 0
    else:
        search.others_ended += int(not again)
    if is_best:
        search.best_trial, search.best_accuracy = trial.number, trial.accuracy
        search.best_reward, search.best_notation = trial.reward, trial.notation
        number = search.trials_completed + search.trials_failed
        search.best_history = [*search.best_history, [number, trial.accuracy]]
    search.recent_seconds = estimates.with_seconds(search, trial.seconds)
    search.save()
    if failed:
        append(search, EventKind.TRIAL_FAILED, {"number": trial.number, "failure": trial.failure})
    else:
        _append_completed(search, trial, is_best=is_best)
    if search.faults_in_a_row >= MAX_FAULTS_IN_A_ROW and search.state == State.RUNNING:
        search_failed(search, f"{MAX_FAULTS_IN_A_ROW} trials in a row: {trial.failure}")


class Origin(TypedDict):
    """What a trial is for, and what it grows from.

    `role` is `child`, `control` or `confirmation`, which does the trial `repeats` once more; a
    `parent` of 0 is the start network; `move` is null where the strategy makes none.
    """

    role: str
    parent: int
    move: str | None
    repeats: int


def origin(trial: Trial) -> Origin:
    """The same for lists, pages and events."""
    return {
        "role": trial.role,
        "parent": trial.parent,
        "move": trial.move or None,
        "repeats": trial.repeats,
    }


def trial_pinned(trial_id: int, *, pinned: bool) -> None:
    """Keep its checkpoint whatever else is found; or no longer."""
    search_id = Trial.objects.values_list("search_id", flat=True).get(pk=trial_id)
    with locked(search_id) as search:
        trial = Trial.objects.get(pk=trial_id)
        if trial.pinned == pinned:
            return
        trial.pinned = pinned
        trial.save(update_fields=["pinned"])
        kind = EventKind.TRIAL_PINNED if pinned else EventKind.TRIAL_UNPINNED
        append(search, kind, {"number": trial.number})


def _fill(trial: Trial, ended: Mapping[str, Any], told: int) -> None:
    """What is listed, sorted and filtered gets columns; the outcome has served."""
    result, outcome = ended["result"], trial.outcome or {}
    costs = result["costs"]
    trial.state = State.COMPLETED if result["failure"] is None else State.FAILED
    trial.result, trial.told, trial.outcome = dict(result), told, None
    trial.accuracy, trial.reward = result["accuracy"], ended["reward"]
    trial.balanced_accuracy = result["balanced_accuracy"]
    trial.seconds = result["seconds"]
    trial.parameters = _whole(costs.get("parameters"))
    trial.multiply_adds = _whole(costs.get("multiply_adds"))
    trial.latency_1, trial.latency_64 = costs.get("latency_1"), costs.get("latency_64")
    trial.memory = _whole(costs.get("memory"))
    trial.diagnostics = ended["diagnostics"]
    trial.failure, trial.confusion = result["failure"] or "", outcome.get("confusion")
    trial.ended_at = timezone.now()


def _append_completed(search: Search, trial: Trial, *, is_best: bool) -> None:
    append(
        search,
        EventKind.TRIAL_COMPLETED,
        {
            "number": trial.number,
            **origin(trial),
            "accuracy": trial.accuracy,
            "balanced_accuracy": trial.balanced_accuracy,
            "reward": trial.reward or 0.0,
            "parameters": trial.parameters,
            "multiply_adds": trial.multiply_adds,
            "latency_1": trial.latency_1,
            "latency_64": trial.latency_64,
            "memory": trial.memory,
            "seconds": trial.seconds or 0.0,
            "curve": trial.curve,
            "diagnostics": trial.diagnostics,
            "best": is_best,
        },
    )


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)
