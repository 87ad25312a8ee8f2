"""A plan that fits: start network, size, recipe and trials for a data set, a device and a time.

Pages show it as what is filled in before anybody has chosen, and say why.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from search_engine.spec import (
    AdoptedConfig,
    Architecture,
    ChainNetConfig,
    DenseNetConfig,
    ImageShape,
    SearchSpace,
    SkeletonConfig,
)
from search_engine.spec.division import in_proportion
from search_engine.spec.duration import Images, Speed, duration_of
from search_engine.spec.fine_tuning import fine_tuned
from search_engine.spec.recipe import Recipe
from search_engine.spec.search_config import Budget, Confirmation, DataConfig, SearchConfig
from search_engine.spec.start_training import StartRounds
from search_engine.spec.training_load import Load, published_load

USUAL_SECONDS: Final = 20 * 60.0
"""The time at hand, where nobody has said it."""
LONGER: Final = 4
"""A longer run is so many times as long."""
SMALL_SIDE: Final = 40
"""Pictures with sides up to this are learned by a small network from its first weights."""
PRETRAINED: Final = "resnet18"
"""For photographs: few layers, so that a step is quick, and published weights."""
WEIGHTS: Final = "DEFAULT"
"""The name of those that its publisher recommends."""
EFFORTS: Final = ((12, 60), (8, 48), (6, 36), (6, 24), (4, 24), (4, 16), (3, 12), (2, 8))
"""Epochs of a child, and children: the most that there is time for."""
LIMITS: Final = (20_000, 10_000, 5_000, 2_000)
"""Training images, where learning from all of them takes too long."""
LEAST: Final = 6
"""From this of the efforts on, there is hardly anything to choose from."""
LIMITED: Final = 2
"""The last so many efforts are tried with fewer images."""
FEW_IMAGES: Final = 2_000
"""A set with fewer is learned in smaller steps, or there would be too few of them."""
FEWEST_OF_A_CLASS: Final = 20
"""Training images: with fewer a child learns nothing that could be measured."""
TEST_SHARE: Final = 0.2
"""The engine's own rule where the publisher names no test images: one in five."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a plan is made for.

    Args:
        name: of the data set, in settings.
        image: of its pictures, as they were prepared.
        test: official test images; 0 where there are none.
        workers: that train at once.
        seconds: at hand.
    """

    name: str
    image: ImageShape
    classes: int
    images: int
    test: int = 0
    workers: int = 1
    seconds: float = USUAL_SECONDS

    @property
    def has_photographs(self) -> bool:
        """Whether the pictures are coloured and larger than small: as photographs are."""
        return self.image.channels == 3 and max(self.image.height, self.image.width) > SMALL_SIDE


@dataclass(frozen=True, slots=True)
class Start:
    """A start network that is there for this data set.

    Args:
        skeleton: with its sites, of these pictures.
        is_trained: on them already; else from weights that it brought.
    """

    skeleton: SkeletonConfig
    is_trained: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What is proposed.

    Args:
        longer: the search that a longer time allows; the same where it would allow no more.
        pretrained: the torchvision model, with its published weights of the name `WEIGHTS`, that
            would suit better than the config's start network; empty where that suits.
        pretrained_text: what a search from it would train.
        pretrained_seconds: that this takes, about.
    """

    config: SearchConfig
    seconds: float
    longer: SearchConfig
    pretrained: str = ""
    pretrained_text: str = ""
    pretrained_seconds: float = 0.0

    @property
    def text(self) -> str:
        """What it trains."""
        return text_of(self.config)


def text_of(config: SearchConfig) -> str:
    """What a search trains: "a densenet of 12,000 parameters, and 16 children of 4 epochs"."""
    skeleton = config.skeleton
    parameters = Architecture.start(skeleton).cost.parameters
    names = {"densenet": "a DenseNet", "chainnet": "a ChainNet"}
    name = names.get(skeleton.family, "a network")
    if isinstance(skeleton, AdoptedConfig):
        name = f"the {skeleton.model or 'network'} that is there,"
    return _text_with(name, parameters, config)


def _text_with(name: str, parameters: int, config: SearchConfig) -> str:
    limit = config.data.train_limit
    fewer = f", which learn from {limit:,} images" if limit is not None else ""
    return (
        f"{name} of {parameters:,} parameters, and {config.budget.max_trials} children of"
        f" {config.recipe.epochs} epochs{fewer}"
    )


def propose(facts: Facts, speed: Speed, start: Start | None = None) -> Plan:
    """A search that ends within the time at hand, and takes as much of it as helps.

    Args:
        start: what it begins with; None: a network is chosen, and trained from its first weights.
    """
    config, seconds = _fitting(facts, speed, start)
    longer, _ = _fitting(replace(facts, seconds=LONGER * facts.seconds), speed, start)
    if start is not None or not facts.has_photographs:
        return Plan(config, seconds, longer)
    # It is estimated before it is brought in: pages and command line ask for it only then.
    parameters, load = published_load(PRETRAINED, facts.image, facts.classes)
    own = fine_tuned(_config(facts, config.skeleton, adopted=True))
    better, longest = _within([own], facts, speed, load=load)
    text = _text_with(PRETRAINED, parameters, better)
    return Plan(config, seconds, longer, PRETRAINED, text, longest)


