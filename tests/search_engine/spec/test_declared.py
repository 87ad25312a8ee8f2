"""What is declared once: faults with their places, descriptions of fields, JSON schemas."""

import json

import pytest

from search_engine.spec.declared import adapter
from search_engine.spec.errors import InvalidConfig
from search_engine.spec.fields import Kind, Setting, settings_of_type, table
from search_engine.spec.final_training import FinalTrainingConfig
from search_engine.spec.recipe import Recipe
from search_engine.spec.search_config import SearchConfig


def described(place: str) -> Setting:
    return next(s for s in settings_of_type(SearchConfig) if s.place == place)


def test_all_faults_are_found_at_once_each_with_its_place() -> None:
    document = SearchConfig().to_json()
    document["recipe"] |= {"epochs": 0, "momentum": "much"}
    document["skeleton"] |= {"growth": -1}
    document["search_space"] |= {"add_branches": [2, 99]}
    with pytest.raises(InvalidConfig) as caught:
        SearchConfig.from_json(document)
    assert dict(caught.value.faults) == {
        "skeleton.growth": "expected a whole number 1 to 1024, got -1",
        "search_space.add_branches.1": "expected a whole number 2 to 8, got 99",
        "recipe.epochs": "expected a whole number 1 to 100,000, got 0",
        "recipe.momentum": "expected a number 0 to below 1, got a string 'much'",
    }
    assert str(caught.value).startswith("skeleton.growth: expected a whole number")


def test_a_rule_between_fields_is_named_by_its_place_in_the_whole() -> None:
    document = SearchConfig().to_json()
    document["start_recipe"]["warmup_epochs"] = 20
    with pytest.raises(InvalidConfig, match=r"^start_recipe\.warmup_epochs: expected less than"):
        SearchConfig.from_json(document)


def test_a_value_that_is_made_wrong_is_refused_when_it_is_made() -> None:
    with pytest.raises(InvalidConfig, match=r"^recipe\.epochs: expected a whole number"):
        Recipe(epochs=True)


@pytest.mark.parametrize(
    ("place", "kind", "limits", "unit"),
    [
        ("recipe.epochs", Kind.INTEGER, "1 to 100,000", "epochs"),
        ("recipe.learning_rate", Kind.NUMBER, "above 0", ""),
        ("recipe.ema_decay", Kind.NUMBER, "between 0 and 1", ""),
        ("recipe.decay_norms", Kind.FLAG, "", ""),
        ("search_space.add_branches", Kind.INTEGERS, "2 to 8", ""),
        ("search_space.operations", Kind.CHOICES, "", ""),
        ("strategy", Kind.CHOICE, "", ""),
        ("strategy_settings", Kind.NUMBERS, "", ""),
    ],
)
def test_a_setting_is_described_by_its_declaration(
    place: str, kind: Kind, limits: str, unit: str
) -> None:
    setting = described(place)
    assert (setting.kind, setting.limits, setting.unit) == (kind, limits, unit)


def test_a_setting_of_some_families_names_them() -> None:
    assert described("skeleton.growth").variants == ("densenet",)
    assert described("skeleton.groups").variants == ()
    # One number for all stages, or one a stage: a field for both takes several.
    assert described("skeleton.blocks").kind is Kind.INTEGERS


@pytest.mark.parametrize("kind", [SearchConfig, FinalTrainingConfig])
def test_every_setting_is_labelled_and_explained(kind: type[SearchConfig]) -> None:
    settings = settings_of_type(kind)
    assert all(s.label != s.place for s in settings)
    assert [s.place for s in settings if not s.help and not s.choices] == []


def test_a_table_has_a_line_for_each_setting() -> None:
    lines = table([described("recipe.gradient_clip")]).splitlines()
    assert lines[2].startswith("| `recipe.gradient_clip` | null | above 0, or null |  | largest")


def test_the_json_schema_has_the_limits_and_what_always_stands_there() -> None:
    schema = json.dumps(adapter(SearchConfig).json_schema())
    assert '"maximum": 100000' in schema
    assert '"family": {"const": "condensenet"}' in schema
