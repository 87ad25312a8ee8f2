"""The search space: which cells may be built, by which decisions, and how many there are.

Reference: Cai et al. 2018, sections 3.3 and 4.1 (arXiv:1806.02639).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

from search_engine.architecture.cell import MAX_EDGES, Cell, Node, Path, chain
from search_engine.architecture.documents import Document, Reader
from search_engine.architecture.operations import SEARCHED_OPERATIONS, Operation
from search_engine.architecture.schemes import Allocation, Merge
from search_engine.architecture.skeletons import SkeletonConfig
from search_engine.architecture.transformations import (
    CellTransformation,
    InsertNode,
    ReplaceIdentity,
    SetMerge,
)
from search_engine.errors import IllegalTransformation, InvalidConfig

SPACE_VERSION = 1
MAX_DEPTH = 6


@dataclass(frozen=True, slots=True)
class MergeOption:
    """A merge with its number of branches; `none` has one."""

    merge: Merge
    branches: int


@dataclass(frozen=True)
class SearchSpace:
    """Everything the controller may build, starting from one edge.

    Args:
        max_depth: nodes at a smaller depth may be expanded; the root has depth 0.
        min_height: cells that stay lower are left out, 1 or 2; at 2 a cell is more than one motif.
        add_branches: how many branches `add` may have.
        concat_branches: how many branches `concat` may have.
        operations: what an edge below the root's may carry.
        start_edge: operation of the start cell, kept by all the root's edges.
        groups: groups of a grouped start edge; under a split root the branches share them.

    Raises:
        InvalidConfig: a setting is outside its limits.
    """

    max_depth: int = 3
    min_height: int = 2
    add_branches: tuple[int, ...] = (2, 3)
    concat_branches: tuple[int, ...] = (2,)
    operations: tuple[Operation, ...] = SEARCHED_OPERATIONS
    start_edge: Operation = Operation.GROUP_CONV_3X3
    groups: int = 2

    def __post_init__(self) -> None:
        _check(1 <= self.max_depth <= MAX_DEPTH, "max_depth", f"1 to {MAX_DEPTH}", self.max_depth)
        _check(
            1 <= self.min_height <= min(2, self.max_depth),
            "min_height",
            "1 or 2, and not above max_depth",
            self.min_height,
        )
        for name in ("add_branches", "concat_branches"):
            counts = getattr(self, name)
            legal = len(set(counts)) == len(counts) and all(2 <= count <= 8 for count in counts)
            _check(legal, name, "different numbers from 2 to 8", counts)
        legal = bool(self.operations) and len(set(self.operations)) == len(self.operations)
        _check(legal, "operations", "at least one operation, each once", self.operations)
        _check(self.start_edge.has_weights, "start_edge", "a convolution", self.start_edge)
        _check(self.groups >= 1, "groups", "at least 1", self.groups)
        widest = max((1, *self.add_branches, *self.concat_branches))
        edges = sum(widest**depth for depth in range(1, self.max_depth + 1))
        legal = edges <= MAX_EDGES
        _check(legal, "max_depth", f"cells of at most {MAX_EDGES} edges", f"up to {edges}")

    @property
    def start_cell(self) -> Cell:
        """The cell before any transformation."""
        return Cell(chain(self.start_edge))

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

    def to_json(self) -> Document:
        """The space as plain values for `json.dumps`."""
        return {
            "version": SPACE_VERSION,
            "max_depth": self.max_depth,
            "min_height": self.min_height,
            "add_branches": list(self.add_branches),
            "concat_branches": list(self.concat_branches),
            "operations": [operation.value for operation in self.operations],
            "start_edge": self.start_edge.value,
            "groups": self.groups,
        }

    @classmethod
    def from_json(cls, document: object) -> Self:
        """A space from what `to_json` made.

        Raises:
            InvalidConfig: malformed; the message names the field.
        """
        reader = Reader(document, "search_space")
        reader.version(SPACE_VERSION)
        space = cls(
            max_depth=reader.integer("max_depth"),
            min_height=reader.integer("min_height"),
            add_branches=reader.integers("add_branches"),
            concat_branches=reader.integers("concat_branches"),
            operations=reader.choices("operations", Operation),
            start_edge=reader.choice("start_edge", Operation),
            groups=reader.integer("groups"),
        )
        reader.done()
        return space

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


def search_space_of(skeleton: SkeletonConfig, space: SearchSpace | None = None) -> SearchSpace:
    """A space with the start edge and the groups that a skeleton needs.

    Args:
        skeleton: of the start network.
        space: whose other settings to keep; the defaults where None.
    """
    (branch,) = skeleton.start_cell.root.branches
    space = SearchSpace() if space is None else space
    return replace(space, start_edge=branch.operation, groups=skeleton.groups)


def _check(legal: bool, field: str, expected: str, got: object) -> None:
    if not legal:
        raise InvalidConfig(field, f"expected {expected}, got {got}")
