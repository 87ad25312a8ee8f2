"""What can happen to a search, beside what can happen to all work."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, TypedDict

from webapp.live import log
from webapp.live.models import Event
from webapp.searches.models import Search


class Kind(StrEnum):
    """What can happen, in the past tense."""

    SEARCH_CREATED = "search.created"
    SEARCH_STARTED = "search.started"
    PAUSE_REQUESTED = "search.pause_requested"
    SEARCH_PAUSED = "search.paused"
    SEARCH_RESUMED = "search.resumed"
    STOP_REQUESTED = "search.stop_requested"
    CANCEL_REQUESTED = "search.cancel_requested"
    SEARCH_COMPLETED = "search.completed"
    SEARCH_FAILED = "search.failed"
    SEARCH_CANCELLED = "search.cancelled"
    SEARCH_RENAMED = "search.renamed"
    SEARCH_NOTED = "search.noted"
    SEARCH_TAGGED = "search.tagged"
    BUDGET_EXTENDED = "search.budget_extended"
    TRIAL_COMPLETED = "trial.completed"
    TRIAL_FAILED = "trial.failed"
    TRIAL_RETRIED = "trial.retried"
    TRIAL_PINNED = "trial.pinned"
    TRIAL_UNPINNED = "trial.unpinned"


class TrialProgress(TypedDict):
    number: int
    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    curve: Sequence[float]
    images_per_second: float
    eta_seconds: float


def append(search: Search, kind: str, payload: Mapping[str, Any] | None = None) -> Event:
    """Add an event to a search's log; without a payload its kind says all."""
    return log.append(search.topic, kind, payload or {})
