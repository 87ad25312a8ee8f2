"""How long a search will take, told from its settings: one estimate for forms, plans and pages.

It counts what will be trained: the start network in rounds, children, controls, confirmations, and
the test images in the end; how heavy each is (`training_load`), and how fast the machine.
"""

import math
import random
from dataclasses import dataclass, replace
from functools import lru_cache

from search_engine.spec.architecture import Architecture
from search_engine.spec.early_stopping import StoppingRule
from search_engine.spec.errors import InvalidArchitecture
from search_engine.spec.growth import sample
from search_engine.spec.recipe import Recipe
from search_engine.spec.search_config import SearchConfig
from search_engine.spec.training_load import Load, load_of

FORWARD = 0.28
"""A forward pass, as a share of a step of training."""
BORN = 2.0
"""Forward passes over the calibration images at a child's birth."""
EVALUATED_AT_ONCE = 256
SAMPLED = 16
"""Cells that are drawn, to know what children of a space come to."""
ROUNDS = 3
"""Rounds that a start network is expected to take, where more are allowed."""
STOPPED = {StoppingRule.NONE: 1.0, StoppingRule.MEDIAN: 0.75, StoppingRule.HALVING: 0.6}
"""Share of its epochs that a child is trained, in the mean, by the rule that stops some."""


@dataclass(frozen=True, slots=True)
class Speed:
    """What a step of training takes on a device.

    Args:
        multiply_add: seconds for one of the forward pass, with the two of the backward pass.
        number: seconds for a number that is kept for the backward pass.
        layer: seconds for a layer that is begun.
        trial: seconds for a trial, whatever it trains.
    """

    multiply_add: float
    number: float
    layer: float
    trial: float = 0.1

    def __mul__(self, factor: float) -> "Speed":
        parts = (self.multiply_add, self.number, self.layer, self.trial)
        return Speed(*(part * factor for part in parts))

    def step(self, load: Load, batch: float) -> float:
        """Seconds of a step of training."""
        image = self.multiply_add * load.multiply_adds + self.number * load.numbers
        return batch * image + self.layer * load.layers


CPU_CORE = Speed(multiply_add=1.6e-10, number=8e-9, layer=5.2e-4)
"""Speed of one core of an AMD EPYC with nothing else to do; see `benchmarks/estimates.py`."""


@dataclass(frozen=True, slots=True)
class Images:
    """How many images serve for what.

    Args:
        validation: judge each child after each epoch.
        calibration: are looked at when a child is born.
        test: are looked at once, in the end.
    """

    train: int
    validation: int
    calibration: int
    test: int


