"""What came of a trial. No torch."""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Annotated

from search_engine.spec.declared import Declared, Flag, Measured, Whole, about, declared
from search_engine.spec.objective import CostKind


class Role(StrEnum):
    """What a trial is for.

    `child`: a network that the strategy proposed. `control`: the start network, trained as the
    children are and not grown: what they must beat. `confirmation`: one of the best networks,
    trained once more with another seed.
    """

    CHILD = "child"
    CONTROL = "control"
    CONFIRMATION = "confirmation"


@declared(kw_only=True)
class TrialResult(Declared):
    """What came of a trial."""

    place = "result"
    may_lack = ("balanced_accuracy", "compute", "graph_failure")

    accuracy: Annotated[
        Measured | None,
        about("Accuracy", "fraction of the validation images; null for a failed trial"),
    ] = None
    balanced_accuracy: Annotated[
        Measured | None,
        about(
            "Balanced accuracy",
            "mean over the classes of their accuracies; null for a failed trial",
        ),
    ] = None
    curve: Annotated[tuple[Measured, ...], about("Curve", "accuracy after each epoch")] = ()
    costs: Annotated[
        Mapping[CostKind, Measured],
        about(
            "Costs",
            "parameters and multiply-adds; seconds of latency and bytes of memory where measured",
        ),
    ] = field(default_factory=dict)
    epochs: Annotated[Whole, about("Epochs", "how many were trained")] = 0
    compute: Annotated[
        Measured,
        about("Compute", "of its training, three forward passes an image", unit="multiply-adds"),
    ] = 0.0
    seconds: Annotated[Measured, about("Time", "that the trial took", unit="s")] = 0.0
    images_per_second: Annotated[Measured, about("Speed", "images trained in a second")] = 0.0
    stopped_early: Annotated[Flag, about("Stopped early", "by the early-stopping rule")] = False
    failure: Annotated[
        str | None, about("Failure", "why it failed, by its own fault; null for a completed trial")
    ] = None
    graph_failure: Annotated[
        str | None,
        about(
            "Without CUDA graphs",
            "why its steps could not be recorded; null where they could or need not be",
        ),
    ] = None

    @property
    def state(self) -> str:
        """`completed` or `failed`."""
        return "completed" if self.failure is None else "failed"
