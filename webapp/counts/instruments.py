"""All that is counted, with what it is called outside: docs/monitoring.md has the table."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

SEPARATOR: Final = "\t"
SUM: Final = "sum"
SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper ends of the classes into which what takes time is sorted; there is one more above them."""


@dataclass(frozen=True)
class Counter:
    """What only grows.

    Args:
        name: outside, without the `_total` that Prometheus wants at its end.
        help: a sentence.
        labels: by which it is told apart.
    """

    name: str
    help: str
    labels: tuple[str, ...] = ()

    def keys(self, labels: tuple[str, ...], amount: float) -> Iterator[tuple[str, float]]:
        """What is to grow by how much, when there was an amount of it."""
        yield self.key(*labels), amount

    def key(self, *parts: str) -> str:
        """Under which an amount is kept."""
        return SEPARATOR.join((self.name, *parts))


@dataclass(frozen=True)
class Histogram(Counter):
    """How long something takes, in seconds."""

    def keys(self, labels: tuple[str, ...], amount: float) -> Iterator[tuple[str, float]]:
        """One more in the class that it belongs to, and all that they took together."""
        upper = next((str(end) for end in SECONDS if amount <= end), "+Inf")
        yield self.key(*labels, upper), 1.0
        yield self.key(*labels, SUM), amount


REQUESTS: Final = Histogram(
    "espalier_request_seconds",
    "From a request's head to the end of its answer.",
    ("view", "method", "status"),
)
FRAMES: Final = Histogram(
    "espalier_frame_seconds",
    "From an event to its frame on the way to a browser.",
    ("topic",),
)
WORK_ENDED: Final = Counter(
    "espalier_work_ended",
    "What workers were done with, by kind of work: trials, trainings, exports and others.",
    ("kind", "outcome"),
)
EPOCHS: Final = Counter("espalier_epochs", "Epochs of training completed.", ("kind",))
LEASES_LOST: Final = Counter(
    "espalier_leases_lost", "Work whose worker fell silent, and that was given back.", ("kind",)
)
EVERY: Final = (REQUESTS, FRAMES, WORK_ENDED, EPOCHS, LEASES_LOST)
