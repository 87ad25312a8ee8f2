"""What a final training has come to: plain values, without torch."""

from dataclasses import field
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field

from search_engine.spec.declared import Declared, Measured, Whole, about, always, declared
from search_engine.spec.training_events import EpochEnded


@declared(kw_only=True)
class FinalResult(Declared):
    """A final training that has ended. Accuracies are fractions."""

    place = "final_result"
    fixed = always(version=1)
    may_lack = ("test_balanced_accuracy", "graph_failure", "devices", "fold_accuracies")

    test_accuracy: Annotated[
        Measured, about("Test accuracy", "of the test images, which were looked at once")
    ]
    test_loss: Annotated[Measured, about("Test loss", "mean cross-entropy over the test images")]
    test_images: Annotated[Whole, about("Test images", "how many there are")]
    validation_accuracy: Annotated[
        Measured | None, about("Validation accuracy", "at the end; null without validation images")
    ]
    by_class: Annotated[
        tuple[tuple[str, Measured | None], ...],
        about(
            "By class",
            "each class's name and its test accuracy, null for a class without test images",
        ),
    ]
    confusion: Annotated[
        tuple[tuple[Whole, ...], ...],
        about("Confusion", "how many test images of class i (row) were taken for class j (column)"),
    ]
    curve: Annotated[
        tuple[EpochEnded, ...],
        about("Curve", "every epoch, those before an interruption too"),
    ]
    seconds: Annotated[Measured, about("Time", "of all epochs together", unit="s")]
    parameters: Annotated[
        Whole, about("Parameters", "of the network; a CondenseNet's in converted form")
    ]
    multiply_adds: Annotated[Whole, about("Multiply-adds", "of one image")]
    test_balanced_accuracy: Annotated[
        Measured | None, about("Balanced test accuracy", "mean over the classes of theirs")
    ] = None
    graph_failure: Annotated[
        str | None,
        about(
            "Without CUDA graphs",
            "why its steps could not be recorded; null where they could or need not be",
        ),
    ] = None
    devices: Annotated[
        str | None,
        about(
            "Devices",
            "where it could have several: on which it was trained, and how fast the first was"
            " alone, and all together",
        ),
    ] = None
    fold_accuracies: Annotated[
        tuple[Measured, ...],
        about("Accuracies of the folds", "test accuracy in each; empty where it was tested once"),
    ] = ()
    checkpoint: Annotated[Path, Field(exclude=True)] = field(compare=False)

    @classmethod
    def beside(cls, document: object, checkpoint: Path) -> Self:
        """A result from what `to_json` made, which leaves out where the checkpoint lies.

        Raises:
            InvalidConfig: malformed; it names the place of each fault.
        """
        given = {"checkpoint": checkpoint}
        return cls.from_json({**document, **given} if isinstance(document, dict) else document)
