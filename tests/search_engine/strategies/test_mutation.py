"""Mutations stay in the space, and reach all of it."""

import random
from collections import Counter
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from search_engine.spec import (
    InsertNode,
    Merge,
    Operation,
    ReplaceIdentity,
    SearchSpace,
    SetMerge,
    format_cell,
    grow_cell,
    sample,
)
from search_engine.spec.growth import Growth
from search_engine.strategies.mutation import mutate, taken_back

SPACE = SearchSpace()
SMALL = SearchSpace(
    max_depth=2,
    min_height=2,
    add_branches=(2,),
    concat_branches=(),
    operations=(Operation.CONV_1X1, Operation.MAX_POOL_3X3),
)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**9))
def test_lines_of_mutations_stay_complete_cells_with_their_lineage(seed: int) -> None:
    rng = random.Random(seed)
    growth = sample(SPACE, rng)
    for _ in range(6):
        child = mutate(SPACE, growth, rng)
        assert child.cell in SPACE
        assert child.cell.digest != growth.cell.digest
        assert grow_cell(SPACE.start_cell, child.transformations) == child.cell
        growth = child


def test_mutations_reach_every_cell_of_a_small_space() -> None:
    rng, seen = random.Random(0), set()
    growth = sample(SMALL, rng)
    for _ in range(3000):
        growth = mutate(SMALL, growth, rng)
        seen.add(growth.cell.digest)
    assert len(seen) == SMALL.size(canonical=True)


def test_trees_do_not_only_grow() -> None:
    rng, growth = random.Random(1), sample(SPACE, random.Random(1))
    edges = [len(list(growth.cell.branches()))]
    for _ in range(200):
        growth = mutate(SPACE, growth, rng)
        edges.append(len(list(growth.cell.branches())))
    signs = Counter((after > before) - (after < before) for before, after in pairwise(edges))
    assert min(signs[-1], signs[1]) > 20


def test_taking_back_takes_what_stood_on_it() -> None:
    steps = (
        SetMerge((), Merge.ADD, 2),
        InsertNode((0,)),
        SetMerge((0,), Merge.ADD, 2),
        ReplaceIdentity((0, 1), Operation.MAX_POOL_3X3),
        InsertNode((1,)),
        ReplaceIdentity((1, 0), Operation.CONV_1X1),
    )
    growth = Growth(grow_cell(SPACE.start_cell, steps), steps)
    # The first inserted node goes, and with it its merge and its operation.
    assert taken_back(SPACE, growth, 1).transformations == (steps[0], *steps[4:])
    # Without the merge there is no second branch whose operation could have changed.
    without = taken_back(SPACE, growth, 2)
    assert format_cell(without.cell) == "add[G3x3 -> [identity], G3x3 -> [conv1x1]]"
