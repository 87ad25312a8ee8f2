"""What a network costs, counted from its description: parameters and multiply-adds of one image.

Convolutions and the classifier are counted; batch norm (which folds into them), pools and additions
are not multiply-adds. Tests hold these counts against the live modules.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from search_engine.spec.cell import Cell
from search_engine.spec.declared import Declared, Whole, about
from search_engine.spec.operations import Operation, Order
from search_engine.spec.schemes import Merge
from search_engine.spec.shapes import OwnConv, Shape, edges

Size = tuple[int, int]
"""Height and width of a feature map, in pixels."""


@dataclass(frozen=True, slots=True)
class Cost(Declared):
    """Parameters, and multiply-adds of the forward pass of one image."""

    parameters: Annotated[Whole, about("Parameters", "", ge=0)] = 0
    multiply_adds: Annotated[Whole, about("Multiply-adds", "of one image", ge=0)] = 0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.parameters + other.parameters, self.multiply_adds + other.multiply_adds)


def total(costs: Iterable[Cost]) -> Cost:
    """Sum of costs."""
    return sum(costs, Cost())


def conv_cost(into: int, out: int, kernel: int, size: Size, groups: int = 1) -> Cost:
    """A convolution without bias; `size` is that of its output."""
    weights = into // groups * out * kernel * kernel
    return Cost(weights, weights * size[0] * size[1])


def norm_cost(channels: int) -> Cost:
    """A batch norm's weight and bias."""
    return Cost(2 * channels)


def linear_cost(into: int, out: int) -> Cost:
    """A linear layer with bias."""
    return Cost(into * out + out, into * out)


def operation_cost(operation: Operation, shape: Shape, order: Order, size: Size) -> Cost:
    """One edge, its batch norm included; `size` is that of its output."""
    if not operation.has_weights:
        return Cost()
    norm = norm_cost(shape.in_channels if order.norm_first else shape.out_channels)
    into, out = shape.in_channels, shape.out_channels
    if operation.is_separable:
        depthwise = conv_cost(into, into, operation.kernel, size, groups=into)
        return norm + depthwise + conv_cost(into, out, 1, size)
    groups = shape.groups if operation is Operation.GROUP_CONV_3X3 else 1
    return norm + conv_cost(into, out, operation.kernel, size, groups)


def own_conv_cost(own: OwnConv, operation: Operation, shape: Shape, size: Size) -> Cost:
    """A convolution that an adopted network had; `size` is that of its output."""
    groups = shape.groups if operation is Operation.GROUP_CONV_3X3 else 1
    bias = Cost(shape.out_channels if own.bias else 0)
    return bias + conv_cost(shape.in_channels, shape.out_channels, operation.kernel, size, groups)


def cell_cost(
    cell: Cell,
    site: Shape,
    order: Order,
    size: Size,
    *,
    norm_before_add: bool = False,
    own: OwnConv | None = None,
) -> Cost:
    """A cell at a site.

    Args:
        size: of its output, in pixels.
        norm_before_add: each branch under `add` ends in a batch norm.
        own: the convolution that an adopted network had here.

    Raises:
        InvalidArchitecture: the cell does not fit the site.
    """
    cost = Cost()
    for edge in edges(cell, site):
        operation = edge.branch.operation
        if own is not None and own.stands_at(edge.path, operation):
            cost += own_conv_cost(own, operation, edge.shape, size)
        else:
            cost += operation_cost(operation, edge.shape, order, size)
        if norm_before_add and cell.node(edge.path[:-1]).merge is Merge.ADD:
            cost += norm_cost(edge.shape.out_channels)
    return cost
