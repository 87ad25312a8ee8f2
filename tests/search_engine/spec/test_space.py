"""The search space: its limits, its JSON, what it admits."""

import json
from dataclasses import replace
from typing import Any

import pytest

from search_engine.spec import (
    START_CELL,
    TREE_CELL_A,
    TREE_CELL_B,
    Cell,
    Merge,
    MergeOption,
    Operation,
    SearchSpace,
    parse_cell,
)
from search_engine.spec.errors import InvalidConfig
from tests.strategies import SPACES


@pytest.mark.parametrize("cell", [TREE_CELL_A, TREE_CELL_B])
def test_a_space_with_room_for_a_cell_admits_it_and_is_no_larger_than_that_takes(
    cell: Cell,
) -> None:
    small = SearchSpace(
        max_depth=2, add_branches=(2,), concat_branches=(), operations=(Operation.IDENTITY,)
    )
    assert not small.admits(cell)
    large = small.with_room_for(cell)
    assert cell in large
    assert large.max_depth == cell.height and large.with_room_for(cell) == large


def test_no_space_has_room_for_a_cell_that_did_not_grow_from_its_start_cell() -> None:
    with pytest.raises(InvalidConfig, match="start_cell"):
        SearchSpace(start_edge=Operation.CONV_3X3).with_room_for(TREE_CELL_A)


def test_the_defaults_are_those_of_the_paper() -> None:
    space = SearchSpace()
    assert [operation.symbol for operation in space.operations] == [
        *("identity", "conv1x1", "sep3", "sep5", "sep7", "avg3", "max3")
    ]
    assert (space.max_depth, space.add_branches, space.concat_branches) == (3, (2, 3), (2,))


def test_the_papers_cells_are_in_it() -> None:
    assert TREE_CELL_A in SearchSpace()
    assert TREE_CELL_B in SearchSpace()


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("max_depth", 0, "expected a whole number 1 to 6, got 0"),
        ("max_depth", 7, "expected a whole number 1 to 6, got 7"),
        ("max_depth", 5, "expected cells of at most 256 edges, got up to 363"),
        ("min_height", 0, "expected a whole number 1 to 2, got 0"),
        ("min_height", 3, "expected a whole number 1 to 2, got 3"),
        ("add_branches", (1,), "add_branches.0: expected a whole number 2 to 8, got 1"),
        ("add_branches", (9,), "expected a whole number 2 to 8"),
        ("add_branches", (2, 2), "expected each once, got 2, 2"),
        ("concat_branches", (0,), "expected a whole number 2 to 8"),
        ("concat_branches", (3, 3), "expected each once"),
        ("operations", (), "expected at least 1, got 0"),
        ("operations", (Operation.IDENTITY,) * 2, "expected each once, got identity, identity"),
        ("start_edge", Operation.IDENTITY, "expected a convolution, got identity"),
        ("start_edge", Operation.MAX_POOL_3X3, "expected a convolution"),
        ("groups", 0, "expected a whole number 1 or more, got 0"),
    ],
)
def test_a_setting_outside_its_limits_is_refused(field: str, value: Any, reason: str) -> None:
    with pytest.raises(InvalidConfig, match=reason) as caught:
        replace(SearchSpace(), **{field: value})
    assert caught.value.field.startswith(f"search_space.{field}")


def test_min_height_cannot_be_above_max_depth() -> None:
    with pytest.raises(InvalidConfig, match="min_height"):
        SearchSpace(max_depth=1, min_height=2)


def test_the_largest_spaces_have_cells_within_the_limit_of_edges() -> None:
    assert SearchSpace(max_depth=6, add_branches=(2,)).max_depth == 6  # 2 + 4 + … + 64 = 126
    with pytest.raises(InvalidConfig, match=r"max_depth: .* got up to 584"):
        SearchSpace(add_branches=(8,))  # 8 + 64 + 512


