"""The size of a space, counted in closed form, against two ways of listing every cell."""

from collections.abc import Iterator
from functools import cache

import pytest

from search_engine.spec import Cell, Growth, Operation, SearchSpace, grow, grow_cell

IDENTITY, CONV, SEP, MAX = (
    Operation.IDENTITY,
    Operation.CONV_1X1,
    Operation.SEP_CONV_3X3,
    Operation.MAX_POOL_3X3,
)
SMALL = {
    # A leaf below the root stays one, or gets one of 2 + 2 x 2 nodes: 7 forms.
    # So 7 + 7 x 7 cells, without the two that stay a motif high.
    "two merges": (
        SearchSpace(max_depth=2, add_branches=(2,), concat_branches=(), operations=(CONV, MAX)),
        54,
    ),
    "all merges": (SearchSpace(max_depth=2, operations=(IDENTITY,)), 176),
    "low cells too": (
        SearchSpace(
            max_depth=2,
            min_height=1,
            add_branches=(2,),
            operations=(IDENTITY, SEP),
            start_edge=Operation.CONV_3X3,
            groups=1,
        ),
        253,
    ),
    # Three groups: concat of 2 is no choice at the root, concat of 3 is.
    "groups that 2 does not divide": (
        SearchSpace(
            max_depth=2, add_branches=(), concat_branches=(2, 3), operations=(IDENTITY,), groups=3
        ),
        66,
    ),
    # Chains of 1 to 3 edges, the first being the start edge: 3 + 9 without the start cell.
    "chains": (
        SearchSpace(add_branches=(), concat_branches=(), operations=(IDENTITY, CONV, SEP)),
        12,
    ),
    # f1 = 1 + 1 + 1, f2 = 1 + f1 + f1^2 = 13: 13 + 13^2 - 2.
    "three levels": (
        SearchSpace(add_branches=(2,), concat_branches=(), operations=(IDENTITY,)),
        180,
    ),
    "one level": (SearchSpace(max_depth=1, min_height=1, groups=1, concat_branches=(3,)), 3),
}
NAMES = pytest.mark.parametrize("name", SMALL)


@cache
def reachable(space: SearchSpace) -> set[Cell]:
    """Every cell that legal transformations make of the start cell."""
    found, waiting = {space.start_cell}, [space.start_cell]
    while waiting:
        cell = waiting.pop()
        new = {transformation.apply(cell) for transformation in space.legal(cell)} - found
        found |= new
        waiting += new
    return found


def every_growth(space: SearchSpace) -> Iterator[Growth]:
    """The growth of every sequence of choices."""
    waiting: list[tuple[int, ...]] = [()]
    while waiting:
        choices = waiting.pop()
        growing = grow(space)
        try:
            decision = next(growing)
            for choice in choices:
                decision = growing.send(choice)
        except StopIteration as end:
            yield end.value
            continue
        assert decision.options
        waiting += [(*choices, choice) for choice in range(len(decision.options))]


@NAMES
def test_size_is_what_counting_by_hand_gives(name: str) -> None:
    space, size = SMALL[name]
    assert space.size() == size


@NAMES
def test_size_is_the_number_of_cells_that_transformations_reach(name: str) -> None:
    space, _ = SMALL[name]
    complete = {cell for cell in reachable(space) if cell in space}
    assert space.size() == len(complete)
    assert space.size(canonical=True) == len({cell.digest for cell in complete})


@NAMES
def test_choices_lead_to_every_cell_once(name: str) -> None:
    space, _ = SMALL[name]
    grown = [growth.cell for growth in every_growth(space)]
    assert len(grown) == len(set(grown)) == space.size()
    assert set(grown) == {cell for cell in reachable(space) if cell in space}
    assert len({cell.canonical for cell in grown}) == space.size(canonical=True)


@NAMES
def test_every_growth_rebuilds_its_cell(name: str) -> None:
    space, _ = SMALL[name]
    for growth in every_growth(space):
        assert grow_cell(space.start_cell, growth.transformations) == growth.cell


@NAMES
def test_legal_transformations_stay_in_the_space_and_differ(name: str) -> None:
    space, _ = SMALL[name]
    for cell in reachable(space):
        children = [transformation.apply(cell) for transformation in space.legal(cell)]
        assert all(space.admits(child) for child in children)
        assert cell not in children
        assert len(set(space.legal(cell))) == len(children)


def test_the_papers_space_has_as_many_cells_as_method_says() -> None:
    space = SearchSpace()
    assert space.size() == 29_986_678_769_403_186_482_832_715_562_496
    assert space.size(canonical=True) == 3_609_253_142_367_276_352_699_296
    assert f"{space.size():.1e}" == "3.0e+31"
    assert f"{space.size(canonical=True):.1e}" == "3.6e+24"
