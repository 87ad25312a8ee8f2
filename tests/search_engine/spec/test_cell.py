"""Cells as values: immutability, paths, canonical form, digest, limits."""

import os
import subprocess
import sys
from dataclasses import FrozenInstanceError

import pytest

from search_engine.spec import (
    LEAF,
    START_CELL,
    TREE_CELL_A,
    TREE_CELL_B,
    Allocation,
    Branch,
    Cell,
    Merge,
    Node,
    Operation,
    chain,
    parse_cell,
    start_cell,
)
from search_engine.spec.errors import InvalidArchitecture

TREE_CELL_A_AS_WRITTEN = """add[ G3x3 -> add[ conv1x1 -> concat/split[ avg3, sep7 ],
  max3 -> add[ sep3, sep5 ] ],
  G3x3 -> add[ sep5 -> add[ sep5, avg3, avg3 ], sep3 -> add[ avg3, sep3 ] ] ]"""
TREE_CELL_B_AS_WRITTEN = """add[ G3x3 -> add[ conv1x1 -> [ sep5 ], sep7 -> [ avg3 ] ],
  G3x3 -> add[ avg3 -> add[ sep7, conv1x1 ], sep7 -> [ avg3 ] ] ]"""
PINNED = {
    "tree-cell-a": (TREE_CELL_A, "b1318bf24470e0a7a144e8e5bd4456a0"),
    "tree-cell-b": (TREE_CELL_B, "b0ce4772ae28037093c8b545504ff2c2"),
    "start": (START_CELL, "a933fbb5c8a98db01de18b299ab6f427"),
}


def test_the_built_in_cells_are_those_of_method() -> None:
    assert parse_cell(TREE_CELL_A_AS_WRITTEN) == TREE_CELL_A
    assert parse_cell(TREE_CELL_B_AS_WRITTEN) == TREE_CELL_B


def test_start_cell_is_one_convolution_grouped_where_there_are_groups() -> None:
    assert start_cell(1) == Cell(chain(Operation.CONV_3X3))
    assert start_cell(2) == Cell(chain(Operation.GROUP_CONV_3X3))


def test_cells_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        TREE_CELL_A.root = LEAF  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        TREE_CELL_A.root.merge = Merge.CONCAT  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        TREE_CELL_A.root.branches[0].operation = Operation.IDENTITY  # type: ignore[misc]


def test_equal_cells_have_one_place_in_a_set() -> None:
    assert len({parse_cell(TREE_CELL_A_AS_WRITTEN), TREE_CELL_A, TREE_CELL_B}) == 2


def test_height_is_the_longest_way_down() -> None:
    cell = parse_cell("add[sep3, max3 -> [sep5 -> add[avg3, identity]], sep7 -> [sep3]]")
    assert (LEAF.height, START_CELL.height, cell.height) == (0, 1, 3)
    assert (TREE_CELL_A.height, TREE_CELL_B.height) == (3, 3)


def test_nodes_come_with_their_paths_depth_first() -> None:
    cell = parse_cell("add[sep3 -> [max3], avg3]")
    assert [path for path, _ in cell.nodes()] == [(), (0,), (0, 0), (1,)]
    operations = {path: branch.operation.symbol for path, branch in cell.branches()}
    assert operations == {(0,): "sep3", (0, 0): "max3", (1,): "avg3"}


def test_a_path_leads_to_its_node_and_branch() -> None:
    for path, node in TREE_CELL_A.nodes():
        assert TREE_CELL_A.node(path) == node
    for path, branch in TREE_CELL_A.branches():
        assert TREE_CELL_A.branch(path) == branch


@pytest.mark.parametrize("path", [(2,), (-1,), (0, 0, 0, 0), (0, -1)])
def test_a_path_to_nowhere_is_a_key_error(path: tuple[int, ...]) -> None:
    for ask in (TREE_CELL_A.node, TREE_CELL_A.branch):
        with pytest.raises(KeyError):
            ask(path)
    with pytest.raises(KeyError):
        TREE_CELL_A.with_node(path, LEAF)
    with pytest.raises(KeyError):
        TREE_CELL_A.with_branch(path, Branch(Operation.IDENTITY))


def test_no_branch_is_above_the_root() -> None:
    with pytest.raises(KeyError):
        TREE_CELL_A.branch(())


