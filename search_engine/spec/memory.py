"""About how much memory a training takes, told from a network's description before there is one.

A step of training keeps for its backward pass what every batch norm and every convolution has
read: two maps for each layer with weights, three for a separable one. That, the images, and three
numbers for each weight (itself, its gradient, its momentum) are nearly all that there is; tests
hold the guess against what autograd really keeps.
"""

from itertools import pairwise
from math import prod

from search_engine.spec.cell import Cell, Node
from search_engine.spec.operations import Operation
from search_engine.spec.shapes import Shape, branch_shapes
from search_engine.spec.skeletons import (
    AdoptedConfig,
    Block,
    ChainNetConfig,
    PyramidNetConfig,
    SkeletonConfig,
)

BYTES_A_NUMBER = 4
NUMBERS_A_PARAMETER = 3
"""Weight, gradient and momentum."""


def training_memory(skeleton: SkeletonConfig, cell: Cell, batch_size: int) -> int | None:
    """Bytes that a training step takes at its peak, give or take a third.

    Returns:
        None for an adopted network, whose description does not say what its own layers keep.

    Raises:
        InvalidArchitecture: the cell does not fit.
    """
    if isinstance(skeleton, AdoptedConfig):
        return None
    weights = NUMBERS_A_PARAMETER * skeleton.cost(cell).parameters
    return BYTES_A_NUMBER * (weights + batch_size * kept_numbers(skeleton, cell))


def kept_numbers(skeleton: SkeletonConfig, cell: Cell) -> int:
    """How many numbers one image leaves in memory until the backward pass has used them."""
    image = prod((skeleton.image.channels, skeleton.image.height, skeleton.image.width))
    layout = skeleton.layout()
    blocks = sum(_of_block(block, cell, skeleton) for block in layout)
    added = sum(
        2 * layer.width * layer.extra * prod(layer.size)
        for layer in skeleton.hidden_layers().values()
    )
    # Where a stage ends, a transition or the head reads what the last block has made.
    ends = [a for a, b in pairwise(layout) if a.out_channels != b.in_channels] + [layout[-1]]
    return image + blocks + added + sum(2 * block.out_channels * prod(block.size) for block in ends)


def _of_block(block: Block, cell: Cell, skeleton: SkeletonConfig) -> int:
    """What the layers around the cell have read, and the cell."""
    size, into = prod(block.size), prod(block.size) * block.site.stride**2
    before = 0 if isinstance(skeleton, ChainNetConfig) else 2 * block.in_channels
    after = 0
    if isinstance(skeleton, PyramidNetConfig):  # a convolution and its norm follow the cell
        after = 2 * block.site.out_channels + block.out_channels
    tree = cell if block.searched else skeleton.start_cell
    return before * into + after * size + _of_node(tree.root, block.site, into, size)


def _of_node(node: Node, shape: Shape, read: int, made: int) -> int:
    """What the branches of a node keep, and all below them.

    Args:
        read: pixels of its input.
        made: pixels of its output.
    """
    if node.is_leaf:
        return 0
    # A norm or a pool keeps its input, which all branches share or divide among them.
    kept = shape.in_channels * read
    for branch, own in zip(node.branches, branch_shapes(node, shape), strict=True):
        kept += _of_operation(branch.operation, own, read, made)
        kept += _of_node(branch.node, own.below, made, made)
    return kept


def _of_operation(operation: Operation, shape: Shape, read: int, made: int) -> int:
    """What an operation keeps beside its input."""
    if operation is Operation.MAX_POOL_3X3:
        return 2 * shape.out_channels * made  # places, of eight bytes each
    if not operation.has_weights:
        return 0
    between = shape.in_channels * made if operation.is_separable else 0
    return shape.in_channels * read + between
