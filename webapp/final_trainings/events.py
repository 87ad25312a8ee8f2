"""What can happen to a final training: events of its search, so its hub and socket carry them."""

from collections.abc import Sequence
from enum import StrEnum
from typing import TypedDict


class Kind(StrEnum):
    """What can happen, in the past tense."""

    CREATED = "final_training.created"
    STARTED = "final_training.started"
    PROGRESS = "final_training.progress"
    PAUSE_REQUESTED = "final_training.pause_requested"
    PAUSED = "final_training.paused"
    RESUMED = "final_training.resumed"
    CANCEL_REQUESTED = "final_training.cancel_requested"
    CANCELLED = "final_training.cancelled"
    COMPLETED = "final_training.completed"
    FAILED = "final_training.failed"
    INTERRUPTED = "final_training.interrupted"
    RENAMED = "final_training.renamed"


class Reason(StrEnum):
    """Why a worker gave a final training back before its end."""

    LOST = "lost"
    BROKEN = "broken"
    STOPPING = "stopping"
    TURN = "turn"


class About(TypedDict):
    """Of events whose kind says the rest."""

    id: int
    name: str


class Started(About):
    worker: str
    attempt: int


class Epoch(TypedDict):
    """What one complete epoch came to; all null where its worker was killed before it told."""

    accuracy: float | None
    training_accuracy: float | None
    loss: float | None
    learning_rate: float | None


class Progress(TypedDict):
    """How far it has come.

    `history` holds the epochs that follow the first `history_from`: what is new, not all of a long
    training each time.
    """

    id: int
    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    learning_rate: float | None
    images_per_second: float
    eta_seconds: float
    history_from: int
    history: Sequence[Epoch]


class Completed(About):
    accuracy: float | None
    test_accuracy: float
    test_images: int
    parameters: int
    multiply_adds: int
    seconds: float
    checkpoint: int


class Failed(About):
    failure: str


class Interrupted(About):
    attempt: int
    reason: str
