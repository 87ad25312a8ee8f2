"""Search configs: round trips, limits, what must go together; presets."""

import json
from dataclasses import replace

import pytest

from search_engine.spec import (
    DenseNetConfig,
    ImageShape,
    Morph,
    MorphKind,
    Operation,
    SearchSpace,
)
from search_engine.spec.early_stopping import EarlyStopping, StoppingRule
from search_engine.spec.errors import InvalidConfig
from search_engine.spec.objective import CostKind, CostRule, CostTerm, Objective
from search_engine.spec.presets import PRESETS, preset
from search_engine.spec.recipe import Recipe
from search_engine.spec.search_config import Budget, DataConfig, SearchConfig


def unusual() -> SearchConfig:
    """A config none of whose settings is the default."""
    return SearchConfig(
        data=DataConfig(name="svhn", validation=10, calibration=20, train_limit=30),
        skeleton=DenseNetConfig(blocks=1, growth=5, groups=1, image=ImageShape(1, 8, 8)),
        start_recipe=Recipe(epochs=2),
        space=SearchSpace(start_edge=Operation.CONV_3X3, groups=1),
        strategy="evolution",
        strategy_settings=(("population", 18.0),),
        morph=Morph(MorphKind.DISTILLED, 0.1),
        inherit=False,
        recipe=Recipe(epochs=3),
        objective=Objective((CostTerm(CostKind.PARAMETERS, CostRule.LIMIT, 1e6),)),
        early_stopping=EarlyStopping(StoppingRule.MEDIAN),
        budget=Budget(max_trials=7, max_epochs=8, max_seconds=9),
        parallel=2,
        keep=4,
        seed=5,
    )


@pytest.mark.parametrize("config", [unusual(), *(make() for make in PRESETS.values())])
def test_configs_round_trip_through_json(config: SearchConfig) -> None:
    assert SearchConfig.from_json(json.loads(json.dumps(config.to_json()))) == config


@pytest.mark.parametrize(
    ("field", "value"),
    [("strategy", "guess"), ("parallel", -1), ("keep", 0), ("seed", -1), ("seed", 2**32)],
)
def test_settings_outside_their_limits_are_named(field: str, value: object) -> None:
    document = unusual().to_json() | {field: value}
    with pytest.raises(InvalidConfig, match=field):
        SearchConfig.from_json(document)


@pytest.mark.parametrize(("part", "field"), [("data", "validation"), ("budget", "max_trials")])
def test_parts_outside_their_limits_are_named(part: str, field: str) -> None:
    document = unusual().to_json()
    document[part][field] = 0
    with pytest.raises(InvalidConfig, match=rf"{part}\.{field}"):
        SearchConfig.from_json(document)


@pytest.mark.parametrize(
    ("part", "field"),
    [
        ("skeleton", "growth"),
        ("skeleton", "blocks"),
        ("search_space", "max_depth"),
        ("start_recipe", "epochs"),
        ("recipe", "epochs"),
    ],
)
@pytest.mark.parametrize("value", [-1, "many"])
def test_what_is_wrong_in_a_part_is_named_by_its_place_in_the_whole(
    part: str, field: str, value: object
) -> None:
    document = SearchConfig().to_json()
    document[part][field] = value
    with pytest.raises(InvalidConfig) as refused:
        SearchConfig.from_json(document)
    assert refused.value.field == f"{part}.{field}"


@pytest.mark.parametrize("part", ["skeleton", "search_space", "start_recipe", "recipe"])
def test_a_part_that_is_no_object_is_named(part: str) -> None:
    with pytest.raises(InvalidConfig) as refused:
        SearchConfig.from_json(SearchConfig().to_json() | {part: 7})
    assert refused.value.field == part


def test_unknown_and_missing_settings_are_named() -> None:
    document = unusual().to_json()
    with pytest.raises(InvalidConfig, match="unknown field 'sed'"):
        SearchConfig.from_json(document | {"sed": 1})
    del document["seed"]
    with pytest.raises(InvalidConfig, match="'seed' is missing"):
        SearchConfig.from_json(document)


def test_the_space_starts_from_the_skeletons_start_cell() -> None:
    with pytest.raises(InvalidConfig, match=r"search_space\.start_edge.*conv_3x3"):
        replace(unusual(), space=SearchSpace())
    with pytest.raises(InvalidConfig, match=r"search_space\.groups"):
        replace(SearchConfig(), space=SearchSpace(groups=4))


def test_an_exact_morph_is_no_search() -> None:
    with pytest.raises(InvalidConfig, match="annealed or distilled"):
        replace(SearchConfig(), morph=Morph(MorphKind.EXACT))


def test_the_papers_preset_has_the_papers_numbers() -> None:
    config = preset("paper-cifar10")
    assert config.budget.max_trials == 500
    assert config.recipe == Recipe(epochs=20, batch_size=64, learning_rate=0.035)
    assert (config.recipe.momentum, config.recipe.weight_decay) == (0.9, 1e-4)
    assert config.data.validation == 5000
    assert config.space == SearchSpace()


def test_an_unknown_preset_is_refused() -> None:
    with pytest.raises(InvalidConfig, match="digits-demo"):
        preset("mnist")


def test_a_config_from_before_latency_was_measured_is_still_read() -> None:
    document = SearchConfig().to_json()
    del document["measure_latency"]
    assert SearchConfig.from_json(document) == SearchConfig()
    document["measure_latency"] = True
    assert SearchConfig.from_json(document).measure_latency
