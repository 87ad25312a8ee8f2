"""What a final training has come to: plain values, without torch."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from search_engine.architecture.documents import Document, Reader
from search_engine.training import EpochEnded

RESULT_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalResult:
    """A final training that has ended. Accuracies are fractions.

    Args:
        test_accuracy: of the test images, which were looked at once.
        test_loss: mean cross-entropy over them.
        test_images: how many there are.
        validation_accuracy: of the validation images at the end; None without them.
        by_class: each class's name and its test accuracy; None for a class without test images.
        confusion: row i, column j holds how many test images of class i were taken for class j.
        curve: every epoch, those before an interruption too.
        seconds: of all epochs together.
        parameters: of the network; a CondenseNet's in converted form.
        multiply_adds: of one image.
        checkpoint: folder of the trained network.
    """

    test_accuracy: float
    test_loss: float
    test_images: int
    validation_accuracy: float | None
    by_class: tuple[tuple[str, float | None], ...]
    confusion: tuple[tuple[int, ...], ...]
    curve: tuple[EpochEnded, ...]
    seconds: float
    parameters: int
    multiply_adds: int
    checkpoint: Path = field(compare=False)

    def to_json(self) -> Document:
        """The result as plain values for `json.dumps`; where the checkpoint lies is left out."""
        return {
            "version": RESULT_VERSION,
            "test_accuracy": self.test_accuracy,
            "test_loss": self.test_loss,
            "test_images": self.test_images,
            "validation_accuracy": self.validation_accuracy,
            "by_class": [list(pair) for pair in self.by_class],
            "confusion": [list(row) for row in self.confusion],
            "curve": [asdict(epoch) for epoch in self.curve],
            "seconds": self.seconds,
            "parameters": self.parameters,
            "multiply_adds": self.multiply_adds,
        }

    @classmethod
    def from_json(cls, document: object, checkpoint: Path) -> Self:
        """A result from what `to_json` made.

        Args:
            document: the JSON.
            checkpoint: folder of the trained network.

        Raises:
            InvalidConfig: malformed; the message names the field.
        """
        reader = Reader(document, "final_result")
        reader.version(RESULT_VERSION)
        result = cls(
            test_accuracy=reader.number("test_accuracy"),
            test_loss=reader.number("test_loss"),
            test_images=reader.integer("test_images"),
            validation_accuracy=_optional(reader, "validation_accuracy"),
            by_class=tuple(_pair(value) for value in reader.sequence("by_class")),
            confusion=tuple(
                Reader({"row": row}, "final_result.confusion").integers("row")
                for row in reader.sequence("confusion")
            ),
            curve=tuple(epoch_from_json(epoch) for epoch in reader.sequence("curve")),
            seconds=reader.number("seconds"),
            parameters=reader.integer("parameters"),
            multiply_adds=reader.integer("multiply_adds"),
            checkpoint=checkpoint,
        )
        reader.done()
        return result


def epoch_from_json(document: object) -> EpochEnded:
    """An epoch from its fields by name.

    Raises:
        InvalidConfig: malformed; the message names the field.
    """
    reader = Reader(document, "epoch")
    epoch = EpochEnded(
        epoch=reader.integer("epoch"),
        loss=reader.number("loss"),
        training_accuracy=reader.number("training_accuracy"),
        validation_accuracy=_optional(reader, "validation_accuracy"),
        learning_rate=reader.number("learning_rate"),
        images_per_second=reader.number("images_per_second"),
        seconds=reader.number("seconds"),
        eta_seconds=reader.number("eta_seconds"),
    )
    reader.done()
    return epoch


def _optional(reader: Reader, name: str) -> float | None:
    value = reader.take(name)
    return None if value is None else Reader({name: value}, reader.place).number(name)


def _pair(value: object) -> tuple[str, float | None]:
    match value:
        case [str(name), accuracy]:
            return name, _optional(Reader({name: accuracy}, "final_result.by_class"), name)
    return Reader(value, "final_result.by_class").fail("final_result.by_class", "expected pairs")
