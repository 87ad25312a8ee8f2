"""Whether a cell, and its weights, can go into another network."""

import random
from dataclasses import replace
from functools import reduce

import pytest

from search_engine.spec import (
    Architecture,
    ChainNetConfig,
    Deepen,
    DenseNetConfig,
    PyramidNetConfig,
    SkeletonConfig,
    Widen,
    parse_cell,
)
from search_engine.spec.errors import InvalidConfig
from search_engine.spec.placement import growth_plan, placed
from tests.growing import FAMILIES, random_transformations, small_skeleton

FOUND = parse_cell("add[G3x3, G3x3 -> [sep3]]")
DENSE = DenseNetConfig(blocks=1, growth=8)
LAYER = "stage1_block1.bottleneck"


@pytest.mark.parametrize("family", FAMILIES)
def test_a_cell_found_on_one_family_goes_into_every_other(family: str) -> None:
    skeleton = replace(small_skeleton(family), groups=2)
    assert placed(FOUND, skeleton) == Architecture(skeleton, FOUND)


def test_a_grouped_cell_needs_groups() -> None:
    with pytest.raises(InvalidConfig, match="expected a skeleton with groups of 2 or more"):
        placed(FOUND, ChainNetConfig(groups=1))


def test_widths_that_cannot_be_divided_are_named() -> None:
    split = parse_cell("concat/split[G3x3, G3x3 -> concat/split[avg3, sep3]]")
    with pytest.raises(InvalidConfig, match=r"^cell: .*divide 1 channels among 2 branches"):
        placed(split, DenseNetConfig(growth=2, groups=2))


def test_the_same_network_needs_no_growth() -> None:
    found = Architecture(DENSE, FOUND)
    assert growth_plan(found, Architecture(replace(DENSE, drop_path=0.3), FOUND)) == ()


def test_wider_and_deeper_layers_are_reached_by_transformations() -> None:
    wanted = DENSE.with_width(LAYER, 40).with_extra_layer(LAYER)
    plan = growth_plan(Architecture(DENSE, FOUND), Architecture(wanted, FOUND))
    assert plan == (Widen(LAYER, 40), Deepen(LAYER))


@pytest.mark.parametrize(
    ("skeleton", "reason"),
    [
        (replace(DENSE, blocks=2), "blocks: the trial's network has 1, not 2"),
        (replace(DENSE, growth=16), "growth"),
        (PyramidNetConfig(), "is a densenet, not a pyramidnet"),
        (DENSE.with_width(LAYER, 16), "would become smaller"),
    ],
)
def test_weights_that_cannot_go_there_are_refused(skeleton: SkeletonConfig, reason: str) -> None:
    with pytest.raises(InvalidConfig, match=reason) as raised:
        growth_plan(Architecture(DENSE, FOUND), Architecture(skeleton, FOUND))
    assert raised.value.field == "weights"


def test_weights_of_another_cell_are_refused() -> None:
    other = parse_cell("add[G3x3, G3x3 -> [sep5]]")
    with pytest.raises(InvalidConfig, match="the cell is another"):
        growth_plan(Architecture(DENSE, other), Architecture(DENSE, FOUND))
    with pytest.raises(InvalidConfig, match="no transformation makes this cell"):
        growth_plan(Architecture.start(DENSE), Architecture(DENSE, parse_cell("[sep3]")))


@pytest.mark.parametrize("seed", range(8))
def test_every_cell_grows_from_the_start_cell(seed: int) -> None:
    rng = random.Random(seed)
    start = Architecture.start(replace(DENSE, growth=16))
    steps = random_transformations(start, rng, 12, layers=False)
    wanted = reduce(Architecture.after, steps, start)
    assert reduce(Architecture.after, growth_plan(start, wanted), start) == wanted


def test_a_split_among_equal_operations_is_that_of_their_edge_or_of_the_identity() -> None:
    start = Architecture.start(replace(DENSE, growth=16))
    for text in ("[G3x3 -> concat/replicate[sep3, sep3]]", "[G3x3 -> concat/split[sep3, sep3]]"):
        wanted = Architecture(start.skeleton, parse_cell(text))
        assert reduce(Architecture.after, growth_plan(start, wanted), start) == wanted
