"""The start network to compare with: the same recipe, and as many parameters."""

import pytest

from search_engine.networks import build_empty, count_parameters
from search_engine.spec import (
    ChainNetConfig,
    CondenseNetConfig,
    DenseNetConfig,
    PyramidNetConfig,
    SkeletonConfig,
)
from search_engine.spec.errors import InvalidConfig
from search_engine.spec.final_presets import final_preset
from search_engine.spec.final_training import Weights
from search_engine.spec.library import TREE_CELL_A
from search_engine.spec.reference import baseline, match_parameters
from tests.search_engine.training.small_final import config


@pytest.mark.parametrize(
    "skeleton",
    [
        DenseNetConfig(blocks=2, growth=8),
        DenseNetConfig(blocks=16, growth=48),
        PyramidNetConfig(blocks=2, alpha=24),
        PyramidNetConfig(blocks=18, alpha=150),
        ChainNetConfig(groups=2),
        CondenseNetConfig(),
    ],
    ids=lambda skeleton: f"{skeleton.family}-{skeleton.blocks}",
)
def test_the_start_network_gets_as_many_parameters(skeleton: SkeletonConfig) -> None:
    target = skeleton.cost(TREE_CELL_A).parameters
    matched = match_parameters(skeleton, skeleton.start_cell, target)
    assert abs(matched.cost(matched.start_cell).parameters - target) <= 0.05 * target
    assert matched.layout()[-1].stage == skeleton.layout()[-1].stage
    assert len(matched.layout()) == len(skeleton.layout())


def test_a_size_that_no_width_has_is_refused() -> None:
    with pytest.raises(InvalidConfig, match="nearest of this depth has"):
        match_parameters(PyramidNetConfig(), PyramidNetConfig().start_cell, 1000)


def test_the_baseline_differs_in_its_cell_only() -> None:
    chosen = config(weights=Weights.GROWN)
    start = baseline(chosen)
    assert start.cell == chosen.skeleton.start_cell
    assert start.weights is Weights.SCRATCH
    assert (start.skeleton, start.recipe, start.data) == (
        chosen.skeleton,
        chosen.recipe,
        chosen.data,
    )


def test_an_equally_large_baseline_can_be_built() -> None:
    chosen = final_preset("digits")
    start = baseline(chosen, same_parameters=True)
    target = chosen.architecture.cost.parameters
    network = build_empty(start.architecture, device="meta")
    assert abs(count_parameters(network) - target) <= 0.05 * target
