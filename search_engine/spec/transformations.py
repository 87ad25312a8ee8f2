"""Path-level transformations on the tree. Their effect on weights is in `search_engine.transforms`.

Each is a value that can be stored and replayed; `apply` gives the changed cell and refuses what is
illegal. Reference: Cai et al. 2018, section 3.2 and figure 3 (arXiv:1806.02639).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Annotated

from search_engine.spec.cell import (
    MAX_BRANCHES,
    MAX_HEIGHT,
    Branch,
    Cell,
    Node,
    Path,
    branch_place,
    chain,
    place,
)
from search_engine.spec.declared import Declared, Whole, about, always
from search_engine.spec.errors import IllegalTransformation, InvalidArchitecture
from search_engine.spec.operations import Operation
from search_engine.spec.schemes import Allocation, Merge

# Plain dataclasses: a search makes them by the thousand, and `apply` judges them.
_Steps = Annotated[
    tuple[Whole, ...],
    about("Place", "index of the branch to take at each node", max_length=MAX_HEIGHT),
]


@dataclass(frozen=True, slots=True)
class SetMerge(Declared):
    """Turn a one-branch node over a leaf into `branches` branches with the same operation."""

    fixed = always(type="set_merge")

    node: _Steps
    merge: Annotated[Merge, about("Merge", "add (copies, joined by their mean) or concat (parts)")]
    branches: Annotated[Whole, about("Branches", "how many, at least 2")]

    def __str__(self) -> str:
        return f"SetMerge({place(self.node)}, {self.merge}, {self.branches})"

    def apply(self, cell: Cell) -> Cell:
        """The cell after it.

        Raises:
            IllegalTransformation: no such node, or not one branch over a leaf, or merge `none`, or
                fewer than 2 or too many branches.
        """
        node = _find_node(self, cell, self.node)
        if len(node.branches) != 1:
            raise IllegalTransformation(
                str(self), f"expected a node with one branch, it has {len(node.branches)}"
            )
        (branch,) = node.branches
        if not branch.node.is_leaf:
            raise IllegalTransformation(str(self), "the node's branch does not end in a leaf")
        if self.merge is Merge.NONE:
            raise IllegalTransformation(str(self), "expected merge add or concat, got none")
        if not 2 <= self.branches <= MAX_BRANCHES:
            raise IllegalTransformation(str(self), f"expected 2 to {MAX_BRANCHES} branches")
        return _try(
            self,
            lambda: cell.with_node(
                self.node,
                Node((branch,) * self.branches, self.merge, self.allocation(branch.operation)),
            ),
        )

    def allocation(self, operation: Operation) -> Allocation:
        """How the new node allocates: it splits where the operation needs its input divided."""
        divides = self.merge is Merge.CONCAT and operation.divides_input
        return Allocation.SPLIT if divides else Allocation.REPLICATE


@dataclass(frozen=True, slots=True)
class InsertNode(Declared):
    """Put an identity edge and a one-branch node after a branch's edge.

    What was below the branch comes below the identity edge.
    """

    fixed = always(type="insert_node")

    branch: _Steps

    def __str__(self) -> str:
        return f"InsertNode({_branch_text(self.branch)})"

    def apply(self, cell: Cell) -> Cell:
        """The cell after it.

        Raises:
            IllegalTransformation: no such branch, or the cell would become too deep.
        """
        branch = _find_branch(self, cell, self.branch)
        below = chain(Operation.IDENTITY)
        if not branch.node.is_leaf:
            below = Node((Branch(Operation.IDENTITY, branch.node),))
        return _try(self, lambda: cell.with_branch(self.branch, replace(branch, node=below)))


@dataclass(frozen=True, slots=True)
class ReplaceIdentity(Declared):
    """Give an identity edge another operation."""

    fixed = always(type="replace_identity")

    branch: _Steps
    operation: Annotated[Operation, about("Operation", "the new one")]

    def __str__(self) -> str:
        return f"ReplaceIdentity({_branch_text(self.branch)}, {self.operation})"

    def apply(self, cell: Cell) -> Cell:
        """The cell after it.

        Raises:
            IllegalTransformation: no such branch, or its operation is not the identity.
        """
        branch = _find_branch(self, cell, self.branch)
        if branch.operation is not Operation.IDENTITY:
            raise IllegalTransformation(
                str(self), f"expected an identity edge, it is {branch.operation}"
            )
        if self.operation is Operation.IDENTITY:
            raise IllegalTransformation(str(self), "the identity is already there")
        return cell.with_branch(self.branch, replace(branch, operation=self.operation))


CellTransformation = SetMerge | InsertNode | ReplaceIdentity


def grow_cell(cell: Cell, transformations: Iterable[CellTransformation]) -> Cell:
    """The cell after all the transformations, one after the other.

    Raises:
        IllegalTransformation: by the first that is refused.
    """
    for transformation in transformations:
        cell = transformation.apply(cell)
    return cell


def _find_node(transformation: CellTransformation, cell: Cell, path: Path) -> Node:
    try:
        return cell.node(path)
    except KeyError:
        raise IllegalTransformation(str(transformation), f"there is no {place(path)}") from None


def _find_branch(transformation: CellTransformation, cell: Cell, path: Path) -> Branch:
    try:
        return cell.branch(path)
    except KeyError:
        raise IllegalTransformation(
            str(transformation), f"there is no {_branch_text(path)}"
        ) from None


def _branch_text(path: Path) -> str:
    return branch_place(path) if path else "branch above the root"


def _try(transformation: CellTransformation, change: Callable[[], Cell]) -> Cell:
    try:
        return change()
    except InvalidArchitecture as error:
        raise IllegalTransformation(str(transformation), str(error)) from None