@pytest.mark.parametrize("space", SPACES)
def test_json_reads_back(space: SearchSpace) -> None:
    document = space.to_json()
    assert SearchSpace.from_json(json.loads(json.dumps(document))) == space
    assert json.loads(json.dumps(document)) == document


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 2}, "search_space.version: expected 1, got 2"),
        (
            {"max_depth": "3"},
            "search_space.max_depth: expected a whole number 1 to 6, got a string '3'",
        ),
        ({"max_depth": True}, "search_space.max_depth: expected a whole number 1 to 6, got true"),
        ({"groups": None}, "search_space.groups: expected a whole number 1 or more, got null"),
        ({"add_branches": 2}, "search_space.add_branches: expected an array, got 2"),
        ({"add_branches": [2, 2.5]}, "search_space.add_branches.1: expected a whole number"),
        ({"operations": ["sep9"]}, "search_space.operations.0: expected one of identity"),
        ({"start_edge": "pool"}, "search_space.start_edge: expected one of identity"),
        ({"max_depth": 9}, "max_depth: expected a whole number 1 to 6, got 9"),
        ({"depth": 3}, "search_space: unknown field 'depth'"),
    ],
)
def test_malformed_json_names_the_field(change: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidConfig) as caught:
        SearchSpace.from_json(SearchSpace().to_json() | change)
    assert message in str(caught.value)


@pytest.mark.parametrize("field", SearchSpace().to_json())
def test_no_field_may_be_missing(field: str) -> None:
    document = SearchSpace().to_json()
    del document[field]
    with pytest.raises(InvalidConfig, match=f"search_space: '{field}' is missing"):
        SearchSpace.from_json(document)


def test_concat_at_a_grouped_root_divides_the_groups() -> None:
    space = SearchSpace(groups=6, concat_branches=(2, 3, 4), add_branches=(2,))
    single, add = MergeOption(Merge.NONE, 1), MergeOption(Merge.ADD, 2)
    two, three, four = (MergeOption(Merge.CONCAT, count) for count in (2, 3, 4))
    assert space.merge_options(()) == (single, add, two, three)
    assert space.merge_options((0,)) == (single, add, two, three, four)
    dense = replace(space, start_edge=Operation.CONV_3X3)
    assert dense.merge_options(()) == (single, add, two, three, four)


@pytest.mark.parametrize(
    ("notation", "admitted", "complete"),
    [
        ("[G3x3]", True, False),
        ("[G3x3 -> [identity]]", True, True),
        ("[G3x3 -> [conv3x3]]", False, False),
        ("[conv3x3 -> [identity]]", False, False),
        ("[G3x3 -> add[sep3, sep3, sep3, sep3]]", False, False),
        ("[G3x3 -> concat/replicate[sep3, sep3]]", False, False),
        ("[G3x3 -> concat/split[sep3, sep3]]", True, True),
        ("concat/replicate[G3x3, G3x3 -> [sep3]]", False, False),
        ("concat/split[G3x3, G3x3 -> [sep3]]", True, True),
        ("[G3x3 -> [sep3 -> [sep3]]]", True, True),
        ("[G3x3 -> [sep3 -> [sep3 -> [sep3]]]]", False, False),
    ],
)
def test_what_the_space_admits(notation: str, admitted: bool, complete: bool) -> None:
    cell = parse_cell(notation)
    assert SearchSpace().admits(cell) is admitted
    assert (cell in SearchSpace()) is complete


def test_the_identity_is_only_on_the_way_where_it_may_not_stay() -> None:
    space = SearchSpace(operations=(Operation.SEP_CONV_3X3,))
    under_way = parse_cell("[G3x3 -> [identity]]")
    assert space.admits(under_way)
    assert under_way not in space


def test_only_cells_are_in_a_space() -> None:
    assert "[G3x3 -> [sep3]]" not in SearchSpace()
    assert START_CELL not in SearchSpace()
