"""The only place where the state of a final training changes."""

from webapp.final_trainings.lifecycle.locks import IllegalTransition, can_request, can_resume
from webapp.final_trainings.lifecycle.steering import (
    cancel_requested,
    created,
    pause_requested,
    renamed,
    resumed,
    settled,
)
from webapp.final_trainings.lifecycle.work import (
    claimed,
    completed,
    failed,
    interrupted,
    is_current,
    is_given_up,
    lease_renewed,
    progressed,
)

__all__ = [
    "IllegalTransition",
    "can_request",
    "can_resume",
    "cancel_requested",
    "claimed",
    "completed",
    "created",
    "failed",
    "interrupted",
    "is_current",
    "is_given_up",
    "lease_renewed",
    "pause_requested",
    "progressed",
    "renamed",
    "resumed",
    "settled",
]
