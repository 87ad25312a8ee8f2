"""How a trial is asked for, claimed, evaluated and ends."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from webapp import stopping
from webapp.searches import forecast
from webapp.searches.events import Kind, TrialProgress, append
from webapp.searches.lifecycle.locks import IllegalTransition, enter, locked
from webapp.searches.lifecycle.searches import NOTHING, search_failed, send_all
from webapp.searches.models import LEASE, MAX_FAULTS_IN_A_ROW, MAX_LOSSES, Request, Search, Trial
from webapp.state import State
from webapp.task_queue import TaskName, send, send_on_commit


def trial_created(search: Search, **fields: Any) -> Trial:
    """A trial that waits for a worker. The caller holds the lock."""
    trial = Trial.objects.create(search=search, **fields)
    append(
        search,
        Kind.TRIAL_CREATED,
        {
            "number": trial.number,
            "notation": trial.notation,
            "cell": trial.cell,
            "transformations": trial.transformations,
        },
    )
    send_on_commit(TaskName.EVALUATE_TRIAL, trial.pk)
    return trial


def trial_claimed(trial_id: int, worker: str) -> int | None:
    """Take a trial.

    Returns:
        The attempt, the token that later calls need; None where it is not to be evaluated now.
        A worker that was asked to stop takes nothing more: another one is told.
    """
    if stopping.requested():
        send(TaskName.EVALUATE_TRIAL, trial_id)
        return None
    search_id = Trial.objects.filter(pk=trial_id).values_list("search_id", flat=True).first()
    if search_id is None:
        return None
    with locked(search_id) as search:
        if search.requested or search.state != State.RUNNING:
            return None
        trial = Trial.objects.get(pk=trial_id)
        now, attempt = timezone.now(), trial.attempt + 1
        claimed = Trial.objects.filter(
            pk=trial_id, state=State.QUEUED, attempt=trial.attempt
        ).update(
            state=State.RUNNING,
            attempt=attempt,
            worker=worker[:200],
            started_at=now,
            lease_until=now + LEASE,
            progress=None,
        )
        if not claimed:
            return None
        append(
            search,
            Kind.TRIAL_STARTED,
            {"number": trial.number, "worker": worker, "attempt": attempt},
        )
    return attempt


def trial_lease_renewed(trial_id: int, token: int) -> bool:
    """Whether the token is current; then it is for a while longer."""
    return _held(trial_id, token).update(lease_until=timezone.now() + LEASE) == 1


def trial_progressed(trial_id: int, token: int, progress: TrialProgress) -> bool:
    """Write how far it has come; False where the token is no longer current."""
    with locked(_search_of(trial_id)) as search:
        lease = timezone.now() + LEASE
        if not _held(trial_id, token).update(progress=progress, lease_until=lease):
            return False
        append(search, Kind.TRIAL_PROGRESS, progress)
    return True


def trial_evaluated(trial_id: int, token: int, outcome: Mapping[str, Any]) -> bool:
    """Hand in what came of it: it counts only while the token is current.

    No event yet: the trial ends when the engine is told, in the transaction of `trial_ended`.
    """
    with locked(_search_of(trial_id)):
        updated: int = _held(trial_id, token).update(
            outcome=outcome, evaluated_at=timezone.now(), lease_until=None, progress=None
        )
    return updated == 1


def trial_ended(
    search: Search,
    trial: Trial,
    *,
    record: Mapping[str, Any],
    told: int,
    is_best: bool,
) -> None:
    """The engine has been told: completed, or failed with a reason. The caller holds the lock.

    Args:
        search: whose.
        trial: with an outcome.
        record: what the engine keeps of it, `EndedTrial.to_json()`.
        told: the how-many-th trial to end.
        is_best: so far.
    """
    again = trial.record is not None
    _fill(trial, record, told)
    trial.save()
    failed = trial.state == State.FAILED
    search.trials_failed += int(failed) - int(again)
    search.trials_completed += int(not failed)
    search.faults_in_a_row = search.faults_in_a_row + 1 if trial.traceback else 0
    if is_best:
        search.best_trial, search.best_accuracy = trial.number, trial.accuracy
        search.best_reward, search.best_notation = trial.reward, trial.notation
        ended = search.trials_completed + search.trials_failed
        search.best_history = [*search.best_history, [ended, trial.accuracy]]
    search.recent_seconds = forecast.with_seconds(search, trial.seconds)
    search.save()
    if failed:
        append(search, Kind.TRIAL_FAILED, {"number": trial.number, "failure": trial.failure})
    else:
        _append_completed(search, trial, is_best=is_best)
    if search.faults_in_a_row >= MAX_FAULTS_IN_A_ROW and search.state == State.RUNNING:
        search_failed(search, f"{MAX_FAULTS_IN_A_ROW} trials in a row: {trial.failure}")


def trial_interrupted(trial_id: int, token: int, *, lost: bool) -> bool:
    """The worker is gone or was asked to stop: the trial waits again, with its number and seed.

    Args:
        trial_id: of the trial.
        token: of the worker.
        lost: its lease ran out; after three times the trial fails.
    """
    with locked(_search_of(trial_id)) as search:
        held = _held(trial_id, token)
        trial = (held.filter(lease_until__lt=timezone.now()) if lost else held).first()
        if trial is None:
            return False
        trial.losses += int(lost)
        trial.lease_until, trial.progress = None, None
        if trial.losses >= MAX_LOSSES:
            reason = f"The worker was lost {MAX_LOSSES} times while it evaluated this trial."
            trial.outcome, trial.evaluated_at = {"failure": reason}, timezone.now()
            send_on_commit(TaskName.ADVANCE_SEARCH, search.pk)
        else:
            trial.state, trial.sent_at = State.QUEUED, timezone.now()
            send_on_commit(TaskName.EVALUATE_TRIAL, trial.pk)
        trial.save()
        append(search, Kind.TRIAL_INTERRUPTED, {"number": trial.number, "attempt": token})
    return True


def trial_cancelled(trial_id: int, token: int) -> bool:
    """It was given up because its search is cancelled."""
    with locked(_search_of(trial_id)) as search:
        given_up = _held(trial_id, token).update(
            state=State.CANCELLED, lease_until=None, progress=None
        )
        if given_up:
            number = Trial.objects.values_list("number", flat=True).get(pk=trial_id)
            append(search, Kind.TRIAL_CANCELLED, {"number": number})
    return given_up == 1


def trial_retried(trial_id: int) -> None:
    """A failed trial waits again. What the strategy learned from the failure stays learned."""
    with locked(_search_of(trial_id)) as search:
        states = (State.RUNNING, State.PAUSED, State.COMPLETED)
        waiting = Trial.objects.filter(pk=trial_id, state=State.FAILED)
        if State(search.state) not in states or not waiting.update(
            state=State.QUEUED, outcome=None, losses=0, traceback=""
        ):
            raise IllegalTransition(
                "Only a failed trial of a search that is running, paused or completed can be"
                " tried again."
            )
        number = Trial.objects.values_list("number", flat=True).get(pk=trial_id)
        append(search, Kind.TRIAL_RETRIED, {"number": number})
        if search.state == State.COMPLETED:
            enter(search, State.RUNNING)
            append(search, Kind.SEARCH_RESUMED, NOTHING)
        if search.state == State.RUNNING:
            send_all(search)


def trial_pinned(trial_id: int, *, pinned: bool) -> None:
    """Keep its checkpoint whatever else is found; or no longer."""
    with locked(_search_of(trial_id)) as search:
        trial = Trial.objects.get(pk=trial_id)
        if trial.pinned == pinned:
            return
        trial.pinned = pinned
        trial.save(update_fields=["pinned"])
        kind = Kind.TRIAL_PINNED if pinned else Kind.TRIAL_UNPINNED
        append(search, kind, {"number": trial.number})


def is_current(trial_id: int, token: int) -> bool:
    """Whether a result under this token would count."""
    return _held(trial_id, token).exists()


def is_cancel_requested(search_id: int) -> bool:
    return not Search.objects.filter(
        pk=search_id, state=State.RUNNING, requested__in=_GOES_ON
    ).exists()


_GOES_ON = (Request.NONE, Request.PAUSE, Request.STOP)


def _held(trial_id: int, token: int) -> Any:
    return Trial.objects.filter(
        pk=trial_id, attempt=token, state=State.RUNNING, outcome__isnull=True
    )


def _search_of(trial_id: int) -> int:
    return Trial.objects.values_list("search_id", flat=True).get(pk=trial_id)


def _fill(trial: Trial, record: Mapping[str, Any], told: int) -> None:
    """Copy what is listed, sorted and filtered from the engine's record into columns."""
    result, outcome = record["result"], trial.outcome or {}
    costs = result["costs"]
    trial.state = State.COMPLETED if result["failure"] is None else State.FAILED
    trial.record, trial.told = dict(record), told
    trial.accuracy, trial.reward = result["accuracy"], record["reward"]
    trial.curve, trial.seconds = result["curve"], result["seconds"]
    trial.parameters = _whole(costs.get("parameters"))
    trial.multiply_adds = _whole(costs.get("multiply_adds"))
    trial.latency_1, trial.latency_64 = costs.get("latency_1"), costs.get("latency_64")
    trial.memory = _whole(costs.get("memory"))
    trial.diagnostics = record["diagnostics"]
    trial.failure, trial.traceback = result["failure"] or "", outcome.get("traceback", "")
    trial.confusion, trial.ended_at = outcome.get("confusion"), timezone.now()


def _append_completed(search: Search, trial: Trial, *, is_best: bool) -> None:
    append(
        search,
        Kind.TRIAL_COMPLETED,
        {
            "number": trial.number,
            "accuracy": trial.accuracy,
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
