"""The moves of the strategy `grow`: what a network may do to become another, drawn by chance."""

import math
import random
from collections.abc import Iterable, Iterator, Mapping

from search_engine.spec import (
    Architecture,
    Cell,
    Deepen,
    Growth,
    SearchSpace,
    SkeletonConfig,
    Transformation,
    Widen,
)
from search_engine.spec.errors import IllegalTransformation, InvalidArchitecture
from search_engine.strategies.mutation import completed, draw, with_step
from search_engine.strategies.proposal import Move

MOST_STEPS = 4
"""Path-level transformations in one move, at most."""
ATTEMPTS = 20
NEARBY = 16
"""Widths that are looked at where a cell or groups cut a layer into parts."""

Steps = tuple[Transformation, ...]


def draw_steps(
    move: Move, space: SearchSpace, parent: Architecture, rng: random.Random, largest_step: float
) -> Steps | None:
    """The transformations of one move of a network; None where there is none.

    Args:
        largest_step: factor by which a layer becomes wider, at most.
    """
    if move is Move.REST:
        return ()
    if move is Move.WIDEN:
        return _wider(parent, rng, largest_step) or None
    if move is Move.DEEPEN:
        return _deeper(parent, rng)
    return _grown(space, parent, rng)


def _wider(parent: Architecture, rng: random.Random, largest_step: float) -> Steps:
    """The hidden layers of one stage by one factor, or of all by its square root."""
    stages = [*_stages(parent.skeleton).values()]
    if not stages:
        return ()
    every = [name for stage in stages for name in stage]
    names = rng.choice([every, *stages] if len(stages) > 1 else stages)
    factor = rng.choice(sorted({largest_step, largest_step**0.6, largest_step**0.3}))
    if names is every:
        factor **= 0.5  # the cost of layers that follow each other grows by the square
    steps = []
    for name in names:
        step = _legal(parent, _widths(parent, name, factor))
        if step is not None:
            parent = parent.after(step)
            steps.append(step)
    return tuple(steps)


def _stages(skeleton: SkeletonConfig) -> Mapping[object, list[str]]:
    """Hidden layers by the size of their feature maps."""
    stages: dict[object, list[str]] = {}
    for layer in skeleton.hidden_layers().values():
        stages.setdefault(layer.size, []).append(layer.name)
    return stages


def _widths(parent: Architecture, name: str, factor: float) -> Iterator[Transformation]:
    """Widths near the factor, the nearest first, in which convolutions can still be grouped."""
    layer = parent.skeleton.hidden_layers()[name]
    # Depthwise convolutions have as many groups as channels, whatever the width.
    step = math.lcm(layer.multiple, *(count for count in layer.groups if count != layer.width))
    wanted = max(layer.width + 1, round(layer.width * factor))
    first = math.ceil(wanted / step)
    return (Widen(name, step * count) for count in range(first, first + NEARBY))


def _deeper(parent: Architecture, rng: random.Random) -> Steps | None:
    names = list(parent.skeleton.hidden_layers())
    step = _legal(parent, (Deepen(name) for name in rng.sample(names, len(names))))
    return None if step is None else (step,)


def _grown(space: SearchSpace, parent: Architecture, rng: random.Random) -> Steps | None:
    """One to four path-level transformations that lead to another complete cell of the space."""
    for _ in range(ATTEMPTS):
        growth = Growth(parent.cell, ())
        for _ in range(rng.randint(1, MOST_STEPS)):
            if (step := draw(space, growth.cell, rng)) is not None:
                growth = with_step(growth, step)
        growth = completed(space, growth, rng)
        if growth.cell in space and _is_other(parent, growth.cell):
            return growth.transformations
    return None


def _is_other(parent: Architecture, cell: Cell) -> bool:
    """Whether the cell is not the parent's, and fits its widths."""
    if cell.digest == parent.cell.digest:
        return False
    try:
        Architecture(parent.skeleton, cell)
    except InvalidArchitecture:
        return False
    return True


def _legal(parent: Architecture, steps: Iterable[Transformation]) -> Transformation | None:
    """The first of the steps that is legal."""
    for step in steps:
        try:
            parent.after(step)
        except IllegalTransformation:
            continue
        return step
    return None
