"""The batched encoder computes what the tree-LSTM's equations say, and has their symmetries."""

import random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from search_engine.controller import Forest, TreeEncoder
from search_engine.spec import (
    Cell,
    Decision,
    Path,
    SearchSpace,
    complete,
    grow,
    parse_cell,
)
from tests.search_engine.controller.reference import ReferenceEncoder
from tests.search_engine.controller.spaces import generator, small_controller

WIDE = SearchSpace(add_branches=(2, 4), concat_branches=(2, 3), groups=6)
ENCODER = small_controller(WIDE).encoder
EXACT = 1e-10


def partial_cells(seed: int) -> list[Decision]:
    """A cell of the space at each of its decisions."""
    rng = random.Random(seed)
    seen: list[Decision] = []

    def choose(decision: Decision) -> int:
        seen.append(decision)
        return rng.randrange(len(decision.options))

    complete(grow(WIDE), choose)
    return seen


def codes(*cells: Cell, undecided: frozenset[Path] = frozenset()) -> dict[tuple[int, Path], Tensor]:
    """Codes of every node of the cells, by cell and path."""
    forest = Forest()
    names = [(index, path) for index, cell in enumerate(cells) for path, _ in cell.nodes()]
    places = [forest.place(cells[index], path, undecided) for index, path in names]
    return dict(zip(names, ENCODER(forest, places), strict=True))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6))
def test_every_code_equals_the_recursive_reference(seed: int) -> None:
    for decision in partial_cells(seed)[::5]:
        reference = ReferenceEncoder(ENCODER, decision.cell, decision.undecided)
        for (_, path), code in codes(decision.cell, undecided=decision.undecided).items():
            torch.testing.assert_close(code, reference.code(path), rtol=0, atol=EXACT)


def test_cells_of_a_batch_do_not_influence_each_other() -> None:
    cells = [partial_cells(seed)[-1].cell for seed in range(6)]
    together = codes(*cells)
    for index, cell in enumerate(cells):
        for (_, path), code in codes(cell).items():
            torch.testing.assert_close(together[index, path], code, rtol=0, atol=EXACT)


def test_a_forest_grown_in_parts_gives_the_codes_of_one_packed_at_once() -> None:
    decisions = partial_cells(3)
    forest, states = Forest(), ENCODER.no_states()
    for decision in decisions:
        place = forest.place(decision.cell, decision.path, decision.undecided)
        states = ENCODER.extend(states, forest.pack())
    code = ENCODER.codes(states, forest, [place])[0]
    reference = ReferenceEncoder(ENCODER, decisions[-1].cell, decisions[-1].undecided)
    torch.testing.assert_close(code, reference.code(decisions[-1].path), rtol=0, atol=EXACT)


BRANCHES = ("sep3 -> add[max3, avg3]", "max3", "conv1x1")


def test_branches_of_an_add_node_may_change_places() -> None:
    a, b, c = BRANCHES
    one, other = (parse_cell(f"add[{', '.join(order)}]") for order in ((a, b, c), (c, a, b)))
    before, after = codes(one), codes(other)
    for path, moved in {(): (), (0,): (1,), (1,): (2,), (2,): (0,), (0, 1): (1, 1)}.items():
        torch.testing.assert_close(before[0, path], after[0, moved], rtol=0, atol=EXACT)


@pytest.mark.parametrize("allocation", ["split", "replicate"])
def test_branches_of_a_concat_node_may_not(allocation: str) -> None:
    a, b, _ = BRANCHES
    one, other = (parse_cell(f"concat/{allocation}[{x}, {y}]") for x, y in ((a, b), (b, a)))
    before, after = codes(one), codes(other)
    for path, moved in {(): (), (0,): (1,), (1,): (0,)}.items():
        assert (before[0, path] - after[0, moved]).abs().max() > 1e-3


def test_a_code_knows_its_siblings_and_its_ancestors_but_not_itself_from_above() -> None:
    cells = [
        parse_cell(f"add[sep3 -> [{x}], {y}]") for x, y in (("max3", "avg3"), ("avg3", "sep5"))
    ]
    found = codes(cells[0], cells[1])
    half = ENCODER.hidden
    assert not torch.equal(found[0, (0, 0)][half:], found[1, (0, 0)][half:])
    same = codes(parse_cell("add[sep3 -> [max3], avg3]"), parse_cell("add[sep3 -> [sep7], avg3]"))
    torch.testing.assert_close(same[0, (0,)][half:], same[1, (0,)][half:], rtol=0, atol=EXACT)


def test_first_values_are_orthogonal_and_come_from_the_generator_alone() -> None:
    state = torch.random.get_rng_state()
    encoders = [TreeEncoder(hidden=8, embedding=4) for _ in range(2)]
    for encoder in encoders:
        encoder.initialize(generator(5))
    assert torch.equal(torch.random.get_rng_state(), state)
    forget = encoders[0].upward.sum_forget.weight
    torch.testing.assert_close(forget @ forget.T, torch.eye(8), rtol=0, atol=1e-5)
    assert encoders[0].edges.weight.abs().max() <= 0.1
    for one, other in zip(encoders[0].parameters(), encoders[1].parameters(), strict=True):
        assert torch.equal(one, other)
