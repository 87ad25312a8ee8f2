"""All trials of a search in columns: what its page and its report are drawn from. No torch."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, NotRequired, TypedDict

CHILD: Final = "child"
"""The role of a trial that looks for a better network; others measure what that is worth."""


class TrialRow(NamedTuple):
    """What pages tell of every trial; costs are None where they are not known."""

    number: int
    state: str
    notation: str
    accuracy: float | None
    balanced_accuracy: float | None
    reward: float | None
    parameters: int | None
    multiply_adds: int | None
    latency_1: float | None
    latency_64: float | None
    memory: int | None
    seconds: float | None
    worker: str
    failure: str
    pinned: bool
    diagnostics: Mapping[str, float]
    role: str
    parent: int
    move: str


class ColumnsJSON(TypedDict):
    """One list for each column, in the order of `number`; what few trials have is sparse.

    Balanced accuracies are null where the search is from before they were measured; latencies and
    memory where it does not measure them, and moves where its strategy makes none. `role` names the
    trials that are not children: `control` or `confirmation`. A parent is a trial, or 0 for the
    start network. Only a report has the curves of all trials.
    """

    number: list[int]
    state: list[int]
    notation: list[str]
    accuracy: list[float | None]
    balanced_accuracy: list[float | None] | None
    reward: list[float | None]
    parameters: list[int | None]
    multiply_adds: list[int | None]
    latency_1: list[float | None] | None
    latency_64: list[float | None] | None
    memory: list[int | None] | None
    seconds: list[float | None]
    baseline: list[float | None]
    entropy: list[float | None]
    worker: list[int]
    pinned: list[int]
    kept: list[int]
    failure: dict[int, str]
    role: dict[int, str]
    parent: list[int]
    move: list[str | None] | None
    curve: NotRequired[list[list[float]]]


class TrialsJSON(TypedDict):
    """`states` and `workers` are what the columns of that name count."""

    states: list[str]
    workers: list[str]
    columns: ColumnsJSON


def trials_json(rows: Sequence[TrialRow], kept: list[int]) -> TrialsJSON:
    """Trials in columns.

    Args:
        rows: in the order of their numbers.
        kept: numbers of the trials whose checkpoints are kept.
    """
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in TrialRow._fields]
    table = dict(zip(TrialRow._fields, columns, strict=True))
    states, workers = sorted(set(table["state"])), sorted(set(table["worker"]))
    return {
        "states": states,
        "workers": workers,
        "columns": {
            "number": table["number"],
            "state": [states.index(state) for state in table["state"]],
            "notation": table["notation"],
            "accuracy": rounded(table["accuracy"], 6),
            "balanced_accuracy": _known(rounded(table["balanced_accuracy"], 6)),
            "reward": rounded(table["reward"], 5),
            "parameters": table["parameters"],
            "multiply_adds": table["multiply_adds"],
            "latency_1": _known(rounded(table["latency_1"], 6)),
            "latency_64": _known(rounded(table["latency_64"], 5)),
            "memory": _known(table["memory"]),
            "seconds": rounded(table["seconds"], 2),
            "baseline": rounded([one.get("baseline") for one in table["diagnostics"]], 5),
            "entropy": rounded([one.get("entropy") for one in table["diagnostics"]], 4),
            "worker": [workers.index(name) for name in table["worker"]],
            "pinned": [row.number for row in rows if row.pinned],
            "kept": kept,
            "failure": {row.number: row.failure for row in rows if row.failure},
            "role": {row.number: row.role for row in rows if row.role != CHILD},
            "parent": table["parent"],
            "move": _known([move or None for move in table["move"]]),
        },
    }


def rounded(values: Sequence[Any], digits: int) -> list[Any]:
    """More digits than a page shows would be half of what is sent."""
    return [None if value is None else round(value, digits) for value in values]


def _known(values: list[Any]) -> list[Any] | None:
    return None if all(value is None for value in values) else values
