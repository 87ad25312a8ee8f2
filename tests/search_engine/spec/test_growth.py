"""Growing a cell decision by decision."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_engine.spec import (
    Decision,
    DecisionKind,
    Merge,
    Operation,
    SearchSpace,
    complete,
    format_cell,
    grow,
    grow_cell,
    sample,
)
from tests.strategies import SPACES

MERGE, OPERATION, EXPAND = DecisionKind.MERGE, DecisionKind.OPERATION, DecisionKind.EXPAND


@given(st.sampled_from(SPACES), st.integers(0, 2**32))
def test_a_sampled_cell_is_in_its_space_and_can_be_rebuilt(space: SearchSpace, seed: int) -> None:
    growth = sample(space, random.Random(seed))
    assert growth.cell in space
    assert space.min_height <= growth.cell.height <= space.max_depth
    assert grow_cell(space.start_cell, growth.transformations) == growth.cell


@given(st.sampled_from(SPACES), st.randoms(use_true_random=False))
def test_every_decision_is_about_the_cell_as_it_stands(
    space: SearchSpace, rng: random.Random
) -> None:
    def choose(decision: Decision) -> int:
        assert decision.options
        branches = dict(decision.cell.branches())
        assert all(branches[path].operation is Operation.IDENTITY for path in decision.undecided)
        assert (decision.path in decision.undecided) == (decision.kind is OPERATION)
        node = decision.cell.node(decision.path)
        assert node.is_leaf != (decision.kind is MERGE)
        return rng.randrange(len(decision.options))

    complete(grow(space), choose)


def test_the_same_seed_grows_the_same_cell() -> None:
    one, other = (sample(SearchSpace(), random.Random(7)) for _ in range(2))
    assert one == other


def test_every_step_is_a_legal_transformation() -> None:
    for seed in range(30):
        growth = sample(SearchSpace(), random.Random(seed))
        cell = SearchSpace().start_cell
        for transformation in growth.transformations:
            assert transformation in SearchSpace().legal(cell)
            cell = transformation.apply(cell)


def test_decisions_come_depth_first_in_the_order_of_method() -> None:
    asked: list[tuple[DecisionKind, tuple[int, ...], str]] = []
    answers = iter([2, 1, 1, 1, 6, 0])  # an index of each decision's options

    def choose(decision: Decision) -> int:
        asked.append((decision.kind, decision.path, format_cell(decision.cell)))
        return next(answers)

    space = SearchSpace(max_depth=2, add_branches=(2,), concat_branches=(2,))
    complete(grow(space), choose)
    split = "concat/split"
    assert asked == [
        (MERGE, (), "[G3x3]"),
        (EXPAND, (0,), f"{split}[G3x3, G3x3]"),
        (MERGE, (0,), f"{split}[G3x3 -> [identity], G3x3]"),
        (OPERATION, (0, 0), f"{split}[G3x3 -> add[identity, identity], G3x3]"),
        (OPERATION, (0, 1), f"{split}[G3x3 -> add[conv1x1, identity], G3x3]"),
        (EXPAND, (1,), f"{split}[G3x3 -> add[conv1x1, max3], G3x3]"),
    ]


@pytest.mark.parametrize("branches", [0, 1])
def test_the_last_chance_to_become_high_enough_must_be_taken(branches: int) -> None:
    offered: list[tuple[object, ...]] = []

    def refuse(decision: Decision) -> int:
        if decision.kind is EXPAND:
            offered.append(decision.options)
        return branches if decision.kind is MERGE and not decision.path else 0

    growth = complete(grow(SearchSpace(max_depth=2)), refuse)
    assert growth.cell.height == 2
    assert offered == [(False, True)] * branches + [(True,)]


def test_a_space_of_low_cells_may_stop_at_the_start_cell() -> None:
    space = SearchSpace(min_height=1)
    growth = complete(grow(space), lambda decision: 0)
    assert (growth.cell, growth.transformations) == (space.start_cell, ())


def test_sampling_takes_every_option_of_a_decision_equally_often() -> None:
    rng = random.Random(0)
    merges = Counter(sample(SearchSpace(), rng).cell.root.merge for _ in range(2000))
    # none, add of 2, add of 3, concat of 2: 500 each; 5 standard deviations are 97.
    assert abs(merges[Merge.ADD] - 1000) < 112
    assert abs(merges[Merge.NONE] - 500) < 97
    assert abs(merges[Merge.CONCAT] - 500) < 97
