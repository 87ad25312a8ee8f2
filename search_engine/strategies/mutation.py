"""Mutations: small changes of a cell that lead from one complete cell of the space to another.

The changes are the search's own transformations. Since these only let a tree grow, a mutation may
also take one of the parent's transformations back, and with it those that stood on it. What is then
missing from a complete cell (height, the operation of an edge that may not be the identity) is
added by chance, so every cell of the space can be reached from every other.
"""

import random

from search_engine.spec import (
    Cell,
    CellTransformation,
    Growth,
    ReplaceIdentity,
    SearchSpace,
    sample,
)
from search_engine.spec.errors import IllegalTransformation

ATTEMPTS = 100
"""Draws before a mutation is given up for a random cell; one in a few is enough in practice."""


def mutate(space: SearchSpace, parent: Growth, rng: random.Random) -> Growth:
    """A child one mutation away: one transformation more, one less, or one exchanged for another.

    The child's transformations make its cell from the start cell, as the parent's do.

    Args:
        space: the child is a complete cell of it, and another cell than the parent.
    """
    for _ in range(ATTEMPTS):
        back, forth = rng.choice(((False, True), (True, False), (True, True)))
        child = parent
        if back and child.transformations:
            child = taken_back(space, child, rng.randrange(len(child.transformations)))
        if forth and (step := draw(space, child.cell, rng)) is not None:
            child = with_step(child, step)
        child = completed(space, child, rng)
        if child.cell in space and child.cell.digest != parent.cell.digest:
            return child
    return sample(space, rng)


def taken_back(space: SearchSpace, growth: Growth, index: int) -> Growth:
    """The growth without one of its transformations, and without those that no longer apply."""
    cell = space.start_cell
    kept: list[CellTransformation] = []
    for position, transformation in enumerate(growth.transformations):
        if position == index:
            continue
        try:
            cell = transformation.apply(cell)
        except IllegalTransformation:
            continue
        kept.append(transformation)
    return Growth(cell, tuple(kept))


def completed(space: SearchSpace, growth: Growth, rng: random.Random) -> Growth:
    """The growth and what is missing until its cell is a complete one, by chance."""
    while growth.cell not in space:
        missing = [
            path
            for path, branch in growth.cell.branches()
            if len(path) > 1 and branch.operation not in space.operations
        ]
        step = (
            ReplaceIdentity(missing[0], rng.choice(space.operations))
            if missing
            else draw(space, growth.cell, rng)
        )
        if step is None:
            return growth
        growth = with_step(growth, step)
    return growth


def with_step(growth: Growth, step: CellTransformation) -> Growth:
    """The growth and one transformation more."""
    return Growth(step.apply(growth.cell), (*growth.transformations, step))


def draw(space: SearchSpace, cell: Cell, rng: random.Random) -> CellTransformation | None:
    """A legal transformation; its kind first, since operations would crowd out the rest."""
    by_kind: dict[type, list[CellTransformation]] = {}
    for transformation in space.legal(cell):
        by_kind.setdefault(type(transformation), []).append(transformation)
    return rng.choice(rng.choice(list(by_kind.values()))) if by_kind else None
