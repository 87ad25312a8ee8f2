"""Packing: nothing twice, nothing before what it reads."""

from search_engine.controller import Forest
from search_engine.spec import TREE_CELL_A, TREE_CELL_B, parse_cell


def steps(forest: Forest) -> int:
    return sum(len(batch.tokens) for level in forest.pack() for batch in level)


def enter_all(forest: Forest) -> None:
    for cell in (TREE_CELL_A, TREE_CELL_B):
        for path, _ in cell.nodes():
            forest.place(cell, path)


def test_what_is_packed_already_is_not_taken_again() -> None:
    forest = Forest()
    enter_all(forest)
    assert steps(forest) > 0
    enter_all(forest)
    assert steps(forest) == 0


def test_only_what_a_place_needs_is_entered() -> None:
    forest = Forest()
    forest.place(parse_cell("add[conv1x1 -> [max3 -> [avg3]], sep3]"), (1,))
    # Upward three edges of the sibling and the own one; downward past the sibling, then the edge.
    assert steps(forest) == 4 + 2


def test_equal_subtrees_are_one_step() -> None:
    forest = Forest()
    forest.place(parse_cell("add[sep3 -> [max3], sep3 -> [max3]]"), ())
    # max3, sep3 above it, the add node.
    assert steps(forest) == 3


def test_an_edge_not_decided_yet_is_another_step_than_the_identity() -> None:
    forest, cell = Forest(), parse_cell("[conv3x3 -> [identity]]")
    assert forest.place(cell, (0, 0), [(0, 0)]) != forest.place(cell, (0, 0))


def test_undecided_edges_anywhere_in_the_tree_are_seen_from_the_root() -> None:
    forest, cell = Forest(), parse_cell("add[conv3x3 -> [identity -> [identity]], conv3x3]")
    tops = {forest.place(cell, (), undecided).upward for undecided in ([], [(0, 0)], [(0, 0, 0)])}
    assert len(tops) == 3


def test_steps_that_read_only_packed_ones_are_taken_at_once() -> None:
    forest = Forest()
    forest.place(parse_cell("[conv3x3 -> [max3 -> [avg3]]]"), (0, 0, 0))
    forest.pack()
    # The edge downward stands on two packed ones, however deep these are.
    forest.place(parse_cell("[conv3x3 -> [max3 -> [sep3]]]"), (0, 0, 0))
    assert len(forest.pack()) == 1


def test_batches_read_only_rows_of_earlier_levels() -> None:
    forest, rows = Forest(), 1
    enter_all(forest)
    for level in forest.pack():
        assert all(int(batch.sources.max()) < rows for batch in level)
        rows += sum(len(batch.tokens) for batch in level)
