"""Widths inside a cell: what each edge maps to what, once the cell stands at a site of a network.

The root's edges map the site's input width to its output width and carry its stride; every other
edge keeps its node's width. Under `concat` the outputs are parts of the node's width; under `split`
the inputs are parts too, and so are the groups of grouped convolutions (Cai et al. 2018, section
3.2).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from search_engine.spec.cell import Branch, Cell, Node, Path, branch_place, place
from search_engine.spec.errors import InvalidArchitecture
from search_engine.spec.operations import Operation
from search_engine.spec.schemes import Allocation, Merge, split_widths


@dataclass(frozen=True, slots=True)
class Shape:
    """What a node or an edge maps to what.

    Args:
        stride: step in pixels; above 1 only at the root's edges.
        groups: groups of a grouped convolution here; 0 where a split does not divide them.
    """

    in_channels: int
    out_channels: int
    stride: int = 1
    groups: int = 1

    @property
    def below(self) -> "Shape":
        """Shape of the node at the end of an edge with this shape."""
        return replace(self, in_channels=self.out_channels, stride=1)


@dataclass(frozen=True, slots=True)
class OwnConv:
    """The convolution that an adopted network had at a site: without batch norm and ReLU of ours.

    Where there is one, the root's 3x3 convolutions, plain and grouped, are such convolutions.

    Args:
        bias: it adds a constant to each channel.
    """

    bias: bool

    def stands_at(self, path: Path, operation: Operation) -> bool:
        """Whether the branch at `path` with this operation is such a convolution."""
        return len(path) == 1 and operation in (Operation.CONV_3X3, Operation.GROUP_CONV_3X3)


@dataclass(frozen=True, slots=True)
class Edge:
    """A branch with its path and the shape of its operation."""

    path: Path
    branch: Branch
    shape: Shape


def branch_shapes(node: Node, shape: Shape) -> tuple[Shape, ...]:
    """Shape of each branch's edge at a node; a width may be 0 where channels run out."""
    parts = len(node.branches)
    inputs = outputs = (0,) * parts
    groups = shape.groups
    if node.merge is Merge.CONCAT:
        outputs = split_widths(shape.out_channels, parts)
    else:
        outputs = (shape.out_channels,) * parts
    if node.allocation is Allocation.SPLIT:
        inputs = split_widths(shape.in_channels, parts)
        groups = groups // parts if groups % parts == 0 else 0
    else:
        inputs = (shape.in_channels,) * parts
    return tuple(
        Shape(into, out, shape.stride, groups) for into, out in zip(inputs, outputs, strict=True)
    )


def edges(cell: Cell, site: Shape) -> Iterator[Edge]:
    """Every edge of the cell at the site, with its shape, depth first.

    Raises:
        InvalidArchitecture: the cell does not fit the site; the message names the branch.
    """
    return _edges(cell.root, (), site)


def check_fits(cell: Cell, site: Shape) -> None:
    """Check that the cell can stand at the site.

    Raises:
        InvalidArchitecture: a split leaves a branch without channels, groups do not divide, or an
            operation without weights would have to change the width or the stride.
    """
    for _ in edges(cell, site):
        pass


def _edges(node: Node, path: Path, shape: Shape) -> Iterator[Edge]:
    if node.is_leaf:
        return
    _check_parts(node, path, shape)
    for index, (branch, edge) in enumerate(
        zip(node.branches, branch_shapes(node, shape), strict=True)
    ):
        below = (*path, index)
        _check_edge(branch.operation, edge, below)
        yield Edge(below, branch, edge)
        yield from _edges(branch.node, below, edge.below)


def _check_parts(node: Node, path: Path, shape: Shape) -> None:
    divided = [shape.out_channels] if node.merge is Merge.CONCAT else []
    divided += [shape.in_channels] if node.allocation is Allocation.SPLIT else []
    parts = len(node.branches)
    if min(divided, default=parts) < parts:
        raise InvalidArchitecture(
            place(path), f"cannot divide {min(divided)} channels among {parts} branches"
        )


def _check_edge(operation: Operation, shape: Shape, path: Path) -> None:
    into, out, groups = shape.in_channels, shape.out_channels, shape.groups
    reason = ""
    if not operation.has_weights and (into != out or shape.stride != 1):
        reason = (
            f"{operation} keeps width and size, but must map {into} to {out} channels"
            f" with stride {shape.stride}"
        )
    elif operation is Operation.GROUP_CONV_3X3:
        if groups == 0:
            reason = "its groups cannot be divided among the branches of a split"
        elif into % groups or out % groups:
            reason = f"expected widths that {groups} groups divide, got {into} to {out} channels"
    if reason:
        raise InvalidArchitecture(branch_place(path), reason)
