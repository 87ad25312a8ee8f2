"""What is proposed for which pictures, and that it fits the time at hand."""

from dataclasses import replace

import pytest

from search_engine.networks.adopted import outline_torchvision
from search_engine.spec import NORMALISATIONS, ChainNetConfig, DenseNetConfig, ImageShape
from search_engine.spec.duration import CPU_CORE
from search_engine.spec.fine_tuning import CHILDREN, FINE_TUNING
from search_engine.spec.plan import EFFORTS, PRETRAINED, USUAL_SECONDS, Facts, Start, propose
from search_engine.spec.presets import preset
from search_engine.spec.start_training import ONE_ROUND
from tests.search_engine.spec.test_adopted import outline

DIGITS = Facts("digits", ImageShape(1, 8, 8), classes=10, images=1797)
CLOTHES = Facts("clothing", ImageShape(1, 28, 28), classes=10, images=12_000, test=2_000)
SMALL_COLOURED = Facts("cifar10", ImageShape(3, 32, 32), classes=10, images=60_000, test=10_000)
PHOTOGRAPHS = Facts("leaves", ImageShape(3, 224, 224), classes=5, images=1_040, workers=2)


@pytest.mark.parametrize("facts", [DIGITS, CLOTHES, SMALL_COLOURED], ids=lambda facts: facts.name)
def test_small_pictures_get_a_small_densenet(facts: Facts) -> None:
    plan = propose(facts, CPU_CORE)
    assert isinstance(plan.config.skeleton, DenseNetConfig) and not plan.pretrained
    assert plan.config.skeleton.image == facts.image


def test_photographs_get_a_pretrained_network_and_never_the_digits_demo() -> None:
    plan = propose(PHOTOGRAPHS, CPU_CORE)
    assert plan.pretrained == PRETRAINED
    demo = preset("digits-demo")
    assert plan.config.skeleton.family != demo.skeleton.family
    assert plan.config.skeleton.image == PHOTOGRAPHS.image and plan.config.data.name == "leaves"


def test_a_pretrained_network_is_estimated_before_it_is_there_as_afterwards() -> None:
    before = propose(PHOTOGRAPHS, CPU_CORE * 0.1)
    there = outline_torchvision(PRETRAINED, PHOTOGRAPHS.image, PHOTOGRAPHS.classes)
    skeleton = there.with_normalisation(NORMALISATIONS["imagenet"]).config()
    after = propose(PHOTOGRAPHS, CPU_CORE * 0.1, Start(skeleton))
    assert before.pretrained_seconds == pytest.approx(after.seconds, rel=0.02)
    assert before.pretrained_text in after.text.replace("the resnet18 that is there,", PRETRAINED)
    assert (after.pretrained, after.pretrained_text, after.pretrained_seconds) == ("", "", 0)


def test_a_network_that_is_there_for_photographs_is_the_start() -> None:
    brought = ChainNetConfig(blocks=2, channels=16, image=PHOTOGRAPHS.image, classes=5)
    plan = propose(PHOTOGRAPHS, CPU_CORE, Start(brought))
    assert plan.config.skeleton == brought and not plan.pretrained
    # Weights that are there already are not to be shaken out by a high rate.
    assert plan.config.start_recipe.learning_rate < 0.05


def test_a_pretrained_network_is_fine_tuned() -> None:
    fresh = outline(image=PHOTOGRAPHS.image, classes=5).config()
    pretrained = replace(fresh, normalisation=NORMALISATIONS["imagenet"])
    config = propose(PHOTOGRAPHS, CPU_CORE, Start(pretrained)).config
    assert config.start_rounds == ONE_ROUND
    for recipe, usual in ((config.start_recipe, FINE_TUNING), (config.recipe, CHILDREN)):
        assert replace(recipe, epochs=usual.epochs) == usual
    other = propose(PHOTOGRAPHS, CPU_CORE, Start(fresh)).config
    assert other.start_recipe.head_epochs == 0 and other.start_rounds != ONE_ROUND


@pytest.mark.parametrize("minutes", [20, 240])
@pytest.mark.parametrize(
    "facts", [DIGITS, CLOTHES, SMALL_COLOURED, PHOTOGRAPHS], ids=lambda facts: facts.name
)
def test_a_plan_ends_within_the_time_at_hand(facts: Facts, minutes: int) -> None:
    plan = propose(_with_time(facts, minutes), CPU_CORE)
    assert 0 < plan.seconds <= 60 * minutes


def test_more_time_buys_more_until_nothing_more_pays() -> None:
    short, long = (propose(_with_time(CLOTHES, minutes), CPU_CORE) for minutes in (10, 600))
    assert short.config.budget.max_trials < long.config.budget.max_trials
    assert short.longer.budget.max_trials >= short.config.budget.max_trials
    endless = propose(_with_time(DIGITS, 10_000), CPU_CORE)
    assert endless.longer == endless.config
    assert (endless.config.recipe.epochs, endless.config.budget.max_trials) == EFFORTS[0]


def test_a_faster_machine_is_given_more_to_do() -> None:
    slow, fast = propose(CLOTHES, CPU_CORE), propose(CLOTHES, CPU_CORE * 0.02)
    assert fast.config.budget.max_trials > slow.config.budget.max_trials
    assert fast.seconds <= USUAL_SECONDS


def test_no_more_than_its_share_is_held_out_of_few_pictures() -> None:
    data = propose(Facts("few", ImageShape(1, 16, 16), classes=2, images=90), CPU_CORE).config.data
    assert (data.validation, data.calibration) == (11, 3)


def _with_time(facts: Facts, minutes: int) -> Facts:
    return Facts(
        facts.name,
        facts.image,
        facts.classes,
        facts.images,
        facts.test,
        facts.workers,
        60.0 * minutes,
    )
