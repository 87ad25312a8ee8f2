"""InsertNode, ReplaceIdentity and Deepen on weights: new edges and operations behind gates.

A new operation gets identity kernels and stands behind a closed gate, so the function is kept
whatever the operation is; `morph` decides how the gate opens.
Reference: Cai et al. 2018, section 3.2 (arXiv:1806.02639).
"""

from search_engine.networks.layers import extra_layer
from search_engine.networks.operations import make_operation
from search_engine.networks.tree import BranchModule, CellModule, NodeModule
from search_engine.spec.cell import Path
from search_engine.spec.operations import Operation, Order
from search_engine.spec.schemes import Allocation, Merge
from search_engine.spec.skeletons import HiddenLayer
from search_engine.transforms.child_init import ChildInit, add_noise


def insert_node(cell: CellModule, path: Path) -> None:
    """Put an identity edge and a one-branch node after the edge at `path`; exact."""
    branch = cell.branch(path)
    below = branch.shape.below
    identity = BranchModule(Operation.IDENTITY, below, cell.order, branch.node)
    branch.node = NodeModule([identity], Merge.NONE, Allocation.REPLICATE, below, cell.drop_path)


def replace_identity(cell: CellModule, path: Path, operation: Operation, init: ChildInit) -> None:
    """Give an identity edge a new operation, behind a closed gate; exact until the gate opens."""
    branch = cell.branch(path)
    branch.operation = init.fresh(lambda: make_operation(operation, branch.shape, cell.order))
    add_noise(branch.operation, init.noise, init.generator)
    branch.gate = init.gate()


def deepened(layer: HiddenLayer, order: Order, init: ChildInit) -> BranchModule:
    """A new layer to stand after a hidden layer, behind a closed gate; exact until the gate opens.

    Reference: Chen et al. 2016, section 2.3 (arXiv:1511.05641).
    """
    made = init.fresh(lambda: extra_layer(layer, order))
    add_noise(made, init.noise, init.generator)
    made.gate = init.gate()
    return made
