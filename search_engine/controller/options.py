"""Which column of a head's output stands for which option of a decision."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from search_engine.spec import Decision, DecisionKind, MergeOption, SearchSpace
from search_engine.spec.growth import Option

Columns = tuple[int, ...]


class OptionTable:
    """The columns of each head: every option that the space has for that kind of decision.

    A decision offers some of them; its choices are counted among those only.
    """

    def __init__(self, space: SearchSpace) -> None:
        # Below the root nothing is ruled out, so a node there has every option.
        self.merges: tuple[MergeOption, ...] = space.merge_options((0,))
        self._options: Mapping[DecisionKind, tuple[Option, ...]] = {
            DecisionKind.MERGE: self.merges,
            DecisionKind.EXPAND: (False, True),
            DecisionKind.OPERATION: space.operations,
        }
        self._columns: dict[tuple[DecisionKind, tuple[Option, ...]], Columns] = {}

    def columns(self, decision: Decision) -> Columns:
        """The column of each option of the decision."""
        key = (decision.kind, decision.options)
        columns = self._columns.get(key)
        if columns is None:
            every = self._options[decision.kind]
            columns = tuple(every.index(option) for option in decision.options)
            self._columns[key] = columns
        return columns

    def legal(self, decisions: Sequence[Decision]) -> Tensor:
        """Mask of the columns that decisions of one kind offer, `(n, columns)`."""
        width = len(self._options[decisions[0].kind])
        mask = []
        for decision in decisions:
            row = [False] * width
            for column in self.columns(decision):
                row[column] = True
            mask.append(row)
        return torch.tensor(mask)

    def chosen(self, decisions: Sequence[Decision], choices: Sequence[int]) -> Tensor:
        """Columns of the options chosen, `(n,)`."""
        return torch.tensor(
            [
                self.columns(decision)[choice]
                for decision, choice in zip(decisions, choices, strict=True)
            ]
        )

    def choice(self, decision: Decision, column: int) -> int:
        """Index among the decision's options of the one in a column."""
        return self.columns(decision).index(column)
