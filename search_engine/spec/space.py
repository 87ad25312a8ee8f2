"""The search space: which cells may be built, by which decisions, and how many there are.

Reference: Cai et al. 2018, sections 3.3 and 4.1 (arXiv:1806.02639).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Self

from search_engine.spec.cell import MAX_BRANCHES, MAX_EDGES, Cell, Node, Path, chain
from search_engine.spec.declared import Declared, Whole, about, always, declared
from search_engine.spec.errors import IllegalTransformation, InvalidConfig
from search_engine.spec.operations import SEARCHED_OPERATIONS, Operation
from search_engine.spec.schemes import Allocation, Merge
from search_engine.spec.skeletons import SkeletonConfig
from search_engine.spec.transformations import (
    CellTransformation,
    InsertNode,
    ReplaceIdentity,
    SetMerge,
)

MAX_DEPTH = 6


@dataclass(frozen=True, slots=True)
class MergeOption:
    """A merge with its number of branches; `none` has one."""

    merge: Merge
    branches: int


_Counts = tuple[Annotated[Whole, about("Branches", "", ge=2, le=MAX_BRANCHES)], ...]


@declared
class SearchSpace(Declared):
    """Everything the controller may build, starting from one edge."""

    place = "search_space"
    fixed = always(version=1)

    max_depth: Annotated[
        Whole,
        about(
            "Depth",
            "nodes at a smaller depth may be expanded; the root has depth 0",
            unit="nodes",
            ge=1,
            le=MAX_DEPTH,
        ),
    ] = 3
    min_height: Annotated[
        Whole,
        about(
            "Least height",
            "lower cells are left out; at 2 a cell is more than one motif",
            ge=1,
            le=2,
        ),
    ] = 2
    add_branches: Annotated[
        _Counts, about("Branches of add", "how many it may have, each number once")
    ] = (2, 3)
    concat_branches: Annotated[
        _Counts, about("Branches of concat", "how many it may have, each number once")
    ] = (2,)
    operations: Annotated[
        tuple[Operation, ...],
        about("Operations", "what an edge below the root's may carry", min_length=1),
    ] = SEARCHED_OPERATIONS
    start_edge: Annotated[
        Operation, about("Start edge", "operation of the start cell, kept by all the root's edges")
    ] = Operation.GROUP_CONV_3X3
    groups: Annotated[
        Whole,
        about(
            "Groups", "of a grouped start edge; under a split root the branches share them", ge=1
        ),
    ] = 2

    def __post_init__(self) -> None:
        if self.min_height > self.max_depth:
            raise InvalidConfig("min_height", f"expected at most max_depth, {self.max_depth}")
        for name in ("add_branches", "concat_branches", "operations"):
            values = getattr(self, name)
            if len(set(values)) != len(values):
                raise InvalidConfig(name, f"expected each once, got {', '.join(map(str, values))}")
        if not self.start_edge.has_weights:
            raise InvalidConfig("start_edge", f"expected a convolution, got {self.start_edge}")
        widest = max((1, *self.add_branches, *self.concat_branches))
        edges = sum(widest**depth for depth in range(1, self.max_depth + 1))
        if edges > MAX_EDGES:
            raise InvalidConfig(
                "max_depth", f"expected cells of at most {MAX_EDGES} edges, got up to {edges}"
            )

    @property
    def start_cell(self) -> Cell:
        """The cell before any transformation."""
        return Cell(chain(self.start_edge))

    def with_room_for(self, cell: Cell) -> Self:
        """This space, widened as far as the cell needs it.

        Raises:
            InvalidConfig: the cell does not fit into any.
        """
        operations = (branch.operation for path, branch in cell.branches() if len(path) > 1)
        wanted = dict.fromkeys(o for o in operations if o is not Operation.IDENTITY)
        space = replace(
            self,
            max_depth=max(self.max_depth, cell.height),
            add_branches=_with_counts(self.add_branches, cell, Merge.ADD),
            concat_branches=_with_counts(self.concat_branches, cell, Merge.CONCAT),
            operations=tuple(dict.fromkeys((*self.operations, *wanted))),
        )
        if not space.admits(cell):
            raise InvalidConfig("start_cell", "expected a cell that grew from the start cell")
        return space

    def merge_options(self, path: Path) -> tuple[MergeOption, ...]:
        """What may be chosen at a new node: none first, then add and concat.

        Args:
            path: of the node. At the root, `concat` must divide the groups of a grouped start edge.
        """
        grouped_root = not path and self.start_edge is Operation.GROUP_CONV_3X3
        return (
            MergeOption(Merge.NONE, 1),
            *(MergeOption(Merge.ADD, count) for count in self.add_branches),
            *(
                MergeOption(Merge.CONCAT, count)
                for count in self.concat_branches
                if not (grouped_root and self.groups % count)
            ),
        )

    def admits(self, cell: Cell) -> bool:
        """Whether decisions of this space lead to the cell, at the end or on the way."""
        return cell.height <= self.max_depth and all(
            self._admits_node(path, node) for path, node in cell.nodes() if not node.is_leaf
        )

    def __contains__(self, cell: object) -> bool:
        """Whether the cell is one of the space's complete cells."""
        return (
            isinstance(cell, Cell)
            and cell.height >= self.min_height
            and self.admits(cell)
            and all(b.operation in self.operations for path, b in cell.branches() if len(path) > 1)
        )

    def legal(self, cell: Cell) -> list[CellTransformation]:
        """Every transformation of the cell that stays in the space, in a fixed order."""
        return [t for t in self._transformations(cell) if self._stays(t, cell)]

    def size(self, *, canonical: bool = False) -> int:
        """Exact number of complete cells.

        Args:
            canonical: count cells that differ only in the order of branches under `add` once.
        """
        every = self._count(self.max_depth, canonical=canonical)
        return every - self._count(self.min_height - 1, canonical=canonical)

    def _admits_node(self, path: Path, node: Node) -> bool:
        option = MergeOption(node.merge, len(node.branches))
        splits = bool(path) or self.start_edge.divides_input
        concat = Allocation.SPLIT if splits else Allocation.REPLICATE
        if node.merge is Merge.CONCAT and node.allocation is not concat:
            return False
        operations = self.operations if path else (self.start_edge,)
        # An edge is the identity until its operation is chosen, also where it may not stay so.
        allowed = {*operations, Operation.IDENTITY} if path else set(operations)
        return option in self.merge_options(path) and all(
            branch.operation in allowed for branch in node.branches
        )

    def _transformations(self, cell: Cell) -> Iterator[CellTransformation]:
        for path, node in cell.nodes():
            if len(node.branches) == 1:
                for option in self.merge_options(path)[1:]:
                    yield SetMerge(path, option.merge, option.branches)
        for path, branch in cell.branches():
            if branch.node.is_leaf and len(path) < self.max_depth:
                yield InsertNode(path)
            if branch.operation is Operation.IDENTITY:
                yield from (ReplaceIdentity(path, operation) for operation in self.operations)

    def _stays(self, transformation: CellTransformation, cell: Cell) -> bool:
        try:
            return self.admits(transformation.apply(cell))
        except IllegalTransformation:
            return False

    def _count(self, max_height: int, *, canonical: bool) -> int:
        """Cells up to a height, from the deepest nodes up to the root."""
        if max_height < 1:
            return 0
        subtrees = 1
        for _ in range(max_height - 1):
            choices = len(self.operations) * subtrees
            subtrees = 1 + self._count_node(choices, (0,), canonical=canonical)
        return self._count_node(subtrees, (), canonical=canonical)

    def _count_node(self, choices: int, path: Path, *, canonical: bool) -> int:
        """Trees below a node each of whose branches has `choices` forms."""

        def forms(option: MergeOption) -> int:
            if canonical and option.merge is Merge.ADD:
                return math.comb(choices + option.branches - 1, option.branches)
            return int(choices**option.branches)

        return sum(forms(option) for option in self.merge_options(path))


def _with_counts(counts: tuple[int, ...], cell: Cell, merge: Merge) -> tuple[int, ...]:
    """The numbers of branches, with those that nodes of the cell have."""
    found = sorted(len(node.branches) for _, node in cell.nodes() if node.merge is merge)
    return tuple(dict.fromkeys((*counts, *found)))


def search_space_of(skeleton: SkeletonConfig, space: SearchSpace | None = None) -> SearchSpace:
    """A space with the start edge and the groups that a skeleton needs.

    Args:
        space: whose other settings to keep; the defaults where None.
    """
    (branch,) = skeleton.start_cell.root.branches
    space = SearchSpace() if space is None else space
    return replace(space, start_edge=branch.operation, groups=skeleton.groups)


def can_grow(skeleton: SkeletonConfig, cell: Cell) -> bool:
    """Whether a search can start from this network, grown or not."""
    try:
        search_space_of(skeleton).with_room_for(cell)
    except InvalidConfig:
        return False
    return True
