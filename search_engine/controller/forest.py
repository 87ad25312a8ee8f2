"""Many partly grown cells as one list of LSTM steps, packed level by level into index tensors.

What the encoder computes for a node depends only on the subtree below it (upward) and on the path
above it with the subtrees beside that path (downward). Growing cells share nearly all of both, with
themselves one decision ago and with each other. So every step is entered once, whoever needs it,
and nothing is entered that no decision asks for. Steps of one kind on one level make one batch.

Reference: Cai et al. 2018, section 3.3 (arXiv:1806.02639), for the steps; the sharing is ours.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

import torch
from torch import Tensor

from search_engine.spec import Allocation, Cell, Merge, Node, Operation, Path

EDGE_TOKENS = {operation: index for index, operation in enumerate(Operation)}
"""Row of each operation in the edge vocabulary; "not decided yet" has the row after them."""
UNDECIDED = len(EDGE_TOKENS)
EDGE_VOCABULARY = UNDECIDED + 1

NODE_TOKENS = {
    (Merge.ADD, Allocation.REPLICATE): 0,
    (Merge.CONCAT, Allocation.SPLIT): 1,
    (Merge.CONCAT, Allocation.REPLICATE): 2,
    (Merge.NONE, Allocation.REPLICATE): 3,
}
"""Row of each motif in the node vocabulary. `none` has one, as in the paper's controller, but no
step reads it: a node of one branch passes its child's state on."""

ZERO = 0
"""The step whose state is zero: below a leaf, above the root, in the place of an absent branch."""


class StepKind(IntEnum):
    """Which cell of the encoder takes a step."""

    EDGE_UP = 0
    ADD_UP = 1
    CONCAT_UP = 2
    EDGE_DOWN = 3
    ADD_DOWN = 4
    CONCAT_DOWN = 5


@dataclass(frozen=True, slots=True)
class StepBatch:
    """Steps of one kind that are ready at the same time; their states get the next `n` rows.

    Args:
        tokens: row in the edge or node vocabulary, `(n,)`.
        sources: rows of the states each step reads, `(n, m)`; row 0, the zero state, where a step
            reads fewer. Downward the parent's comes first.
    """

    kind: StepKind
    tokens: Tensor
    sources: Tensor


Level = list[StepBatch]
"""Batches that read only rows of earlier levels."""


@dataclass(frozen=True, slots=True)
class Place:
    """A node of a cell in the forest: the steps whose states are its code."""

    upward: int
    downward: int


_Undecided = tuple[Path, ...]
_Key = tuple[int, int, tuple[int, ...]]


class Forest:
    """Steps entered so far. Enter places, then `pack` what is new, then ask for `rows`."""

    def __init__(self) -> None:
        self._steps: dict[_Key, int] = {}
        self._rows = [0]
        self._levels = [0]
        self._packed = 1
        self._new: dict[tuple[int, int], list[tuple[int, _Key]]] = {}
        # By identity: cells are immutable and share subtrees, and hashing a tree walks all of it.
        # The node is kept so that its identity is not given to another.
        self._subtrees: dict[int, tuple[Node, int]] = {}

    def place(self, cell: Cell, path: Path, undecided: Iterable[Path] = ()) -> Place:
        """Enter what the code of one node needs.

        Args:
            path: of the node; the code of a branch is that of the node it leads to.
            undecided: branches whose operation is still to be chosen.
        """
        node, rest, down = cell.root, tuple(undecided), ZERO
        if not path:
            return Place(self._below(node, rest), ZERO)
        for index in path:
            beside = [
                ZERO if other == index else self._branch(node, other, rest)
                for other in range(len(node.branches))
            ]
            parent, parent_rest = node, rest
            down = self._step(
                StepKind.EDGE_DOWN, _token(node, index, rest), (self._beside(node, down, beside),)
            )
            node, rest = node.branches[index].node, _within(rest, index)
        return Place(self._branch(parent, path[-1], parent_rest), down)

    def pack(self) -> list[Level]:
        """The steps entered since the last time, in an order in which they can be taken."""
        levels: list[Level] = []
        last = 0
        for level, kind in sorted(self._new):
            if level > last:
                levels.append([])
                last = level
            levels[-1].append(self._batch(StepKind(kind), self._new[level, kind]))
        self._new = {}
        return levels

    def rows(self, places: Sequence[Place]) -> tuple[Tensor, Tensor]:
        """Rows of the upward and of the downward states of packed places, each `(n,)`."""
        rows = self._rows
        return (
            torch.tensor([rows[place.upward] for place in places]),
            torch.tensor([rows[place.downward] for place in places]),
        )

    def _below(self, node: Node, undecided: _Undecided) -> int:
        """Upward state of a node, before the edge above it."""
        if node.is_leaf:
            return ZERO
        if not undecided and (known := self._subtrees.get(id(node))):
            return known[1]
        branches = [self._branch(node, index, undecided) for index in range(len(node.branches))]
        if node.merge is Merge.NONE:
            step = branches[0]
        elif node.merge is Merge.ADD:
            step = self._step(StepKind.ADD_UP, _motif(node), tuple(sorted(branches)))
        else:
            step = self._step(StepKind.CONCAT_UP, _motif(node), tuple(branches))
        if not undecided:
            self._subtrees[id(node)] = (node, step)
        return step

    def _branch(self, node: Node, index: int, undecided: _Undecided) -> int:
        """Upward state of a branch: that of the node below, taken through the edge."""
        below = self._below(node.branches[index].node, _within(undecided, index))
        return self._step(StepKind.EDGE_UP, _token(node, index, undecided), (below,))

    def _beside(self, node: Node, down: int, beside: list[int]) -> int:
        """Downward state between a node and an edge, whose own place in `beside` is zero."""
        if node.merge is Merge.NONE:
            return down
        if node.merge is Merge.ADD:
            others = sorted(step for step in beside if step != ZERO)
            return self._step(StepKind.ADD_DOWN, _motif(node), (down, *others))
        return self._step(StepKind.CONCAT_DOWN, _motif(node), (down, *beside))

    def _step(self, kind: StepKind, token: int, sources: tuple[int, ...]) -> int:
        key = (int(kind), token, sources)
        step = self._steps.get(key)
        if step is None:
            step = self._steps[key] = len(self._rows)
            # Steps already packed are ready, so only the new ones put a step on a later level.
            level = 1 + max(self._levels[s] if self._rows[s] < 0 else 0 for s in sources)
            self._rows.append(-1)
            self._levels.append(level)
            self._new.setdefault((level, key[0]), []).append((step, key))
        return step

    def _batch(self, kind: StepKind, steps: list[tuple[int, _Key]]) -> StepBatch:
        rows = self._rows
        width = max(len(key[2]) for _, key in steps)
        sources = [
            [rows[source] for source in key[2]] + [ZERO] * (width - len(key[2])) for _, key in steps
        ]
        for step, _ in steps:
            rows[step] = self._packed
            self._packed += 1
        tokens = torch.tensor([key[1] for _, key in steps])
        return StepBatch(kind, tokens, torch.tensor(sources))


def _motif(node: Node) -> int:
    return NODE_TOKENS[node.merge, node.allocation]


def _token(node: Node, index: int, undecided: _Undecided) -> int:
    if undecided and (index,) in undecided:
        return UNDECIDED
    return EDGE_TOKENS[node.branches[index].operation]


def _within(undecided: _Undecided, index: int) -> _Undecided:
    """The undecided branches below branch `index`, seen from the node it leads to."""
    if not undecided:
        return ()
    return tuple(path[1:] for path in undecided if path[0] == index and len(path) > 1)
