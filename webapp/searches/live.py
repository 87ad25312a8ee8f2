"""The present state of a search as JSON: one shape for page, API and socket."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, TypedDict

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Count, Exists, OuterRef, Q

from webapp.searches.lifecycle import can_request
from webapp.searches.models import Checkpoint, Request, Search, Trial
from webapp.searches.selectors import User
from webapp.state import State


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
    failure: str
    can: Can


class TrialJSON(TypedDict):
    """A trial as pages draw it."""

    number: int
    state: str
    notation: str
    cell: dict[str, Any]
    transformations: list[dict[str, Any]]
    accuracy: float | None
    reward: float | None
    parameters: int | None
    multiply_adds: int | None
    seconds: float | None
    curve: list[float]
    epoch: int | None
    epochs: int | None
    images_per_second: float | None
    eta_seconds: float | None
    worker: str
    failure: str
    pinned: bool
    kept: bool
    diagnostics: dict[str, float]


class LiveJSON(TypedDict):
    """All that a search page needs to be drawn; the socket goes on after `sequence`."""

    search: SearchJSON
    sequence: int
    trials: list[TrialJSON]


def live_json(search: Search, user: User) -> LiveJSON:
    """A search with its trials, in three queries whatever their number."""
    trials = [trial_json(trial) for trial in with_kept(search.trials.all()).order_by("number")]
    running = sum(trial["state"] == State.RUNNING for trial in trials)
    kept = any(trial["kept"] for trial in trials)
    document = search_json(search, user, running=running, kept=kept)
    return {"search": document, "sequence": search.last_sequence, "trials": trials}


def search_json(search: Search, user: User, *, running: int, kept: bool) -> SearchJSON:
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
        "started_at": _time(search.started_at),
        "ended_at": _time(search.ended_at),
        "elapsed_seconds": search.elapsed_seconds,
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
    kept = Checkpoint.objects.filter(search=OuterRef("pk"), trial__isnull=False)
    running = Count("trials", filter=Q(trials__state=State.RUNNING), distinct=True)
    return searches.annotate(running=running, kept=Exists(kept))


def with_kept(trials: Any) -> Any:
    """Trials with whether their checkpoints are kept, without what only their own page shows."""
    kept = Checkpoint.objects.filter(trial=OuterRef("pk"))
    heavy = ("record", "proposal", "outcome", "confusion", "traceback")
    return trials.annotate(kept=Exists(kept)).defer(*heavy)


def trial_json(trial: Trial) -> TrialJSON:
    """A trial that came from `with_kept`."""
    progress = trial.progress or {}
    return {
        "number": trial.number,
        "state": trial.state,
        "notation": trial.notation,
        "cell": trial.cell,
        "transformations": trial.transformations,
        "accuracy": trial.accuracy,
        "reward": trial.reward,
        "parameters": trial.parameters,
        "multiply_adds": trial.multiply_adds,
        "seconds": trial.seconds,
        "curve": trial.curve or progress.get("curve", []),
        "epoch": progress.get("epoch"),
        "epochs": progress.get("epochs"),
        "images_per_second": progress.get("images_per_second"),
        "eta_seconds": progress.get("eta_seconds"),
        "worker": trial.worker,
        "failure": trial.failure,
        "pinned": trial.pinned,
        "kept": bool(getattr(trial, "kept", False)),
        "diagnostics": trial.diagnostics,
    }


class TrialDetailJSON(TypedDict):
    """A trial with what only its own page shows."""

    trial: TrialJSON
    confusion: list[list[int]] | None
    per_class_accuracy: list[float | None]
    class_names: list[str]
    attempt: int
    losses: int
    seed: int
    created_at: str
    started_at: str | None
    ended_at: str | None


def trial_detail_json(search: Search, trial: Trial) -> TrialDetailJSON:
    trial.kept = hasattr(trial, "checkpoint")  # type: ignore[attr-defined]
    return {
        "trial": trial_json(trial),
        "confusion": trial.confusion,
        "per_class_accuracy": [_share(i, row) for i, row in enumerate(trial.confusion or [])],
        "class_names": list(search.dataset.class_names),
        "attempt": trial.attempt,
        "losses": trial.losses,
        "seed": trial.seed,
        "created_at": trial.created_at.isoformat(),
        "started_at": _time(trial.started_at),
        "ended_at": _time(trial.ended_at),
    }


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


def _share(index: int, row: list[int]) -> float | None:
    return row[index] / sum(row) if sum(row) else None


def _time(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()


class CheckpointJSON(TypedDict):
    """A kept checkpoint; of a start network where it has no trial."""

    id: int
    search: int
    search_name: str
    trial: int | None
    accuracy: float
    bytes: int
    sha256: str
    pinned: bool
    created_at: str


def checkpoint_json(checkpoint: Checkpoint) -> CheckpointJSON:
    trial = checkpoint.trial
    return {
        "id": checkpoint.pk,
        "search": checkpoint.search_id,
        "search_name": checkpoint.search.name,
        "trial": trial.number if trial else None,
        "accuracy": checkpoint.accuracy,
        "bytes": checkpoint.bytes,
        "sha256": checkpoint.sha256,
        "pinned": bool(trial and trial.pinned),
        "created_at": checkpoint.created_at.isoformat(),
    }
