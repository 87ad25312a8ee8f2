"""The policy: its size, its distribution over cells, and that going through it again is exact."""

import math

import pytest
import torch
from torch import nn

from search_engine.controller import Controller, replay
from search_engine.spec import SearchSpace
from search_engine.spec.errors import InvalidConfig
from tests.search_engine.controller.reference import reference_log_probability
from tests.search_engine.controller.spaces import (
    MIXED,
    PAPER,
    TINY,
    every_growth,
    generator,
    small_controller,
)


def parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_sizes_are_the_paper_s() -> None:
    controller = Controller(PAPER, generator=generator())
    assert parameters(controller) == 927_053
    assert parameters(controller.encoder) == 518_540
    # Merge: two MLPs, (200 x 500 + 500) + (500 x 3 + 3) for none, add, concat, and
    # (200 x 500 + 500) + (500 x 2 + 2) for 2 or 3 branches of add; concat has no choice.
    assert parameters(controller.merge) == 203_505
    assert parameters(controller.expand) == 101_001
    assert parameters(controller.operation) == 104_007


@pytest.mark.parametrize(("space", "cells"), [(TINY, 54), (MIXED, 180)])
def test_probabilities_of_all_cells_sum_to_one(space: SearchSpace, cells: int) -> None:
    growths = list(every_growth(space))
    assert len(growths) == cells == space.size()
    log_p, _ = small_controller(space).log_probabilities(growths)
    assert log_p.exp().sum().item() == pytest.approx(1, abs=1e-12)


def test_no_complete_cell_is_lower_than_the_space_allows() -> None:
    assert all(replay(TINY, growth).growth.cell.height >= 2 for growth in every_growth(TINY))
    cells = Controller(PAPER, generator=generator()).sample(50, generator())
    assert all(cell.growth.cell in PAPER for cell in cells)


def test_cells_are_drawn_as_often_as_their_probability_says() -> None:
    controller, growths = small_controller(TINY), list(every_growth(TINY))
    p = controller.log_probabilities(growths)[0].exp().detach()
    drawn = [growths.index(cell.choices) for cell in controller.sample(1000, generator(7))]
    counts = torch.bincount(torch.tensor(drawn), minlength=len(growths))
    # Chi-squared with 53 degrees of freedom: mean 53, deviation sqrt(106); few cells are rare.
    assert ((counts - 1000 * p) ** 2 / (1000 * p)).sum() < 53 + 5 * math.sqrt(106)


@pytest.mark.parametrize("space", [TINY, MIXED, PAPER, SearchSpace(concat_branches=(2, 3))])
def test_going_through_it_again_equals_sampling_and_the_reference(space: SearchSpace) -> None:
    controller = small_controller(space)
    cells = controller.sample(6, generator(3))
    log_p, entropy = controller.log_probabilities([cell.choices for cell in cells])
    for index, cell in enumerate(cells):
        reference, reference_entropy = reference_log_probability(controller, cell.choices)
        assert log_p[index].item() == pytest.approx(cell.log_probability, abs=1e-10)
        assert log_p[index].item() == pytest.approx(reference.item(), abs=1e-10)
        assert entropy[index].item() == pytest.approx(reference_entropy.item(), abs=1e-10)


def test_gradients_equal_those_of_the_reference() -> None:
    controller = small_controller(MIXED)
    records = [cell.choices for cell in controller.sample(4, generator(3))]
    slow = torch.stack([reference_log_probability(controller, record)[0] for record in records])
    fast, _ = controller.log_probabilities(records)
    weights = list(controller.parameters())
    gradients = [
        torch.autograd.grad(log_p.sum(), weights, materialize_grads=True) for log_p in (fast, slow)
    ]
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-10)


def test_log_probability_of_a_growth_by_hand() -> None:
    controller = small_controller(TINY)
    with torch.no_grad():
        for parameter in controller.parameters():
            parameter.zero_()
        controller.expand.output.bias.fill_(math.log(3))
    # Root none of {none, add}, the only leaf must be expanded; node none of {none, add}; one of two
    # operations. Heads are constant: none against add is even, since concat is not in the space.
    log_p, entropy = controller.log_probabilities([(0, 0, 0, 1)])
    assert log_p.item() == pytest.approx(3 * math.log(1 / 2))
    assert entropy.item() == pytest.approx(3 * math.log(2))
    # Root add; expand of the first leaf is no (1/4); the second must be.
    log_p, _ = controller.log_probabilities([(1, 0, 0, 0, 1)])
    assert log_p.item() == pytest.approx(math.log(1 / 2 * 1 / 4 * 1 / 2 * 1 / 2))


def test_the_same_generator_gives_the_same_cells_and_no_other_is_touched() -> None:
    before = torch.random.get_rng_state()
    runs = [Controller(PAPER, generator=generator(1)).sample(10, generator(2)) for _ in range(2)]
    assert runs[0] == runs[1]
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize("choices", [(), (0, 0, 0), (0, 0, 0, 1, 0), (0, 1, 0, 0), (-1, 0, 0, 1)])
def test_choices_that_grow_no_cell_are_refused(choices: tuple[int, ...]) -> None:
    with pytest.raises(InvalidConfig, match="choices"):
        replay(TINY, choices)


@pytest.mark.parametrize("groups", [1, 2])
def test_a_merge_that_the_root_cannot_have_has_probability_zero(groups: int) -> None:
    space = SearchSpace(max_depth=1, min_height=1, groups=groups)
    growths = list(every_growth(space))
    assert len(growths) == 4 - (groups == 1)
    log_p, _ = small_controller(space).log_probabilities(growths)
    assert log_p.exp().sum().item() == pytest.approx(1, abs=1e-12)