@dataclass(frozen=True, slots=True)
class Duration:
    """Seconds of a search's parts, on one worker."""

    start: float
    children: float
    controls: float
    confirmations: float
    comparison: float

    @property
    def trials(self) -> float:
        """What several workers share."""
        return self.children + self.controls + self.confirmations

    def seconds(self, workers: int = 1) -> float:
        """Time from the launch to the result, with this many workers that train."""
        return self.start + self.comparison + self.trials / max(1, workers)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many trainings of each role there will be."""

    children: int
    controls: int
    confirmations: int

    @property
    def trials(self) -> int:
        """All together."""
        return self.children + self.controls + self.confirmations


def counts_of(config: SearchConfig) -> Counts:
    """How many trials there will be, at most; a chain of controls is as long as a line may be."""
    children = config.budget.max_trials
    finalists = min(config.confirmation.finalists, children)
    if config.budget.max_epochs is not None:
        children = min(children, math.ceil(config.budget.max_epochs / config.recipe.epochs))
    controls = min(config.control, children)
    if config.has_parents and config.control:
        controls = line_length(children)
        finalists += finalists > 0  # the chain's end is confirmed, too
    return Counts(children, controls, finalists * config.confirmation.seeds)


def line_length(children: int) -> int:
    """How many steps away from the start network the best of so many children is, about."""
    return max(1, round(math.sqrt(children)))


def duration_of(
    config: SearchConfig,
    images: Images,
    speed: Speed,
    *,
    is_trained: bool = False,
    own: Load | None = None,
) -> Duration:
    """How long a search takes, about.

    Args:
        images: of the data set, as the config divides them.
        is_trained: whether the start network has been trained already.
        own: of a start network in place of the config's, of which no more is known; it grows.

    Raises:
        SearchEngineError: the start network does not fit together.
    """
    start = config.start_architecture(config.skeleton.classes)
    counts = counts_of(config)
    if own is None:
        own = load_of(start)
        child = children_load(config, start, counts.children)
    else:
        child = _grown_load(config, own, counts.children)
    trained = trial_seconds(config.recipe, child, images, speed)
    rested = trial_seconds(config.recipe, own, images, speed)
    begun = replace(images, calibration=0)  # it is not born of another
    rounds = 0 if is_trained else min(config.start_rounds.max_rounds, ROUNDS)
    found = Duration(
        start=rounds * trial_seconds(config.start_recipe, own, begun, speed),
        children=counts.children * STOPPED[config.early_stopping.rule] * trained,
        controls=counts.controls * rested,
        confirmations=counts.confirmations * trained,
        comparison=3 * _forward(child, images.test, speed),
    )
    return _within_budget(found, config, images, child)


def _within_budget(found: Duration, config: SearchConfig, images: Images, child: Load) -> Duration:
    """Children end with the running time or the compute that a search may take."""
    children = found.children
    if config.budget.max_compute is not None and children:
        one = 3 * config.recipe.epochs * images.train * child.multiply_adds
        trials = config.budget.max_compute * 1e12 / max(one, 1.0)
        children *= min(1.0, trials / config.budget.max_trials)
    if config.budget.max_seconds is not None:
        children = min(children, config.at_once(1) * float(config.budget.max_seconds))
    return replace(found, children=children)


def trial_seconds(recipe: Recipe, load: Load, images: Images, speed: Speed) -> float:
    """A training by a recipe, from a child's birth to its accuracy."""
    batch = min(recipe.batch_size, max(1, images.train))
    steps = math.ceil(images.train / batch)
    epoch = steps * speed.step(load, batch)
    epoch += _forward(load, images.validation, speed)
    epoch += FORWARD * min(recipe.norm_batches, steps) * speed.step(load, batch)
    return speed.trial + recipe.epochs * epoch + BORN * _forward(load, images.calibration, speed)


def _forward(load: Load, images: int, speed: Speed) -> float:
    batches = math.ceil(images / EVALUATED_AT_ONCE)
    return FORWARD * batches * speed.step(load, max(1, images) / max(1, batches))


def children_load(config: SearchConfig, start: Architecture, children: int) -> Load:
    """What children come to in the mean: drawn from the space, or grown step by step."""
    if config.has_parents:
        return _grown_load(config, load_of(start), children)
    return _drawn_load(config, start)


def _grown_load(config: SearchConfig, own: Load, children: int) -> Load:
    heavier = growth(config, children)
    return Load(heavier * own.multiply_adds, heavier * own.numbers, own.layers)


def growth(config: SearchConfig, children: int) -> float:
    """How much heavier than the start network grown children are in the mean.

    Wider layers are not more layers, and a child in three or so only rests.
    """
    settings = dict(config.strategy_settings)
    step = settings.get("largest_step", 2.0)
    return 1 + (step - 1) * 0.15 * math.log1p(children / 4)


@lru_cache(maxsize=64)
def _drawn_load(config: SearchConfig, start: Architecture) -> Load:
    rng, found = random.Random(0), list[Load]()
    for _ in range(SAMPLED):
        try:
            cell = sample(config.space, rng).cell
            found.append(load_of(Architecture(start.skeleton, cell)))
        except InvalidArchitecture:
            continue  # such a child is never trained
    if not found:
        return load_of(start)
    total = sum(found[1:], found[0])
    return total * (1 / len(found))
