"""Settings of a final training: JSON and back, and what is refused."""

import json
from dataclasses import replace
from typing import Any

import pytest

from search_engine.spec import (
    AdoptedConfig,
    Cost,
    PyramidNetConfig,
    Site,
    Source,
    parse_cell,
)
from search_engine.spec.errors import InvalidConfig
from search_engine.spec.final_presets import FINAL_PRESETS, final_preset
from search_engine.spec.final_training import FinalTrainingConfig, Weights
from search_engine.spec.skeletons import Classifier
from tests.search_engine.training.small_final import config


@pytest.mark.parametrize("name", FINAL_PRESETS)
def test_a_config_survives_json(name: str) -> None:
    before = final_preset(name)
    assert FinalTrainingConfig.from_json(json.loads(json.dumps(before.to_json()))) == before


def test_grown_weights_survive_json() -> None:
    before = config(weights="grown", cutout=None)
    assert FinalTrainingConfig.from_json(before.to_json()) == before


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("weights", "learned", "weights"),
        ("cutout", -1, "cutout"),
        ("seed", 2**32, "seed"),
        ("version", 2, "version"),
        ("data", {"name": "x", "validation": -1, "train_limit": None, "seed": 0}, "validation"),
        ("data", {"name": "x", "validation": 0, "train_limit": 0, "seed": 0}, "train_limit"),
        ("recipe", {"version": 1, "epochs": 0}, "recipe.epochs"),
    ],
)
def test_a_wrong_setting_is_named(field: str, value: Any, named: str) -> None:
    document = config().to_json() | {field: value}
    with pytest.raises(InvalidConfig) as raised:
        FinalTrainingConfig.from_json(document)
    assert named in raised.value.field


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(InvalidConfig, match="unknown field 'epoch'"):
        FinalTrainingConfig.from_json(config().to_json() | {"epoch": 3})


def test_a_cell_that_does_not_fit_is_refused_with_its_place() -> None:
    split = parse_cell("concat/split[G3x3, G3x3]")
    with pytest.raises(InvalidConfig, match=r"cell: it does not fit this pyramidnet.*groups"):
        FinalTrainingConfig(skeleton=PyramidNetConfig(groups=3), cell=split)


def test_an_unknown_preset_is_answered_with_the_list() -> None:
    with pytest.raises(InvalidConfig, match="paper-pyramidnet-84-300"):
        final_preset("paper")


def test_all_training_images_are_learned_from_by_default() -> None:
    assert replace(config(), data=FinalTrainingConfig().data).data.validation == 0


def test_an_exported_network_cannot_begin_from_scratch() -> None:
    head, rest = Classifier("fc", 32), Cost(1_000, 50_000)
    sites = (Site("a", 16, 16, stride=1, groups=1, bias=False, size=(8, 8)),)
    exported = AdoptedConfig(
        source=Source.EXPORTED, model="own", chosen=sites, head=head, rest=rest, program="{}"
    )
    with pytest.raises(InvalidConfig, match=r"weights: .*no fresh weights"):
        FinalTrainingConfig(skeleton=exported, cell=exported.start_cell)
    grown = FinalTrainingConfig(skeleton=exported, cell=exported.start_cell, weights=Weights.GROWN)
    assert grown.architecture.cell == exported.start_cell
