"""The start network under the same recipe, as large as the chosen one: what it has to beat."""

from collections.abc import Callable
from dataclasses import replace

from search_engine.spec import (
    Cell,
    ChainNetConfig,
    CondenseNetConfig,
    DenseNetConfig,
    PyramidNetConfig,
    SkeletonConfig,
)
from search_engine.spec.errors import InvalidConfig, SearchEngineError
from search_engine.spec.final_training import FinalTrainingConfig, Weights

TOLERANCE = 0.05
"""Networks whose numbers of parameters differ by no larger share are called equally large."""

_MAX_WIDTH = 1024
_SCALE = 32
"""Widths that belong together grow in steps of one part in so many."""

Resize = Callable[[int], SkeletonConfig]


def baseline(config: FinalTrainingConfig, *, same_parameters: bool = False) -> FinalTrainingConfig:
    """The final training of the start network: the start cell, the same recipe, from scratch, or
    from the weights that it was brought with where the chosen one is.

    Args:
        same_parameters: make the start network as large as the chosen one, to within `TOLERANCE`.

    Raises:
        InvalidConfig: no such skeleton is that large.
    """
    skeleton = config.skeleton
    if same_parameters:
        target = config.architecture.cost.parameters
        skeleton = match_parameters(skeleton, skeleton.start_cell, target)
    weights = Weights.ADOPTED if config.weights is Weights.ADOPTED else Weights.SCRATCH
    return replace(config, skeleton=skeleton, cell=skeleton.start_cell, weights=weights)


def match_parameters(
    skeleton: SkeletonConfig, cell: Cell, target: int, tolerance: float = TOLERANCE
) -> SkeletonConfig:
    """The skeleton made wider or narrower, until the network with the cell has so many parameters.

    Growth, alpha or width changes; where that goes in too large steps, the bottlenecks too. The
    depth stays.

    Args:
        tolerance: the largest difference, as a share of `target`.

    Raises:
        InvalidConfig: of `skeleton`: nothing within the tolerance was found.
    """
    miss, found = _nearest(_resize(skeleton), cell, target)
    if miss > tolerance * target and isinstance(found, DenseNetConfig):
        miss, found = _nearest(_bottlenecks(found), cell, target)
    if miss > tolerance * target:
        raise InvalidConfig(
            "skeleton",
            f"expected a {skeleton.family} of {target:,} parameters to within {tolerance:.0%}; the"
            f" nearest of this depth has {found.cost(cell).parameters:,}",
        )
    return found


def _resize(skeleton: SkeletonConfig) -> Resize:
    """A function from a width to the skeleton of that width."""
    match skeleton:
        case DenseNetConfig():
            return lambda growth: replace(skeleton, growth=growth, widths=())
        case PyramidNetConfig():
            return lambda alpha: replace(skeleton, alpha=alpha, widths=())
        case ChainNetConfig():
            return lambda channels: replace(skeleton, channels=channels, widths=())
        case CondenseNetConfig(growths=growths, groups=groups):
            return lambda scale: replace(
                skeleton, growths=tuple(_scaled(growth, scale, groups) for growth in growths)
            )
    raise InvalidConfig("skeleton", f"the width of a {skeleton.family} is not ours to set")


def _bottlenecks(skeleton: SkeletonConfig) -> Resize:
    """A function from a scale to the skeleton with all hidden layers scaled."""
    layers = skeleton.hidden_layers().values()

    def resize(scale: int) -> SkeletonConfig:
        widths = {layer.name: _scaled(layer.width, scale, skeleton.groups) for layer in layers}
        return replace(skeleton, widths=tuple(widths.items()))

    return resize


def _scaled(width: int, scale: int, multiple: int) -> int:
    return max(round(width * scale / _SCALE / multiple), 1) * multiple


def _nearest(resize: Resize, cell: Cell, target: int) -> tuple[int, SkeletonConfig]:
    """By how many parameters the nearest skeleton misses, and that skeleton: bisection."""
    best: tuple[int, SkeletonConfig] | None = None
    low, high = 0, _MAX_WIDTH
    while low <= high:
        middle = (low + high) // 2
        width, skeleton = _legal(resize, cell, middle, high)
        parameters = skeleton.cost(cell).parameters if skeleton is not None else target
        if skeleton is not None and (best is None or abs(parameters - target) < best[0]):
            best = abs(parameters - target), skeleton
        if skeleton is not None and parameters < target:
            low = width + 1
        else:
            high = middle - 1
    if best is None:
        raise InvalidConfig("skeleton", "the cell fits none of its widths")
    return best


def _legal(
    resize: Resize, cell: Cell, lowest: int, highest: int
) -> tuple[int, SkeletonConfig | None]:
    """The first width from here on that groups and splits divide, and its skeleton."""
    for width in range(lowest, highest + 1):
        try:
            skeleton = resize(width)
            skeleton.check_cell(cell)
        except SearchEngineError:
            continue
        return width, skeleton
    return highest, None
