"""Cells: immutable trees of operations that replace the 3x3 convolution in a network's blocks.

A node evaluates its branches on what its allocation hands them and joins the results by its merge;
a leaf passes its input on. Reference: Cai et al. 2018, section 3.2 (arXiv:1806.02639).
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from search_engine.spec.errors import InvalidArchitecture
from search_engine.spec.operations import Operation
from search_engine.spec.schemes import MOTIFS, Allocation, Merge

Path = tuple[int, ...]
"""Address of a node: the index of the branch to take at each node from the root, `()`.
A branch has the path of the node below it."""

MAX_HEIGHT = 8
MAX_BRANCHES = 8
MAX_EDGES = 256


@dataclass(frozen=True, slots=True)
class Node:
    """A point of the tree. Without branches it is a leaf.

    Args:
        branches: the edges below, each with the node it leads to.
        merge: how the branches' outputs are joined; `none` with fewer than two.
        allocation: how the input is handed to the branches.
    """

    branches: tuple["Branch", ...] = ()
    merge: Merge = Merge.NONE
    allocation: Allocation = Allocation.REPLICATE

    @property
    def is_leaf(self) -> bool:
        """It has no branches: it passes its input on."""
        return not self.branches

    @property
    def height(self) -> int:
        """Number of edges on the longest way down; 0 for a leaf."""
        return max((1 + branch.node.height for branch in self.branches), default=0)


LEAF = Node()


@dataclass(frozen=True, slots=True)
class Branch:
    """One operation and the node below it."""

    operation: Operation
    node: Node = LEAF


def chain(*operations: Operation) -> Node:
    """A node with the operations one after the other: no node of it has two branches."""
    node = LEAF
    for operation in reversed(operations):
        node = Node((Branch(operation, node),))
    return node


@dataclass(frozen=True)
class Cell:
    """A whole, valid tree. Two cells are equal when they are the same branch by branch;
    they are one cell to the search when their `digest` is the same.

    Args:
        root: the tree; it has at least one branch.

    Raises:
        InvalidArchitecture: the tree breaks a rule; the message names the node.
    """

    root: Node

    def __post_init__(self) -> None:
        if self.root.is_leaf:
            raise InvalidArchitecture("root", "expected at least one branch, got a leaf")
        _check(self.root, (), 0)

    @property
    def height(self) -> int:
        """Number of edges on the longest path from the root to a leaf."""
        return self.root.height

    def nodes(self) -> Iterator[tuple[Path, Node]]:
        """Every node with its path, the root first, depth first; a node's depth is `len(path)`."""
        return _walk((), self.root)

    def branches(self) -> Iterator[tuple[Path, Branch]]:
        """Every branch with its path, depth first."""
        for path, node in self.nodes():
            for index, branch in enumerate(node.branches):
                yield (*path, index), branch

    def node(self, path: Path) -> Node:
        """The node at `path`.

        Raises:
            KeyError: there is none.
        """
        return self.branch(path).node if path else self.root

    def branch(self, path: Path) -> Branch:
        """The branch that leads to the node at `path`.

        Raises:
            KeyError: there is none; the root has no branch above it.
        """
        if not path:
            raise KeyError(path)
        node = self.root
        for index in path:
            if not 0 <= index < len(node.branches):
                raise KeyError(path)
            branch = node.branches[index]
            node = branch.node
        return branch

    def with_node(self, path: Path, node: Node) -> "Cell":
        """This cell with the node at `path` replaced.

        Raises:
            KeyError: there is none.
        """
        self.node(path)
        return Cell(_replaced(self.root, path, node))

    def with_branch(self, path: Path, branch: Branch) -> "Cell":
        """This cell with the branch at `path` replaced, its node included.

        Raises:
            KeyError: there is none.
        """
        self.branch(path)
        parent = self.node(path[:-1])
        branches = list(parent.branches)
        branches[path[-1]] = branch
        return self.with_node(path[:-1], replace(parent, branches=tuple(branches)))

    @cached_property
    def canonical(self) -> "Cell":
        """The cell with the branches of every `add` node in a fixed order: they are unordered."""
        return Cell(_sorted(self.root))

    @cached_property
    def digest(self) -> str:
        """Stable name of the canonical form: 32 hexadecimal digits, the same in every process."""
        return hashlib.sha256(_key(_sorted(self.root)).encode()).hexdigest()[:32]


def place(path: Path) -> str:
    """How a path reads in messages: `root`, `root.branches[1].node`, …"""
    return "root" + "".join(f".branches[{index}].node" for index in path)


def branch_place(path: Path) -> str:
    """How the branch at `path` reads in messages: `root.branches[1]`."""
    return f"{place(path[:-1])}.branches[{path[-1]}]"


def _check(node: Node, path: Path, edges: int) -> int:
    """Raise where the node breaks a rule; return the number of edges met so far."""
    if len(path) > MAX_HEIGHT:
        raise InvalidArchitecture(place(path), f"expected at most {MAX_HEIGHT} edges deep")
    check_motif(place(path), node.merge, node.allocation, len(node.branches))
    if edges + len(node.branches) > MAX_EDGES:
        raise InvalidArchitecture("root", f"expected at most {MAX_EDGES} edges in all")
    for index, branch in enumerate(node.branches):
        edges = _check(branch.node, (*path, index), edges + 1)
    return edges


def check_motif(where: str, merge: Merge, allocation: Allocation, branches: int) -> None:
    """Check that merge, allocation and number of branches go together.

    Raises:
        InvalidArchitecture: they do not; `where` is the place it names.
    """
    if branches > MAX_BRANCHES:
        raise InvalidArchitecture(
            where, f"expected at most {MAX_BRANCHES} branches, got {branches}"
        )
    if merge is Merge.NONE and branches > 1:
        raise InvalidArchitecture(where, f"expected merge add or concat for {branches} branches")
    if merge is not Merge.NONE and branches < 2:
        raise InvalidArchitecture(
            where, f"expected at least 2 branches under {merge}, got {branches}"
        )
    if allocation not in MOTIFS[merge]:
        raise InvalidArchitecture(where, f"allocation {allocation} does not go with merge {merge}")


def _walk(path: Path, node: Node) -> Iterator[tuple[Path, Node]]:
    yield path, node
    for index, branch in enumerate(node.branches):
        yield from _walk((*path, index), branch.node)


def _replaced(node: Node, path: Path, new: Node) -> Node:
    if not path:
        return new
    branches = list(node.branches)
    old = branches[path[0]]
    branches[path[0]] = replace(old, node=_replaced(old.node, path[1:], new))
    return replace(node, branches=tuple(branches))


def _sorted(node: Node) -> Node:
    branches = tuple(replace(branch, node=_sorted(branch.node)) for branch in node.branches)
    if node.merge is Merge.ADD:
        branches = tuple(sorted(branches, key=_branch_key))
    return replace(node, branches=branches)


def _key(node: Node) -> str:
    """Unambiguous text of a node; versioned by its form, since stored digests depend on it."""
    if node.is_leaf:
        return ""
    return f"{node.merge}/{node.allocation}[{','.join(map(_branch_key, node.branches))}]"


def _branch_key(branch: Branch) -> str:
    return branch.operation + _key(branch.node)
