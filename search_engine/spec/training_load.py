"""How heavy a network is to train, told from its description: what a step's time is made of.

A step takes time for its multiply-adds, for the numbers that it moves through memory, and for each
layer that is begun, however small. Counts alone say little: of two networks with as many
multiply-adds one may take five times as long.
"""

from dataclasses import dataclass
from functools import lru_cache

from search_engine.spec.architecture import Architecture
from search_engine.spec.cell import Node
from search_engine.spec.memory import kept_numbers
from search_engine.spec.skeletons import (
    AdoptedConfig,
    ChainNetConfig,
    PyramidNetConfig,
    SkeletonConfig,
)


@dataclass(frozen=True, slots=True)
class Load:
    """What training a network on one image comes to.

    Args:
        multiply_adds: of one image, forward.
        numbers: what the backward pass keeps of one image.
        layers: convolutions and batch norms, each begun once a step.
    """

    multiply_adds: float
    numbers: float
    layers: float

    def __add__(self, other: "Load") -> "Load":
        return Load(
            self.multiply_adds + other.multiply_adds,
            self.numbers + other.numbers,
            self.layers + other.layers,
        )

    def __mul__(self, factor: float) -> "Load":
        return Load(self.multiply_adds * factor, self.numbers * factor, self.layers * factor)


ADOPTED = {
    "resnet18": (0.0026, 40),
    "resnet": (0.005, 106),
    "vgg": (0.0012, 20),
    "squeezenet": (0.007, 26),
    "densenet": (0.011, 241),
    "regnet": (0.02, 138),
    "efficientnet": (0.035, 130),
    "mobilenet": (0.045, 100),
    "mnasnet": (0.045, 104),
    "shufflenet": (0.052, 112),
    "": (0.01, 100),
}
"""Of torchvision's models by how their names begin, since an adopted network's own layers are not
described: numbers kept for each multiply-add, and layers. Counted once, on 64 x 64 pixels."""


@lru_cache(maxsize=256)
def load_of(architecture: Architecture) -> Load:
    """Of a network.

    Raises:
        InvalidArchitecture: the cell does not fit.
    """
    skeleton, cost = architecture.skeleton, architecture.cost
    if isinstance(skeleton, AdoptedConfig):
        kept, layers = next(of for name, of in ADOPTED.items() if skeleton.model.startswith(name))
        new = _operations(architecture.cell.root) - _operations(skeleton.start_cell.root)
        return Load(
            cost.multiply_adds, kept * cost.multiply_adds, layers + new * len(skeleton.layout())
        )
    numbers = kept_numbers(skeleton, architecture.cell)
    return Load(cost.multiply_adds, numbers, _layers(skeleton, architecture))


def _layers(skeleton: SkeletonConfig, architecture: Architecture) -> float:
    """Convolutions, norms and the last layer."""
    around = 0 if isinstance(skeleton, ChainNetConfig) else 2
    around += 3 if isinstance(skeleton, PyramidNetConfig) else 0
    start = _operations(skeleton.start_cell.root)
    own = _operations(architecture.cell.root)
    blocks = sum(around + (own if block.searched else start) for block in skeleton.layout())
    added = sum(2 * layer.extra for layer in skeleton.hidden_layers().values())
    stages = len({block.stage for block in skeleton.layout()})
    return blocks + added + 2 * stages + 2


def _operations(node: Node) -> int:
    """Layers of all branches of a node, and below."""
    found = 0
    for branch in node.branches:
        operation = branch.operation
        if operation.has_weights:
            found += 3 if operation.is_separable else 2
        found += _operations(branch.node)
    return found
