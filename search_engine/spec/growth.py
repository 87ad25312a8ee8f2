"""Growing one cell decision by decision, in the order of the paper's section 3.3.

Whoever answers the decisions, a random number generator, a learned controller or an exhaustive
search, gets only legal choices.

    growing = grow(space)
    decision = next(growing)
    while True:
        decision = growing.send(my_choice(decision))   # until StopIteration carries the Growth
"""

import random
from collections.abc import Callable, Generator
from dataclasses import dataclass
from enum import StrEnum

from search_engine.spec.cell import Cell, Path
from search_engine.spec.operations import Operation
from search_engine.spec.schemes import Merge
from search_engine.spec.space import MergeOption, SearchSpace
from search_engine.spec.transformations import (
    CellTransformation,
    InsertNode,
    ReplaceIdentity,
    SetMerge,
)


class DecisionKind(StrEnum):
    """What is decided: the merge of a node, an edge's operation, whether to go on below a leaf."""

    MERGE = "merge"
    OPERATION = "operation"
    EXPAND = "expand"


Option = MergeOption | Operation | bool


@dataclass(frozen=True, slots=True)
class Decision:
    """One choice to be made.

    Args:
        path: the node (merge), or the branch (operation), or the leaf (expand).
        options: the legal choices, never empty. A choice that no complete cell could follow is not
            among them, so the distribution over options is the one that is sampled.
        undecided: the branches whose operation is still to be chosen; they carry the identity.
    """

    kind: DecisionKind
    path: Path
    options: tuple[Option, ...]
    cell: Cell
    undecided: frozenset[Path]


@dataclass(frozen=True, slots=True)
class Growth:
    """A complete cell and how the start cell became it."""

    cell: Cell
    transformations: tuple[CellTransformation, ...]


Growing = Generator[Decision, int, Growth]
"""Yields decisions, is sent the index of the option chosen, returns the growth."""


def grow(space: SearchSpace) -> Growing:
    """Grow one cell of the space depth first: a node's merge, its edges' operations, its leaves.

    Reference: Cai et al. 2018, section 3.3.
    """
    growth = _Growth(space)
    yield from growth.node(())
    return Growth(growth.cell, tuple(growth.transformations))


def complete(growing: Growing, choose: Callable[[Decision], int]) -> Growth:
    """Run a growth to its end, `choose` answering each decision with the index of an option."""
    try:
        decision = next(growing)
        while True:
            decision = growing.send(choose(decision))
    except StopIteration as end:
        growth: Growth = end.value
        return growth


def sample(space: SearchSpace, rng: random.Random) -> Growth:
    """Grow a random cell, every option of every decision being equally likely."""
    return complete(grow(space), lambda decision: rng.randrange(len(decision.options)))


class _Growth:
    """The cell under way."""

    def __init__(self, space: SearchSpace) -> None:
        self.space = space
        self.cell = space.start_cell
        self.transformations: list[CellTransformation] = []
        self.undecided: frozenset[Path] = frozenset()

    def node(self, path: Path) -> Generator[Decision, int, None]:
        options = self.space.merge_options(path)
        choice = options[(yield self._decision(DecisionKind.MERGE, path, options))]
        if choice.merge is not Merge.NONE:
            self._apply(SetMerge(path, choice.merge, choice.branches))
        branches = [(*path, index) for index in range(choice.branches)]
        if path:
            self.undecided = frozenset(branches)
            for branch in branches:
                yield from self._operation(branch)
        for branch in branches:
            if len(branch) < self.space.max_depth:
                yield from self._leaf(branch, last=branch is branches[-1])

    def _operation(self, branch: Path) -> Generator[Decision, int, None]:
        options = self.space.operations
        operation = options[(yield self._decision(DecisionKind.OPERATION, branch, options))]
        self.undecided -= {branch}
        if operation is not Operation.IDENTITY:
            self._apply(ReplaceIdentity(branch, operation))

    def _leaf(self, leaf: Path, *, last: bool) -> Generator[Decision, int, None]:
        # The last chance to become as high as the space asks for must be taken.
        must = last and len(leaf) == 1 and self.cell.height < self.space.min_height
        options = (True,) if must else (False, True)
        if options[(yield self._decision(DecisionKind.EXPAND, leaf, options))]:
            self._apply(InsertNode(leaf))
            self.undecided = frozenset({(*leaf, 0)})
            yield from self.node(leaf)

    def _apply(self, transformation: CellTransformation) -> None:
        self.cell = transformation.apply(self.cell)
        self.transformations.append(transformation)

    def _decision(self, kind: DecisionKind, path: Path, options: tuple[Option, ...]) -> Decision:
        return Decision(kind, path, options, self.cell, self.undecided)
