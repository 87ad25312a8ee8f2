"""Searches with a name: a demonstration, a small real one, and the paper's."""

from collections.abc import Callable, Mapping

from search_engine.architecture import DenseNetConfig, ImageShape, Operation, SearchSpace
from search_engine.config import Budget, DataConfig, SearchConfig
from search_engine.errors import InvalidConfig
from search_engine.training import Recipe

GROUPED = SearchSpace(start_edge=Operation.GROUP_CONV_3X3, groups=2)


def digits_demo() -> SearchConfig:
    """Handwritten digits of 8 x 8 pixels: 24 children in about two minutes on one CPU core."""
    return SearchConfig(
        data=DataConfig(name="digits", validation=300, calibration=100),
        skeleton=DenseNetConfig(blocks=2, growth=8, groups=2, image=ImageShape(1, 8, 8)),
        start_recipe=Recipe(epochs=6, learning_rate=0.1),
        space=GROUPED,
        recipe=Recipe(epochs=4, learning_rate=0.1),
        budget=Budget(max_trials=24),
    )


def fashion_small() -> SearchConfig:
    """Fashion-MNIST with 10,000 training images: 30 children in about 12 minutes on two cores."""
    return SearchConfig(
        data=DataConfig(name="fashion-mnist", validation=2000, calibration=500, train_limit=10_000),
        skeleton=DenseNetConfig(blocks=1, growth=8, groups=2, image=ImageShape(1, 28, 28)),
        start_recipe=Recipe(epochs=10, learning_rate=0.1),
        space=GROUPED,
        recipe=Recipe(epochs=2, learning_rate=0.05),
        budget=Budget(max_trials=30),
    )


def paper_cifar10() -> SearchConfig:
    """The paper's search on CIFAR-10: 500 children of a DenseNet (N=3, k=16), 20 epochs each.

    Reference: Cai et al. 2018, section 4.1 (arXiv:1806.02639), and the authors' code.
    """
    return SearchConfig(
        data=DataConfig(name="cifar10", validation=5000, calibration=1000),
        skeleton=DenseNetConfig(blocks=3, growth=16, groups=2, image=ImageShape(3, 32, 32)),
        start_recipe=Recipe(epochs=300, learning_rate=0.1),
        space=GROUPED,
        recipe=Recipe(epochs=20, batch_size=64, learning_rate=0.035),
        budget=Budget(max_trials=500),
    )


PRESETS: Mapping[str, Callable[[], SearchConfig]] = {
    "digits-demo": digits_demo,
    "fashion-small": fashion_small,
    "paper-cifar10": paper_cifar10,
}


def preset(name: str) -> SearchConfig:
    """The preset of that name.

    Raises:
        InvalidConfig: there is none.
    """
    if name not in PRESETS:
        raise InvalidConfig("preset", f"expected one of {', '.join(PRESETS)}, got {name!r}")
    return PRESETS[name]()
