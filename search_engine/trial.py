"""Trials: one proposal each, with its number, its seed and what came of it. No torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from search_engine.architecture.documents import Document, Reader
from search_engine.objective import CostKind


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialResult:
    """What came of a trial.

    Args:
        accuracy: on the validation images, a fraction; None for a failed trial.
        curve: accuracy after each epoch.
        costs: parameters and multiply-adds; seconds of latency and bytes of memory where measured.
        epochs: how many were trained.
        seconds: that the trial took.
        images_per_second: trained.
        stopped_early: by the early-stopping rule.
        failure: why it failed, by its own fault; None for a completed trial.
    """

    accuracy: float | None = None
    curve: tuple[float, ...] = ()
    costs: Mapping[CostKind, float] = field(default_factory=dict)
    epochs: int = 0
    seconds: float = 0.0
    images_per_second: float = 0.0
    stopped_early: bool = False
    failure: str | None = None

    @property
    def state(self) -> str:
        """`completed` or `failed`."""
        return "completed" if self.failure is None else "failed"

    def to_json(self) -> Document:
        """The result as plain values."""
        return {
            "accuracy": self.accuracy,
            "curve": list(self.curve),
            "costs": {kind.value: cost for kind, cost in self.costs.items()},
            "epochs": self.epochs,
            "seconds": self.seconds,
            "images_per_second": self.images_per_second,
            "stopped_early": self.stopped_early,
            "failure": self.failure,
        }

    @classmethod
    def from_json(cls, document: object) -> Self:
        """A result from what `to_json` made.

        Raises:
            InvalidConfig: malformed; the message names the field.
        """
        reader = Reader(document, "result")
        accuracy, failure = reader.take("accuracy"), reader.take("failure")
        result = cls(
            accuracy=accuracy if isinstance(accuracy, float) else None,
            curve=reader.number_sequence("curve"),
            costs={CostKind(name): cost for name, cost in reader.numbers("costs").items()},
            epochs=reader.integer("epochs"),
            seconds=reader.number("seconds"),
            images_per_second=reader.number("images_per_second"),
            stopped_early=reader.boolean("stopped_early"),
            failure=failure if isinstance(failure, str) else None,
        )
        reader.done()
        return result
