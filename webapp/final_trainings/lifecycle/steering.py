"""What users ask of final trainings: each function is one transaction and one event."""

from typing import Any

from webapp.final_trainings.events import Kind
from webapp.final_trainings.lifecycle.locks import (
    IllegalTransition,
    can_request,
    can_resume,
    enter,
    held,
    settle,
    tell,
)
from webapp.final_trainings.models import FinalTraining, Request
from webapp.searches.models import Search
from webapp.state import State
from webapp.task_queue import TaskName, send_on_commit


def created(search: Search, **fields: Any) -> FinalTraining:
    """A final training that waits for a worker. The caller holds the search's lock."""
    training = FinalTraining.objects.create(search=search, **fields)
    tell(search, training, Kind.CREATED)
    send_on_commit(TaskName.TRAIN_FINAL, training.pk)
    return training


def pause_requested(training_id: int) -> None:
    """It stops at its next step, and can go on from its last complete epoch."""
    _request(training_id, "paused", Request.PAUSE, Kind.PAUSE_REQUESTED)


def cancel_requested(training_id: int) -> None:
    """It is given up at its next step."""
    _request(training_id, "cancelled", Request.CANCEL, Kind.CANCEL_REQUESTED)


def _request(training_id: int, action: str, request: Request, kind: Kind) -> None:
    with held(training_id) as (search, training):
        if not can_request(training, request):
            reason = (
                f"{training.requested} was asked for already"
                if training.requested
                else f"it is {training.state}"
            )
            raise IllegalTransition(f"The final training cannot be {action}: {reason}.")
        training.requested = request
        training.save(update_fields=["requested"])
        tell(search, training, kind)


def settled(training_id: int) -> None:
    """Once no worker holds it, do what was asked for. Otherwise nothing."""
    with held(training_id) as (search, training):
        if training.requested != Request.NONE and not training.is_held:
            settle(search, training)


def resumed(training_id: int) -> None:
    """It goes on from its last complete epoch; one that failed is tried again from there."""
    with held(training_id) as (search, training):
        if not can_resume(training):
            raise IllegalTransition(
                f"The final training cannot be resumed: it is {training.state},"
                " and would have to be paused or failed."
            )
        if training.requested == Request.PAUSE:
            training.requested = Request.NONE
            training.save(update_fields=["requested"])
        else:
            training.failure, training.traceback, training.losses = "", "", 0
            enter(training, State.QUEUED)
            send_on_commit(TaskName.TRAIN_FINAL, training.pk)
        tell(search, training, Kind.RESUMED)


def renamed(training_id: int, name: str) -> None:
    """Its checkpoint has the same name."""
    with held(training_id) as (search, training):
        training.name = name
        training.save(update_fields=["name"])
        if training.checkpoint is not None:
            training.checkpoint.name = name
            training.checkpoint.save(update_fields=["name"])
        tell(search, training, Kind.RENAMED)
