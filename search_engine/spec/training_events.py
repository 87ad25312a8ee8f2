"""What a training tells while it goes on: plain values, without torch."""

from dataclasses import dataclass
from typing import Annotated

from search_engine.spec.declared import Declared, Measured, Whole, about

_Speed = Annotated[Measured, about("Speed", "images in a second, without validation")]
_Left = Annotated[Measured, about("Left", "until the training ends, validation included", unit="s")]


@dataclass(frozen=True, slots=True)
class StepProgress(Declared):
    """How far a training has come; told at most twice a second, and at the end of each epoch."""

    place = "step"

    step: Annotated[Whole, about("Step", "done in the whole training")]
    steps: Annotated[Whole, about("Steps", "of the whole training")]
    epoch: Annotated[Whole, about("Epoch", "the present one, from 1")]
    loss: Annotated[
        Measured, about("Loss", "mean cross-entropy over the images of this epoch so far")
    ]
    images_per_second: _Speed
    eta_seconds: _Left
    learning_rate: Annotated[Measured, about("Learning rate", "of the next step")]


@dataclass(frozen=True, slots=True)
class EpochEnded(Declared):
    """An epoch is complete, validation included: now a state may be saved."""

    place = "epoch"
    may_lack = ("balanced_accuracy",)

    epoch: Annotated[Whole, about("Epoch", "its number, from 1")]
    loss: Annotated[
        Measured, about("Loss", "mean cross-entropy over its training images, as they were seen")
    ]
    training_accuracy: Annotated[
        Measured, about("Training accuracy", "fraction told right, as the images were seen")
    ]
    validation_accuracy: Annotated[
        Measured | None,
        about("Validation accuracy", "fraction told right, or null without validation images"),
    ]
    learning_rate: Annotated[Measured, about("Learning rate", "of its last step")]
    images_per_second: _Speed
    seconds: Annotated[Measured, about("Time", "that it took, with validation", unit="s")]
    eta_seconds: _Left
    balanced_accuracy: Annotated[
        Measured | None,
        about("Balanced accuracy", "mean over the classes of their validation accuracies"),
    ] = None


Event = StepProgress | EpochEnded
