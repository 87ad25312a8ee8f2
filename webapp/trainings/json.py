"""The present state of a training as JSON: one shape for page, API and socket."""

from collections.abc import Iterable
from typing import Any, TypedDict

from search_engine.spec.measures import accuracy_by_class, balanced_accuracy
from webapp.api.shapes import filled
from webapp.live import log
from webapp.searches.selectors import User
from webapp.trainings import selectors
from webapp.trainings.kinds import TRAINING, StartFound, start_found
from webapp.trainings.models import Training
from webapp.work.models import Request

_PROGRESS = (
    *("epoch", "step", "steps", "loss"),
    *("learning_rate", "images_per_second", "eta_seconds"),
)
_NOT_OF_A_START: StartFound = {"balanced_accuracy": None, "last_gain": None, "saturated": None}


class Epoch(TypedDict):
    """What one complete epoch came to; all null where its worker was killed before it told."""

    accuracy: float | None
    training_accuracy: float | None
    loss: float | None
    learning_rate: float | None


class Can(TypedDict):
    """What the user may do now."""

    pause: bool
    resume: bool
    cancel: bool
    delete: bool
    edit: bool


class TrainingJSON(TypedDict):
    """A training; `trial` is null where it is not of a trial's cell.

    `fold_accuracies` are the test accuracies of its folds; none where it was tested once.
    From `max_rounds` to `saturated`, all is of start networks only. Of a training in rounds,
    `epochs` and `steps` are those of the rounds up to the present.
    """

    id: int
    name: str
    purpose: str
    search: int
    search_name: str
    trial: int | None
    compared_with: int | None
    owner: str
    dataset: str
    family: str
    weights: str
    state: str
    requested: str | None
    failure: str
    worker: str
    attempt: int
    workers_lost: int
    created_at: str
    started_at: str | None
    ended_at: str | None
    elapsed_seconds: float
    epochs: int
    epochs_done: int
    epoch: int | None
    step: int | None
    steps: int | None
    loss: float | None
    learning_rate: float | None
    images_per_second: float | None
    eta_seconds: float | None
    max_rounds: int | None
    balanced_accuracy: float | None
    last_gain: float | None
    saturated: bool | None
    parameters: int
    multiply_adds: int
    accuracy: float | None
    test_accuracy: float | None
    test_images: int | None
    fold_accuracies: list[float]
    checkpoint: int | None
    can: Can


class DetailJSON(TrainingJSON):
    """A training with what only its own page shows."""

    config: dict[str, Any]
    history: list[Epoch]
    confusion: list[list[int]] | None
    test_balanced_accuracy: float | None
    per_class_accuracy: list[float | None]
    class_names: list[str]
    compared_by: list[int]


class LiveJSON(TypedDict):
    """All that a page needs to be drawn; the search's socket goes on after `sequence`."""

    training: DetailJSON
    comparison: DetailJSON | None
    search: int
    sequence: int


def live_json(user: User, training_id: int) -> LiveJSON:
    """A training, and the start network's that it is compared with.

    Raises:
        ProductError: there is none such, or it is not the user's to see.
    """
    search = selectors.training_to_see(user, training_id).search
    # The sequence before the rows: what happens meanwhile is told again, and does no harm.
    sequence = log.last_sequence(search.topic)
    training = selectors.training_to_see(user, training_id)
    other = training.compared_with
    if other is not None:
        other.search = training.search
    return {
        "training": detail_json(training, user),
        "comparison": None if other is None else detail_json(other, user),
        "search": training.search_id,
        "sequence": sequence,
    }


def detail_json(training: Training, user: User) -> DetailJSON:
    by_class = accuracy_by_class(training.confusion or [])
    return {
        **training_json(training, user),
        "config": training.config,
        "history": training.history,
        "confusion": training.confusion,
        "test_balanced_accuracy": balanced_accuracy(by_class),
        "per_class_accuracy": by_class,
        "class_names": list(training.search.dataset.class_names),
        "compared_by": list(training.compared_by.order_by("pk").values_list("pk", flat=True)),
    }


def list_json(trainings: Iterable[Training], user: User) -> list[TrainingJSON]:
    """Trainings that came from `selectors.visible_to`, without further queries."""
    return [training_json(training, user) for training in trainings]


def training_json(training: Training, user: User) -> TrainingJSON:
    search, progress = training.search, training.progress or {}
    trial = training.trial
    return filled(
        TrainingJSON,
        training,
        search=search.pk,
        search_name=search.name,
        trial=None if trial is None else trial.number,
        compared_with=training.compared_with_id,
        owner=search.owner.get_username(),
        dataset=search.dataset.name,
        family=training.config["skeleton"]["family"],
        weights=training.config["weights"],
        requested=training.requested or None,
        epochs_done=len(training.history),
        **{name: progress.get(name) for name in _PROGRESS},
        max_rounds=search.start_rounds.max_rounds if training.is_start else None,
        **(start_found(training) if training.is_start else _NOT_OF_A_START),
        checkpoint=training.checkpoint_id,
        can=_can(training, own=user.pk == search.owner_id),
    )


def _can(training: Training, *, own: bool) -> Can:
    return {
        "pause": own and TRAINING.may_request(training, Request.PAUSE),
        "resume": own and TRAINING.may_resume(training),
        "cancel": own and TRAINING.may_request(training, Request.CANCEL),
        "delete": own and not training.is_active and not training.is_start,
        "edit": own and not training.is_start,
    }
