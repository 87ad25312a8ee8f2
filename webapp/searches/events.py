"""Numbered facts about searches, and the doorbell that says that there are new ones."""

import logging
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, TypedDict

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import transaction
from redis.exceptions import RedisError

from webapp.searches.models import Search, SearchEvent

DOORBELL = "searches.doorbell"

logger = logging.getLogger(__name__)


class Kind(StrEnum):
    """What can happen, in the past tense."""

    SEARCH_CREATED = "search.created"
    SEARCH_STARTED = "search.started"
    START_PROGRESS = "start_network.progress"
    START_INTERRUPTED = "start_network.interrupted"
    START_COMPLETED = "start_network.completed"
    TRIAL_CREATED = "trial.created"
    TRIAL_STARTED = "trial.started"
    TRIAL_PROGRESS = "trial.progress"
    TRIAL_COMPLETED = "trial.completed"
    TRIAL_FAILED = "trial.failed"
    TRIAL_CANCELLED = "trial.cancelled"
    TRIAL_INTERRUPTED = "trial.interrupted"
    TRIAL_RETRIED = "trial.retried"
    TRIAL_PINNED = "trial.pinned"
    TRIAL_UNPINNED = "trial.unpinned"
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


class Nothing(TypedDict):
    """Of events whose kind says all."""


class StartProgress(TypedDict):
    epoch: int
    epochs: int
    accuracy: float | None
    images_per_second: float
    eta_seconds: float


class StartCompleted(TypedDict):
    accuracy: float
    parameters: int
    multiply_adds: int


class Attempt(TypedDict):
    attempt: int


class TrialCreated(TypedDict):
    number: int
    notation: str
    cell: dict[str, Any]
    transformations: Sequence[dict[str, Any]]


class TrialStarted(TypedDict):
    number: int
    worker: str
    attempt: int


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


class TrialCompleted(TypedDict):
    number: int
    accuracy: float | None
    reward: float
    parameters: int | None
    multiply_adds: int | None
    latency_1: float | None
    latency_64: float | None
    memory: int | None
    seconds: float
    curve: Sequence[float]
    diagnostics: Mapping[str, float]
    best: bool


class TrialFailed(TypedDict):
    number: int
    failure: str


class TrialNumber(TypedDict):
    number: int


class TrialInterrupted(TypedDict):
    number: int
    attempt: int


class SearchCompleted(TypedDict):
    best_trial: int | None
    best_accuracy: float | None


class SearchFailed(TypedDict):
    failure: str


class SearchRenamed(TypedDict):
    name: str


class SearchNoted(TypedDict):
    note: str


class SearchTagged(TypedDict):
    tags: list[str]


class BudgetExtended(TypedDict):
    max_trials: int


Payload = (
    Nothing
    | StartProgress
    | StartCompleted
    | Attempt
    | TrialCreated
    | TrialStarted
    | TrialProgress
    | TrialCompleted
    | TrialFailed
    | TrialNumber
    | TrialInterrupted
    | SearchCompleted
    | SearchFailed
    | SearchRenamed
    | SearchNoted
    | SearchTagged
    | BudgetExtended
)


class EventJSON(TypedDict):
    """An event as it goes to browsers."""

    sequence: int
    kind: str
    payload: dict[str, Any]
    at: str


def append(search: Search, kind: StrEnum, payload: Payload | Mapping[str, object]) -> SearchEvent:
    """Add an event to a search whose row the caller has locked: of `Kind`, or of another app's.

    The lock makes the order of sequences the order of commits: who has read up to n never finds a
    smaller one later.
    """
    search.last_sequence += 1
    search.save(update_fields=["last_sequence"])
    event = SearchEvent.objects.create(
        search=search, sequence=search.last_sequence, kind=kind.value, payload=payload
    )
    if settings.REDIS_URL:
        transaction.on_commit(_ring)
    return event


def event_json(event: SearchEvent) -> EventJSON:
    return {
        "sequence": event.sequence,
        "kind": event.kind,
        "payload": event.payload,
        "at": event.at.isoformat(),
    }


def _ring() -> None:
    """Wake the hubs. Without a bell they find the rows by polling, so faults are only logged."""
    layer = get_channel_layer()
    if layer is None:
        return
    try:
        async_to_sync(layer.group_send)(DOORBELL, {"type": "doorbell"})
    except (OSError, RedisError) as error:
        logger.warning("the doorbell did not ring: %s", error)
