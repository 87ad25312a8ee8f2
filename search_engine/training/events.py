"""What a training tells while it goes on: plain values, without torch."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StepProgress:
    """How far a training has come; told at most twice a second, and at the end of each epoch.

    Args:
        step: steps done in the whole training.
        steps: of the whole training.
        epoch: number of the present epoch, from 1.
        loss: mean cross-entropy over the images of this epoch so far.
        images_per_second: of this epoch so far.
        eta_seconds: until the training ends, validation included.
    """

    step: int
    steps: int
    epoch: int
    loss: float
    images_per_second: float
    eta_seconds: float


@dataclass(frozen=True, slots=True)
class EpochEnded:
    """An epoch is complete, validation included: now a state may be saved.

    Args:
        epoch: its number, from 1.
        loss: mean cross-entropy over its training images, as they were seen.
        training_accuracy: fraction of them told right, as they were seen.
        validation_accuracy: fraction of the validation images told right, or None without them.
        learning_rate: of its last step.
        images_per_second: of its training, without validation.
        seconds: that it took, with validation.
        eta_seconds: until the training ends.
    """

    epoch: int
    loss: float
    training_accuracy: float
    validation_accuracy: float | None
    learning_rate: float
    images_per_second: float
    seconds: float
    eta_seconds: float


Event = StepProgress | EpochEnded
