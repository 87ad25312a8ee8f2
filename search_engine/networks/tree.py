"""Cells as modules: the tree of `search_engine.spec.cell` with weights on its edges.

Reference: Cai et al. 2018, section 3.2 (arXiv:1806.02639).
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from search_engine.networks.operations import Gate, make_operation
from search_engine.spec.cell import Branch, Cell, Node, Path
from search_engine.spec.operations import Operation, Order
from search_engine.spec.schemes import Allocation, Merge, split_widths
from search_engine.spec.shapes import OwnConv, Shape, branch_shapes, check_fits


class BranchModule(nn.Module):
    """An edge's operation, the node below it, and a batch norm at its end where there is one.

    Args:
        node: the node below; None for a leaf.
        norm_before_add: end in a batch norm, as branches under `add` do in CondenseNet.
        own: set where the edge is a convolution that an adopted network had.
    """

    def __init__(
        self,
        operation: Operation,
        shape: Shape,
        order: Order,
        node: "NodeModule | None" = None,
        *,
        norm_before_add: bool = False,
        own: OwnConv | None = None,
    ) -> None:
        super().__init__()
        self.shape = shape
        self.operation = make_operation(operation, shape, order, own)
        self.node = node
        self.norm = nn.BatchNorm2d(shape.out_channels) if norm_before_add else None
        # Gates stand only in a child that is being morphed.
        self.gate: Gate | None = None
        self.norm_gate: Gate | None = None

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.operation(x)
        if self.gate is not None:
            y = self.gate(x, y)
        if self.node is not None:
            y = self.node(y)
        if self.norm is not None:
            y = self.norm(y) if self.norm_gate is None else self.norm_gate(y, self.norm(y))
        return y


class NodeModule(nn.Module):
    """Hands its input to its branches and joins what they return.

    Args:
        drop_path: probability that a branch under `add` is dropped in training.
    """

    def __init__(
        self,
        branches: list[BranchModule],
        merge: Merge,
        allocation: Allocation,
        shape: Shape,
        drop_path: float,
    ) -> None:
        super().__init__()
        self.shape = shape
        self.drop_path = drop_path
        self.set_branches(branches, merge, allocation)

    def set_branches(
        self, branches: list[BranchModule], merge: Merge, allocation: Allocation
    ) -> None:
        """Put other branches in place of the present ones."""
        self.branches = nn.ModuleList(branches)
        self.merge = merge
        self.allocation = allocation

    def branch(self, index: int) -> BranchModule:
        """One of its branches."""
        branch = self.branches[index]
        assert isinstance(branch, BranchModule)
        return branch

    def forward(self, x: Tensor) -> Tensor:
        if self.allocation is Allocation.SPLIT:
            inputs = torch.split(x, list(split_widths(x.shape[1], len(self.branches))), dim=1)
            outputs = [branch(_dense(z)) for branch, z in zip(self.branches, inputs, strict=True)]
        else:
            outputs = [branch(x) for branch in self.branches]
        if self.merge is Merge.CONCAT:
            return torch.cat(outputs, dim=1)
        if self.merge is Merge.ADD:
            return self._mean(outputs)
        return outputs[0]

    def _mean(self, outputs: list[Tensor]) -> Tensor:
        if self.training and self.drop_path > 0:
            outputs = [drop_path(output, self.drop_path) for output in outputs]
        total = outputs[0] + outputs[1]
        for output in outputs[2:]:
            total = total + output
        return total / len(outputs)


def _dense(x: Tensor) -> Tensor:
    """A slice of the channels, on CUDA in memory of its own: norms of views take slow kernels."""
    return x.contiguous(memory_format=torch.channels_last) if x.is_cuda else x


def drop_path(x: Tensor, probability: float) -> Tensor:
    """Drop a branch for some images of the batch `(N, C, H, W)` and scale it up for the others.

    It draws from the device's default generator, as `nn.Dropout` does.
    Reference: Larsson et al. 2017 (arXiv:1605.07648).
    """
    keep = torch.empty(x.shape[0], 1, 1, 1, device=x.device, dtype=x.dtype)
    return x * keep.bernoulli_(1 - probability).div_(1 - probability)


class CellModule(nn.Module):
    """A cell at a site.

    Args:
        drop_path: probability that a branch under `add` is dropped in training.
        norm_before_add: end each branch under `add` in a batch norm.
        own: the convolution that an adopted network had here.

    Raises:
        InvalidArchitecture: the cell does not fit the site.
    """

    def __init__(
        self,
        cell: Cell,
        site: Shape,
        order: Order,
        *,
        drop_path: float = 0.0,
        norm_before_add: bool = False,
        own: OwnConv | None = None,
    ) -> None:
        super().__init__()
        check_fits(cell, site)
        self.order = order
        self.drop_path = drop_path
        self.norm_before_add = norm_before_add
        self.own = own
        self.root = self.make_node(cell.root, site)

    def forward(self, x: Tensor) -> Tensor:
        """`x`: feature map `(N, C_in, H, W)`; returns `(N, C_out, H / stride, W / stride)`."""
        return self.root(x)

    def node(self, path: Path) -> NodeModule:
        """The node at a path; it must not be a leaf."""
        node: NodeModule | None = self.root
        for index in path:
            node = node.branch(index).node if node is not None else None
        if node is None:
            raise KeyError(path)
        return node

    def branch(self, path: Path) -> BranchModule:
        """The branch that leads to the node at a path."""
        return self.node(path[:-1]).branch(path[-1])

    def nodes(self) -> Iterator[NodeModule]:
        """Every node that is no leaf."""
        return (module for module in self.modules() if isinstance(module, NodeModule))

    def make_node(self, node: Node, shape: Shape, path: Path = ()) -> NodeModule:
        """Modules with fresh weights for a node that is no leaf."""
        shapes = branch_shapes(node, shape)
        branches = [
            self._make_branch(branch, edge, (*path, index), node.merge)
            for index, (branch, edge) in enumerate(zip(node.branches, shapes, strict=True))
        ]
        return NodeModule(branches, node.merge, node.allocation, shape, self.drop_path)

    def _make_branch(self, branch: Branch, shape: Shape, path: Path, merge: Merge) -> BranchModule:
        own = self.own
        if own is not None and not own.stands_at(path, branch.operation):
            own = None
        below = None if branch.node.is_leaf else self.make_node(branch.node, shape.below, path)
        return BranchModule(
            branch.operation,
            shape,
            self.order,
            below,
            norm_before_add=self.norm_before_add and merge is Merge.ADD,
            own=own,
        )
