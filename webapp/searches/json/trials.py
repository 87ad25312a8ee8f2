"""Trials as JSON: as lists, pages and events of one trial show them."""

from typing import Any, TypedDict

from django.db.models import Exists, OuterRef

from search_engine.spec.measures import accuracy_by_class
from webapp.api.shapes import filled
from webapp.checkpoints.models import Checkpoint
from webapp.searches.lifecycle import Origin, origin
from webapp.searches.models import Search, Trial
from webapp.state import FINAL_STATES, State

NUMBERS = (
    "accuracy",
    "balanced_accuracy",
    "reward",
    "parameters",
    "multiply_adds",
    "latency_1",
    "latency_64",
    "memory",
    "seconds",
)
"""What was measured of a trial: columns of tables, and what lists are ordered by."""

_PROGRESS = ("epoch", "epochs", "images_per_second", "eta_seconds")

CHARTED = ("baseline", "entropy")
"""Diagnostics that the charts of a search draw."""


class TrialJSON(Origin):
    """A trial as pages draw it. `cell`, `transformations` and `curve` may be left out of an ended
    one: its notation says what is drawn, and the trial's own address has the rest."""

    number: int
    state: str
    notation: str
    cell: dict[str, Any] | None
    transformations: list[dict[str, Any]] | None
    accuracy: float | None
    balanced_accuracy: float | None
    reward: float | None
    parameters: int | None
    multiply_adds: int | None
    latency_1: float | None
    latency_64: float | None
    memory: int | None
    seconds: float | None
    curve: list[float]
    epoch: int | None
    epochs: int | None
    images_per_second: float | None
    eta_seconds: float | None
    worker: str
    failure: str
    delay: str
    pinned: bool
    kept: bool
    diagnostics: dict[str, float]


def with_kept(trials: Any) -> Any:
    """Trials with whether their checkpoints are kept, without what only their own page shows."""
    kept = Checkpoint.objects.filter(trial=OuterRef("pk"))
    heavy = ("outcome", "confusion", "traceback")
    return trials.annotate(kept=Exists(kept)).defer(*heavy)


def trial_json(trial: Trial) -> TrialJSON:
    """A trial that came from `with_kept`."""
    progress = trial.progress or {}
    return filled(
        TrialJSON,
        trial,
        **origin(trial),
        curve=trial.curve or progress.get("curve", []),
        **{name: progress.get(name) for name in _PROGRESS},
        kept=bool(getattr(trial, "kept", False)),
    )


def light_json(trial: Trial, best: int | None) -> TrialJSON:
    """A trial among many: in full only while it is evaluated, and where it is the best."""
    document = trial_json(trial)
    if State(trial.state) in FINAL_STATES and trial.number != best:
        document["cell"] = document["transformations"] = None
        document["curve"] = []
    document["diagnostics"] = {
        name: trial.diagnostics[name] for name in CHARTED if name in trial.diagnostics
    }
    return document


class CanTrial(TypedDict):
    """What the user may do now."""

    pin: bool
    retry: bool
    train: bool
    grow: bool
    download: bool


class TrialDetailJSON(TypedDict):
    """A trial with what only its own page shows; its search's events go on after `sequence`."""

    trial: TrialJSON
    can: CanTrial
    sequence: int
    confusion: list[list[int]] | None
    per_class_accuracy: list[float | None]
    class_names: list[str]
    attempt: int
    workers_lost: int
    seed: int
    created_at: str
    started_at: str | None
    evaluated_at: str | None
    ended_at: str | None
    traceback: str
    checkpoint: int | None


def trial_detail_json(search: Search, trial: Trial, *, own: bool, sequence: int) -> TrialDetailJSON:
    """A trial with all that is known of it.

    Args:
        own: whether the reader owns the search; a fault's traceback is shown to nobody else.
        sequence: of the search's log, before the trial was read.
    """
    checkpoint: Checkpoint | None = getattr(trial, "checkpoint", None)
    trial.kept = checkpoint is not None  # type: ignore[attr-defined]
    return filled(
        TrialDetailJSON,
        trial,
        trial=trial_json(trial),
        can={
            "pin": own,
            "retry": own and trial.state == State.FAILED,
            "train": own and trial.state == State.COMPLETED,
            "grow": checkpoint is not None and checkpoint.can_start,
            "download": checkpoint is not None,
        },
        sequence=sequence,
        per_class_accuracy=accuracy_by_class(trial.confusion or []),
        class_names=list(search.dataset.class_names),
        traceback=trial.traceback if own else "",
        checkpoint=checkpoint.pk if checkpoint else None,
    )
