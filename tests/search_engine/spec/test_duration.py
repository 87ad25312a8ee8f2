"""What the estimate of a search counts; `benchmarks/estimates.py` holds it to what happens."""

from dataclasses import replace

import pytest

from search_engine.networks.adopted import outline_torchvision
from search_engine.networks.adopted.loads import counted
from search_engine.spec import Architecture, DenseNetConfig, ImageShape
from search_engine.spec.duration import (
    CPU_CORE,
    FORWARD,
    Images,
    Speed,
    counts_of,
    duration_of,
    line_length,
    trial_seconds,
)
from search_engine.spec.early_stopping import EarlyStopping, StoppingRule
from search_engine.spec.presets import preset
from search_engine.spec.recipe import Recipe
from search_engine.spec.search_config import Budget, Confirmation, SearchConfig
from search_engine.spec.torchvision_loads import TORCHVISION_LOADS
from search_engine.spec.training_load import Load, load_of, published_load
from tests.search_engine.spec.test_adopted import outline

IMAGES = Images(train=1000, validation=300, calibration=100, test=359)
CONFIG = replace(preset("digits-demo"), control=3, confirmation=Confirmation(finalists=3, seeds=2))


def test_a_step_takes_time_for_arithmetic_for_memory_and_for_each_layer() -> None:
    speed = Speed(multiply_add=2.0, number=3.0, layer=5.0)
    # 4 images of 10 multiply-adds and 7 numbers, and 11 layers: 4 * (20 + 21) + 55.
    assert speed.step(Load(10, 7, 11), 4) == 219


def test_a_trial_is_its_steps_its_measuring_and_its_birth() -> None:
    speed, load = Speed(1.0, 0.0, 0.0, trial=7.0), Load(1, 0, 0)
    recipe = Recipe(epochs=2, batch_size=100, norm_batches=1)
    # 1,000 images in ten steps, 300 measured on, 100 for the norms; and 100 twice at birth.
    epoch = 1000 + FORWARD * (300 + 100)
    expected = 7 + 2 * epoch + 2 * FORWARD * 100
    assert trial_seconds(recipe, load, IMAGES, speed) == pytest.approx(expected)


def test_controls_and_confirmations_are_counted() -> None:
    found = counts_of(CONFIG)
    assert (found.children, found.controls, found.confirmations) == (24, 3, 6)


def test_of_grow_the_chain_of_controls_is_as_long_as_a_line_and_confirmed_too() -> None:
    found = counts_of(replace(CONFIG, strategy="grow"))
    assert (found.children, found.controls) == (24, line_length(24))
    assert found.confirmations == (3 + 1) * 2
    assert 1 < line_length(24) < 24 and line_length(1) == 1


def test_a_limit_of_epochs_bounds_the_children() -> None:
    budget = Budget(max_trials=24, max_epochs=20)  # of four epochs each
    assert counts_of(replace(CONFIG, budget=budget)).children == 5


def test_a_trained_start_network_takes_no_time() -> None:
    trained = duration_of(CONFIG, IMAGES, CPU_CORE, is_trained=True)
    assert trained.start == 0 < duration_of(CONFIG, IMAGES, CPU_CORE).start


def test_workers_share_the_trials_and_nothing_else() -> None:
    found = duration_of(CONFIG, IMAGES, CPU_CORE)
    assert found.seconds(2) == pytest.approx(found.start + found.comparison + found.trials / 2)


def test_grown_children_are_heavier_the_larger_the_steps_and_the_more_there_are() -> None:
    grown = replace(CONFIG, strategy="grow")

    def children(config: SearchConfig) -> float:
        return duration_of(config, IMAGES, CPU_CORE).children / config.budget.max_trials

    more = replace(grown, budget=Budget(max_trials=96))
    larger = replace(grown, strategy_settings=(("largest_step", 4.0),))
    assert children(grown) < children(more) and children(grown) < children(larger)


def test_early_stopping_and_limits_shorten_it() -> None:
    whole = duration_of(CONFIG, IMAGES, CPU_CORE).children
    halving = replace(CONFIG, early_stopping=EarlyStopping(StoppingRule.HALVING))
    assert duration_of(halving, IMAGES, CPU_CORE).children < whole
    short = replace(CONFIG, budget=Budget(max_trials=24, max_seconds=5))
    assert duration_of(short, IMAGES, CPU_CORE).children == 5
    little = replace(CONFIG, budget=Budget(max_trials=24, max_compute=1e-3))
    assert duration_of(little, IMAGES, CPU_CORE).children < whole / 10


def test_time_grows_with_pictures_and_their_size() -> None:
    small = duration_of(CONFIG, IMAGES, CPU_CORE).seconds()
    more = duration_of(CONFIG, replace(IMAGES, train=2000), CPU_CORE).seconds()
    skeleton = DenseNetConfig(blocks=2, growth=8, groups=2, image=ImageShape(1, 16, 16))
    larger = duration_of(replace(CONFIG, skeleton=skeleton), IMAGES, CPU_CORE).seconds()
    assert small < more < larger


@pytest.mark.parametrize("model", ["alexnet", "mobilenet_v3_small", "resnet18", "squeezenet1_1"])
def test_what_is_written_of_torchvisions_networks_is_what_they_come_to(model: str) -> None:
    assert TORCHVISION_LOADS[model] == counted(model)
    image = ImageShape(3, 96, 96)
    parameters, load = published_load(model, image, 7)
    cost = outline_torchvision(model, image, 7).cost
    assert parameters == cost.parameters
    assert load.multiply_adds == pytest.approx(cost.multiply_adds, rel=0.3)


def test_a_network_is_as_heavy_as_torchvisions_of_the_nearest_name() -> None:
    skeleton = outline().config()
    found = {
        name: load_of(Architecture.start(replace(skeleton, model=name))).layers
        for name in ("resnet18.a1_in1k", "regnetx_004.pycls_in1k", "dla34.in1k")
    }
    assert [*found.values()] == [41, 143, 100]
