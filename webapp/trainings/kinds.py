"""Trainings as a kind of work: whatever for, one kind."""

from typing import Any, TypedDict

from django.db.models import Q
from django.dispatch import Signal
from django.utils import timezone

from webapp.state import State
from webapp.trainings.models import Purpose, Training
from webapp.trainings.selectors import visible_to
from webapp.work.kind import Kind, Reason, Verb
from webapp.work.models import Request
from webapp.work.queue import GPU

changed = Signal()
"""Sent in the transaction of each change, with `training` and `verb`: searches begin when their
start networks are trained."""


held_up = Signal()
"""Sent with `training` and `failure`, where a search's start network waits for its user."""


class _TrainingKind(Kind[Training]):
    def event(self, row: Training, verb: Verb | str) -> str:
        part = "start_network" if row.is_start else "final_training"
        return f"{part}.{verb}"

    def about(self, row: Training) -> dict[str, Any]:
        said = {"id": row.pk, "name": row.name}
        if row.state != State.COMPLETED:
            return said
        images = {"validation_images": row.search.validation_images} if row.is_start else {}
        return said | _found(row) | images

    def may_request(self, row: Training, request: Request) -> bool:
        return not row.is_start and super().may_request(row, request)

    def may_resume(self, row: Training) -> bool:
        return not row.is_start and super().may_resume(row)

    def lost_for_good(self, row: Training, failure: str) -> None:
        if row.is_start:
            self.wait_again(row, Reason.LOST, failure)
            held_up.send(Training, training=row, failure=failure)
        else:
            super().lost_for_good(row, failure)

    def held_up(self, row: Training, failure: str) -> None:
        """It waits with its search, where it is that of a start network."""
        if row.is_start:
            self.wait_again(row, Reason.DELAYED, failure)
            held_up.send(Training, training=row, failure=failure)
        else:
            super().held_up(row, failure)

    def changed(self, row: Training, verb: Verb) -> None:
        """The clock runs while a worker trains."""
        runs = row.state == State.RUNNING
        if runs != (row.running_since is not None):
            row.seconds_before = row.elapsed_seconds
            row.running_since = timezone.now() if runs else None
            row.save(update_fields=["seconds_before", "running_since"])
        changed.send(Training, training=row, verb=verb)


class StartFound(TypedDict):
    """What a start network has come to beside its accuracy; null where that was not measured."""

    balanced_accuracy: float | None
    last_gain: float | None
    saturated: bool | None


def start_found(row: Training) -> StartFound:
    """What a start network has come to, and whether more training would pay."""
    return {
        "balanced_accuracy": row.balanced_accuracy,
        "last_gain": row.last_gain,
        "saturated": row.search.start_rounds.is_saturated(row.last_gain),
    }


def _found(row: Training) -> dict[str, Any]:
    return {
        "accuracy": row.accuracy,
        **(start_found(row) if row.is_start else {}),
        "test_accuracy": row.test_accuracy,
        "test_images": row.test_images,
        "parameters": row.parameters,
        "multiply_adds": row.multiply_adds,
        "seconds": row.elapsed_seconds,
        "checkpoint": row.checkpoint_id,
    }


_SEARCH_WAITS = Q(search__state__in=[State.QUEUED, State.RUNNING], search__requested="")

TRAINING = _TrainingKind(
    name="training",
    label="This training",
    rows=Training,
    queue=GPU,
    body="webapp.trainings.worker:train",
    topic=lambda row: row.topic,
    title=lambda row: f"{row.name} of {row.search.name}" if row.is_start else row.name,
    address=lambda row: row.get_absolute_url(),
    visible=visible_to,
    owner="search__owner",
    group="search",
    related=("search",),
    pausable=True,
    waits=~Q(purpose=Purpose.START) | _SEARCH_WAITS,
)
