"""The recipe, and the learning rate that follows from it."""

import json
import subprocess
import sys

import pytest

from search_engine.spec.errors import InvalidConfig
from search_engine.spec.recipe import Precision, Recipe
from search_engine.training.schedule import learning_rate
from search_engine.transforms import ANNEALING


def test_recipe_survives_json() -> None:
    recipe = Recipe(epochs=3, gradient_clip=5.0, precision=Precision.BFLOAT16)
    assert Recipe.from_json(json.loads(json.dumps(recipe.to_json()))) == recipe


def test_fields_left_out_of_json_have_their_defaults() -> None:
    assert Recipe.from_json({"version": 1, "epochs": 7}) == Recipe(epochs=7)


def test_gates_open_in_the_share_that_the_transformations_intend() -> None:
    assert Recipe().annealing == ANNEALING


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("epochs", 0),
        ("epochs", 1.5),
        ("batch_size", True),
        ("learning_rate", 0),
        ("learning_rate", float("nan")),
        ("learning_rate", "fast"),
        ("learning_rate", None),
        ("warmup_epochs", 20),
        ("momentum", 1),
        ("weight_decay", -1e-4),
        ("decay_norms", 1),
        ("label_smoothing", 1),
        ("class_weights", "rare"),
        ("gradient_clip", 0),
        ("ema_decay", 1),
        ("annealing", 1.1),
        ("precision", "float16"),
        ("precision", []),
        ("lasso_weight", -1),
        ("colour", 1),
    ],
)
def test_an_illegal_setting_is_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(InvalidConfig, match=field):
        Recipe.from_json({"version": 1, field: value})


@pytest.mark.parametrize(
    ("progress", "expected"),
    # 0.4 (1 + cos(pi p)) / 2; the cosines are 1, 1/2, 0, -1/2 and -1.
    [(0.0, 0.4), (1 / 3, 0.3), (0.5, 0.2), (2 / 3, 0.1), (1.0, 0.0)],
)
def test_learning_rate_falls_along_a_cosine(progress: float, expected: float) -> None:
    recipe = Recipe(learning_rate=0.4)
    assert learning_rate(recipe, progress) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    # Two of ten epochs up in a straight line; 0.6 is half-way down from 0.2 to 1.
    ("progress", "expected"),
    [(0.0, 0.0), (0.05, 0.1), (0.1, 0.2), (0.2, 0.4), (0.6, 0.2), (1.0, 0.0)],
)
def test_learning_rate_rises_in_the_warm_up(progress: float, expected: float) -> None:
    recipe = Recipe(epochs=10, warmup_epochs=2, learning_rate=0.4)
    assert learning_rate(recipe, progress) == pytest.approx(expected, abs=1e-12)


def test_recipe_needs_no_torch() -> None:
    code = "import sys, search_engine.training; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