def test_replacing_a_node_or_branch_gives_another_cell() -> None:
    cell = parse_cell("add[sep3 -> [max3], avg3]")
    before = parse_cell("add[sep3 -> [max3], avg3]")
    assert cell.with_node((0,), LEAF) == parse_cell("add[sep3, avg3]")
    changed = cell.with_branch((0, 0), Branch(Operation.CONV_1X1))
    assert changed == parse_cell("add[sep3 -> [conv1x1], avg3]")
    assert cell == before


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("add[sep3, max3]", "add[max3, sep3]"),
        ("[sep3 -> add[max3, avg3, avg3]]", "[sep3 -> add[avg3, max3, avg3]]"),
        ("add[sep3 -> add[avg3, max3], sep3]", "add[sep3, sep3 -> add[max3, avg3]]"),
    ],
)
def test_branches_under_add_are_unordered(one: str, other: str) -> None:
    first, second = parse_cell(one), parse_cell(other)
    assert first != second
    assert first.canonical == second.canonical
    assert first.digest == second.digest


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("concat/replicate[sep3, conv1x1]", "concat/replicate[conv1x1, sep3]"),
        ("concat/split[sep3, max3]", "concat/split[max3, sep3]"),
        ("concat/split[sep3, sep3]", "concat/replicate[sep3, sep3]"),
        ("add[sep3, sep3]", "add[sep3, sep3, sep3]"),
        ("[sep3 -> [sep3]]", "add[sep3, sep3]"),
        ("add[sep3 -> [max3], avg3]", "add[sep3, avg3 -> [max3]]"),
    ],
)
def test_what_differs_otherwise_is_another_cell(one: str, other: str) -> None:
    assert parse_cell(one).digest != parse_cell(other).digest


@pytest.mark.parametrize("name", PINNED)
def test_the_canonical_form_stays_as_it_was_stored(name: str) -> None:
    cell, digest = PINNED[name]
    assert cell.digest == digest


@pytest.mark.parametrize("hash_seed", ["0", "1", "4242"])
def test_the_digest_is_the_same_in_every_process(hash_seed: str) -> None:
    code = "from search_engine import TREE_CELL_A; print(TREE_CELL_A.digest)"
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == PINNED["tree-cell-a"][1]


def leaves(count: int) -> tuple[Branch, ...]:
    return (Branch(Operation.IDENTITY),) * count


def full(height: int, width: int) -> Node:
    """One node object in many places: `width ** height` leaves."""
    node = LEAF
    for _ in range(height):
        node = Node((Branch(Operation.IDENTITY, node),) * width, Merge.ADD)
    return node


@pytest.mark.parametrize(
    ("root", "place", "reason"),
    [
        (LEAF, "root", "expected at least one branch, got a leaf"),
        (Node(leaves(2)), "root", "expected merge add or concat for 2 branches"),
        (Node(leaves(1), Merge.CONCAT), "root", "at least 2 branches under concat, got 1"),
        (Node((), Merge.ADD), "root", "expected at least one branch, got a leaf"),
        (Node(leaves(9), Merge.ADD), "root", "expected at most 8 branches, got 9"),
        (Node(leaves(2), Merge.ADD, Allocation.SPLIT), "root", "does not go with merge add"),
        (Node(leaves(1), Merge.NONE, Allocation.SPLIT), "root", "does not go with merge none"),
        (chain(*[Operation.IDENTITY] * 9), "root" + ".branches[0].node" * 9, "at most 8 edges"),
        (chain(*[Operation.IDENTITY] * 5000), "root" + ".branches[0].node" * 9, "at most 8"),
        (full(2, 8), "", ""),
        (full(3, 8), "root", "expected at most 256 edges in all"),
        (full(8, 8), "root", "expected at most 256 edges in all"),
        (
            Node((*leaves(1), Branch(Operation.IDENTITY, Node(leaves(3)))), Merge.ADD),
            "root.branches[1].node",
            "expected merge add or concat for 3 branches",
        ),
    ],
)
def test_a_tree_that_breaks_a_rule_is_refused_at_its_node(
    root: Node, place: str, reason: str
) -> None:
    if not place:
        Cell(root)
        return
    with pytest.raises(InvalidArchitecture) as caught:
        Cell(root)
    assert caught.value.place == place
    assert reason in caught.value.reason


def test_the_largest_cells_are_admitted() -> None:
    assert Cell(chain(*[Operation.IDENTITY] * 8)).height == 8
    twos = Node((Branch(Operation.MAX_POOL_3X3, full(6, 2)),) * 2, Merge.ADD)  # 2 + 4 + … + 128
    chained = Node((Branch(Operation.IDENTITY, twos),))
    assert len(list(Cell(chained).branches())) == 255
