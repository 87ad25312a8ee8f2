"""InsertNode, ReplaceIdentity and Deepen on weights: new edges and operations that start shut.

A new operation gets identity kernels and stands behind a shut gate, so the function is kept
whatever it is; `morph` decides what becomes of the gate. Reference: Cai et al. 2018, section 3.2
(arXiv:1806.02639).
"""

from torch import nn

from search_engine.architecture.cell import Path
from search_engine.architecture.operations import Operation, Order
from search_engine.architecture.schemes import Allocation, Merge
from search_engine.architecture.skeletons import HiddenLayer
from search_engine.networks.layers import extra_layer
from search_engine.networks.operations import make_operation
from search_engine.networks.tree import BranchModule, CellModule, NodeModule
from search_engine.transforms.birth import Birth
from search_engine.transforms.noise import add_noise


def insert_node(cell: CellModule, path: Path) -> None:
    """Put an identity edge and a one-branch node after a branch's edge; exact.

    Args:
        cell: changed in place.
        path: of the branch.
    """
    branch = cell.branch(path)
    below = branch.shape.below
    identity = BranchModule(Operation.IDENTITY, below, cell.order, branch.node)
    branch.node = NodeModule([identity], Merge.NONE, Allocation.REPLICATE, below, cell.drop_path)


def replace_identity(cell: CellModule, path: Path, operation: Operation, birth: Birth) -> None:
    """Give an identity edge a new operation, behind a shut gate; exact until the gate opens.

    Args:
        cell: changed in place.
        path: of the branch.
        operation: the new one.
        birth: noise, its generator, device.
    """
    branch = cell.branch(path)
    branch.operation = birth.fresh(lambda: make_operation(operation, branch.shape, cell.order))
    add_noise(branch.operation, birth.noise, birth.generator)
    branch.gate = birth.gate()


def deepen(extra: nn.Sequential, layer: HiddenLayer, order: Order, birth: Birth) -> None:
    """Put a new layer after a hidden layer, behind a shut gate; exact until the gate opens.

    Args:
        extra: the layers added so far, changed in place.
        layer: the hidden layer.
        order: of the network.
        birth: noise, its generator, device.

    Reference: Chen et al. 2016, section 2.3 (arXiv:1511.05641).
    """
    made = birth.fresh(lambda: extra_layer(layer, order))
    add_noise(made, birth.noise, birth.generator)
    made.gate = birth.gate()
    extra.append(made)
