"""Searches with a name: a demonstration, a small real one, and the paper's."""

from collections.abc import Callable, Mapping
from pathlib import Path

from search_engine.packed import PACKED
from search_engine.spec import ChainNetConfig, DenseNetConfig, ImageShape, Operation, SearchSpace
from search_engine.spec.errors import InvalidConfig
from search_engine.spec.recipe import Recipe
from search_engine.spec.search_config import Budget, Confirmation, DataConfig, SearchConfig
from search_engine.spec.start_training import ONE_ROUND

GROUPED = SearchSpace(start_edge=Operation.GROUP_CONV_3X3, groups=2)


def clothing_demo() -> SearchConfig:
    """Clothes of 28 x 28 pixels, from a start network that comes trained: two to five minutes on
    two cores.

    All its stages are as narrow as the first, so there is much to be gained by growing.
    """
    return SearchConfig(
        data=DataConfig(name="clothing", validation=2000, calibration=500, seed=0),
        skeleton=ChainNetConfig(
            blocks=1,
            channels=8,
            stem_stride=2,
            widths=(("stage2_block1.cell", 8), ("stage3_block1.cell", 8)),
            image=ImageShape(1, 28, 28),
        ),
        start_recipe=Recipe(epochs=20, learning_rate=0.1),
        space=SearchSpace(start_edge=Operation.CONV_3X3, groups=1),
        strategy="grow",
        strategy_settings=(("largest_step", 4.0), ("patience", 4.0)),
        recipe=Recipe(epochs=8, batch_size=128, learning_rate=0.2),
        budget=Budget(max_trials=10),
        confirmation=Confirmation(finalists=2, seeds=2),
        parallel=2,
    )


def digits_demo() -> SearchConfig:
    """Handwritten digits of 8 x 8 pixels: 24 children in about two minutes on one CPU core."""
    return SearchConfig(
        data=DataConfig(name="digits", validation=300, calibration=100),
        skeleton=DenseNetConfig(blocks=2, growth=8, groups=2, image=ImageShape(1, 8, 8)),
        start_recipe=Recipe(epochs=6, learning_rate=0.1),
        space=GROUPED,
        recipe=Recipe(epochs=4, learning_rate=0.1),
        budget=Budget(max_trials=24),
        confirmation=Confirmation(finalists=3, seeds=2),
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
        start_rounds=ONE_ROUND,
        space=GROUPED,
        recipe=Recipe(epochs=20, batch_size=64, learning_rate=0.035),
        budget=Budget(max_trials=500),
    )


PRESETS: Mapping[str, Callable[[], SearchConfig]] = {
    "clothing-demo": clothing_demo,
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


def start_folder(name: str) -> Path:
    """Where a preset's trained start network lies, if it comes with the project."""
    return PACKED / f"{name}-start"


def packed_start(name: str, config: SearchConfig) -> Path | None:
    """The folder of the trained start network that comes with a preset.

    Returns:
        None where there is none, or the config asks for another network, training or data.
    """
    folder = start_folder(name)
    if name not in PRESETS or not folder.exists():
        return None
    usual = preset(name)
    parts = ("data", "skeleton", "start_recipe")
    same = all(getattr(config, part) == getattr(usual, part) for part in parts)
    return folder if same else None
