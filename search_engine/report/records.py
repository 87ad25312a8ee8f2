"""The trials of a search as the report reads them: from lines of `trials.jsonl` to typed rows."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from search_engine.architecture import (
    Cell,
    CellTransformation,
    Cost,
    InsertNode,
    ReplaceIdentity,
    SetMerge,
    parse_cell,
    transformations_from_json,
)
from search_engine.architecture.documents import Reader
from search_engine.objective import CostKind
from search_engine.trial import TrialResult


@dataclass(frozen=True)
class Row:
    """A trial that has ended.

    Args:
        number: from 1.
        notation: of its cell.
        reward: what the strategy was told.
        result: what came of it.
        diagnostics: of the strategy after it was told; which there are depends on the strategy.
        transformations: that make the cell from the start cell; None where they are not known.
    """

    number: int
    notation: str
    reward: float
    result: TrialResult
    diagnostics: Mapping[str, float]
    transformations: object

    @cached_property
    def cell(self) -> Cell:
        """The cell that was tried."""
        return parse_cell(self.notation)

    @property
    def accuracy(self) -> float | None:
        """On the validation images; None for a failed trial."""
        return self.result.accuracy if self.result.failure is None else None

    @property
    def parameters(self) -> float | None:
        """Of its network, where they are known."""
        return self.result.costs.get(CostKind.PARAMETERS)

    @property
    def multiply_adds(self) -> float | None:
        """Of its network for one image, where they are known."""
        return self.result.costs.get(CostKind.MULTIPLY_ADDS)

    def measured(self, kind: CostKind) -> float | None:
        """A latency in milliseconds, or memory in MiB, where it was measured."""
        cost = self.result.costs.get(kind)
        scale = 1 / 2**20 if kind is CostKind.MEMORY else 1000
        return None if cost is None else scale * cost

    @property
    def growth(self) -> tuple[CellTransformation, ...]:
        """The transformations one by one; none where they are not known."""
        if not isinstance(self.transformations, list | tuple):
            return ()
        read = transformations_from_json(list(self.transformations))
        return tuple(t for t in read if isinstance(t, SetMerge | InsertNode | ReplaceIdentity))


@dataclass(frozen=True)
class Record:
    """A search and its trials in the order of their numbers.

    Args:
        rows: every trial that has ended.
        start_accuracy: of the start network, on the same images.
        start_cost: of the start network.
    """

    rows: tuple[Row, ...]
    start_accuracy: float
    start_cost: Cost

    @cached_property
    def completed(self) -> tuple[tuple[Row, float], ...]:
        """The trials that have an accuracy, each with it."""
        return tuple((row, row.accuracy) for row in self.rows if row.accuracy is not None)

    @cached_property
    def failed(self) -> tuple[Row, ...]:
        """The trials without one."""
        return tuple(row for row in self.rows if row.accuracy is None)

    @cached_property
    def ranked(self) -> tuple[tuple[Row, float], ...]:
        """The completed trials by reward, the best first; of equals the first."""
        return tuple(sorted(self.completed, key=lambda pair: -pair[0].reward))

    @cached_property
    def best(self) -> tuple[Row, float] | None:
        """The trial with the greatest reward, as the search itself says."""
        return self.ranked[0] if self.ranked else None

    @cached_property
    def most_accurate(self) -> tuple[Row, float] | None:
        """The trial with the greatest accuracy; another than the best where costs count too."""
        return max(self.completed, key=lambda pair: pair[1], default=None)

    @property
    def last_number(self) -> int:
        """The greatest number of a trial, 0 without trials."""
        return self.rows[-1].number if self.rows else 0

    def diagnostic(self, name: str) -> list[tuple[float, float]]:
        """(number of the trial, value) where the strategy gave the value."""
        return [
            (float(row.number), row.diagnostics[name])
            for row in self.rows
            if name in row.diagnostics
        ]


def read_record(
    trials: Sequence[Mapping[str, object]], start_accuracy: float, start_cost: Cost
) -> Record:
    """The trials from lines of `trials.jsonl`; of two lines with one number the later counts.

    Raises:
        SearchEngineError: a line is malformed; the message names the field.
    """
    rows = {row.number: row for row in map(_read_row, trials)}
    return Record(tuple(rows[number] for number in sorted(rows)), start_accuracy, start_cost)


def _read_row(line: Mapping[str, object]) -> Row:
    reader = Reader(line, "trial")
    proposal = line.get("proposal")
    return Row(
        number=reader.integer("trial"),
        notation=reader.string("notation"),
        reward=reader.number("reward"),
        result=TrialResult.from_json(reader.take("result")),
        diagnostics=_finite(line.get("diagnostics")),
        transformations=(
            proposal.get("transformations") if isinstance(proposal, Mapping) else None
        ),
    )


def _finite(diagnostics: object) -> Mapping[str, float]:
    items: Iterable[tuple[object, object]] = (
        diagnostics.items() if isinstance(diagnostics, Mapping) else ()
    )
    return {
        str(name): float(value)
        for name, value in items
        if isinstance(value, int | float) and math.isfinite(value)
    }