def images_for(facts: Facts, data: DataConfig) -> Images:
    """How a data set is divided."""
    test = facts.test or round(TEST_SHARE * facts.images)
    train = max(0, facts.images - test - data.validation - data.calibration)
    if data.train_limit is not None:
        train = min(train, data.train_limit)
    return Images(train, data.validation, data.calibration, test)


def seconds_of(
    config: SearchConfig,
    facts: Facts,
    speed: Speed,
    *,
    is_trained: bool = False,
    load: Load | None = None,
) -> float:
    """How long the search takes with the workers that there are, about.

    Args:
        load: of the start network, where it is not the config's.
    """
    images = images_for(facts, config.data)
    found = duration_of(config, images, speed, is_trained=is_trained, own=load)
    return found.seconds(min(config.at_once(facts.workers), facts.workers))


def _fitting(facts: Facts, speed: Speed, start: Start | None) -> tuple[SearchConfig, float]:
    """The richest network with the greatest effort that ends in time, and its seconds.

    Less is learned from before a smaller network is taken, and both before the least efforts.
    """
    skeletons = _skeletons(facts) if start is None else [start.skeleton]
    is_trained = start is not None and start.is_trained
    firsts = [_config(facts, skeleton, adopted=start is not None) for skeleton in skeletons]
    return _within(firsts, facts, speed, is_trained=is_trained)


def _within(
    firsts: Sequence[SearchConfig],
    facts: Facts,
    speed: Speed,
    *,
    is_trained: bool = False,
    load: Load | None = None,
) -> tuple[SearchConfig, float]:
    for efforts in (EFFORTS[:LEAST], EFFORTS[LEAST:]):
        for first in firsts:
            for config in _efforts(facts, first, efforts):
                seconds = seconds_of(config, facts, speed, is_trained=is_trained, load=load)
                if seconds <= facts.seconds:
                    return config, seconds
    return config, seconds


def _efforts(
    facts: Facts, config: SearchConfig, efforts: Sequence[tuple[int, int]]
) -> Iterator[SearchConfig]:
    """The same search with less and less to train, and then with fewer images."""
    train = images_for(facts, config.data).train
    fewest = FEWEST_OF_A_CLASS * facts.classes
    for limit in (None, *(count for count in LIMITS if fewest <= count < train)):
        data = replace(config.data, train_limit=limit)
        for epochs, children in efforts if limit is None else efforts[-LIMITED:]:
            yield replace(
                config,
                data=data,
                start_recipe=replace(config.start_recipe, epochs=max(4, 2 * epochs)),
                recipe=replace(config.recipe, epochs=epochs),
                budget=Budget(max_trials=children),
            )


def _skeletons(facts: Facts) -> list[SkeletonConfig]:
    """Start networks for such pictures, the richest first."""
    image, classes = facts.image, facts.classes

    def dense(blocks: int, growth: int) -> SkeletonConfig:
        return DenseNetConfig(blocks=blocks, growth=growth, groups=2, image=image, classes=classes)

    def chain(channels: int) -> SkeletonConfig:
        return ChainNetConfig(
            blocks=1, channels=channels, groups=1, stem_stride=2, image=image, classes=classes
        )

    if facts.has_photographs:
        return [chain(32), chain(16), chain(8)]
    grey = image.channels == 1
    return [dense(2, 8), dense(1, 8)] if grey else [dense(2, 12), dense(2, 8), dense(1, 8)]


def _config(facts: Facts, skeleton: SkeletonConfig, *, adopted: bool) -> SearchConfig:
    (edge,) = skeleton.start_cell.root.branches
    batch = 32 if facts.images < FEW_IMAGES else 64
    config = SearchConfig(
        data=in_proportion(
            DataConfig(name=facts.name, validation=2_000, calibration=500),
            facts.images,
            facts.classes,
        ),
        skeleton=skeleton,
        # Weights that were brought are not to be lost in the first steps.
        start_recipe=Recipe(batch_size=batch, learning_rate=0.02 if adopted else 0.1),
        start_rounds=StartRounds(max_rounds=3),
        space=SearchSpace(start_edge=edge.operation, groups=skeleton.groups),
        strategy="grow",
        recipe=Recipe(batch_size=batch, learning_rate=0.01 if adopted else 0.05),
        confirmation=Confirmation(finalists=2, seeds=2),
        parallel=max(1, facts.workers),
    )
    # Weights that want their own normalisation are published ones.
    is_pretrained = adopted and skeleton.own_normalisation is not None
    return fine_tuned(config) if is_pretrained else config
