"""How heavy a network is to train, told from its description: what a step's time is made of.

A step takes time for its multiply-adds, for the numbers that it moves through memory, and for each
layer that is begun, however small. Counts alone say little: of two networks with as many
multiply-adds one may take five times as long.
"""

from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import takewhile

from search_engine.spec.architecture import Architecture
from search_engine.spec.cell import Node
from search_engine.spec.memory import kept_numbers
from search_engine.spec.skeletons import (
    AdoptedConfig,
    ChainNetConfig,
    ImageShape,
    PyramidNetConfig,
    SkeletonConfig,
)
from search_engine.spec.torchvision_loads import SIDE, TORCHVISION_LOADS


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


NUMBERS, LAYERS = 0.01, 100
"""Numbers that are kept for each multiply-add, and layers, of an adopted network like none of
torchvision's."""
LIKE = 5
"""So many first letters a name must share with that of one of torchvision's."""


@lru_cache(maxsize=256)
def load_of(architecture: Architecture) -> Load:
    """The load of a network.

    Raises:
        InvalidArchitecture: the cell does not fit.
    """
    skeleton, cost = architecture.skeleton, architecture.cost
    if isinstance(skeleton, AdoptedConfig):
        kept, layers = _counted(skeleton.model)
        new = _operations(architecture.cell.root) - _operations(skeleton.start_cell.root)
        return Load(
            cost.multiply_adds, kept * cost.multiply_adds, layers + new * len(skeleton.layout())
        )
    numbers = kept_numbers(skeleton, architecture.cell)
    return Load(cost.multiply_adds, numbers, _layers(skeleton, architecture))


def _counted(model: str) -> tuple[float, float]:
    """Numbers for each multiply-add, and layers; an adopted network's own are not described."""
    name = model.partition(".")[0]  # timm's are followed by their weights' names
    like = name if name in TORCHVISION_LOADS else max(TORCHVISION_LOADS, key=partial(_alike, name))
    if _alike(name, like) < LIKE:
        return NUMBERS, LAYERS
    found = TORCHVISION_LOADS[like]
    return found.numbers / found.multiply_adds, found.layers


def _alike(one: str, other: str) -> int:
    """How many first letters two names share."""
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return sum(1 for _ in pairs)


def published_load(model: str, image: ImageShape, classes: int) -> tuple[int, Load]:
    """Parameters, and the load, of one of torchvision's networks that nobody has brought in yet."""
    found = TORCHVISION_LOADS[model]
    share = image.height * image.width / SIDE**2
    last = found.features * classes
    load = Load(share * found.multiply_adds + last, share * found.numbers, found.layers)
    return found.parameters + last + classes, load


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
