"""The paper's final trainings: sizes, recipe, schedule, and that they train."""

from dataclasses import replace
from pathlib import Path

import pytest

from search_engine.checkpoint import load_checkpoint
from search_engine.networks import build_empty, count_parameters
from search_engine.spec import PyramidNetConfig
from search_engine.spec.final_presets import FINAL_PRESETS, final_preset
from search_engine.spec.library import TREE_CELL_A, TREE_CELL_B
from search_engine.training.final_training import train_final
from search_engine.training.schedule import learning_rate
from tests.search_engine.training.small_final import dataset

PAPER = [name for name in FINAL_PRESETS if name.startswith("paper-pyramidnet")]


@pytest.mark.parametrize("name", PAPER)
def test_the_papers_settings(name: str) -> None:
    config = final_preset(name)
    skeleton, recipe = config.skeleton, config.recipe
    assert isinstance(skeleton, PyramidNetConfig)
    assert name == f"paper-pyramidnet-{skeleton.alpha}-{recipe.epochs}"
    assert (skeleton.blocks, skeleton.groups, config.cell) == (18, 2, TREE_CELL_A)
    assert (recipe.batch_size, recipe.momentum, recipe.weight_decay) == (64, 0.9, 1e-4)
    assert (config.data.name, config.data.validation) == ("cifar10", 0)
    regularised = recipe.epochs == 600
    assert (skeleton.drop_path > 0) is regularised
    assert config.cutout == (16 if regularised else 0)


@pytest.mark.parametrize("name", PAPER)
def test_the_learning_rate_falls_along_a_cosine(name: str) -> None:
    recipe = final_preset(name).recipe
    assert learning_rate(recipe, 0.0) == 0.1
    assert learning_rate(recipe, 0.5) == pytest.approx(0.05)
    assert learning_rate(recipe, 1.0) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("paper-pyramidnet-84-600", 5_724_330), ("paper-pyramidnet-150-600", 14_273_454)],
)
def test_the_published_sizes(name: str, parameters: int) -> None:
    architecture = final_preset(name).architecture
    assert architecture.cost.parameters == parameters
    assert count_parameters(build_empty(architecture, device="meta")) == parameters


def test_imagenet_in_the_mobile_setting_is_of_the_published_size() -> None:
    config = final_preset("paper-imagenet-mobile")
    assert config.cell == TREE_CELL_B
    assert config.architecture.cost.multiply_adds == pytest.approx(594e6, rel=0.001)


@pytest.mark.thorough
def test_the_papers_network_trains_for_two_epochs(tmp_path: Path) -> None:
    images = dataset(6, classes=3, image=(3, 32, 32))
    config = final_preset("paper-pyramidnet-84-600")
    config = replace(
        config,
        skeleton=replace(config.skeleton, classes=3),
        recipe=replace(config.recipe, epochs=2, batch_size=5, learning_rate=0.01),
    )
    result = train_final(config, tmp_path, dataset=images)
    assert [epoch.epoch for epoch in result.curve] == [1, 2]
    assert result.test_images == 1
    assert load_checkpoint(tmp_path).architecture.skeleton.drop_path > 0
