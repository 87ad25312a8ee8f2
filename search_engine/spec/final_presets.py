"""Final trainings with a name: the paper's, and two that a CPU can do."""

from collections.abc import Callable, Mapping
from functools import partial

from search_engine.spec import (
    Cell,
    CondenseNetConfig,
    DenseNetConfig,
    ImageShape,
    PyramidNetConfig,
)
from search_engine.spec.errors import InvalidConfig
from search_engine.spec.final_training import FINAL_RECIPE, FinalData, FinalTrainingConfig
from search_engine.spec.library import TREE_CELL_A, TREE_CELL_B
from search_engine.spec.photo_augmentation import PhotoAugmentation
from search_engine.spec.recipe import Recipe

DROP_PATH = 0.1
"""Ours: neither the paper's text that we know nor the authors' code says with which probability."""

CUTOUT = 16
"""Side in pixels of the square that is cut out of CIFAR-10's images, as in the authors' code."""


def digits(cell: Cell = TREE_CELL_A) -> FinalTrainingConfig:
    """Handwritten digits in a PyramidNet: minutes on one CPU core."""
    return FinalTrainingConfig(
        data=FinalData(name="digits", validation=150),
        skeleton=PyramidNetConfig(blocks=2, alpha=24, image=ImageShape(1, 8, 8)),
        cell=cell,
        recipe=Recipe(epochs=30, learning_rate=0.1, norm_batches=0),
    )


def fashion(cell: Cell = TREE_CELL_A) -> FinalTrainingConfig:
    """Fashion-MNIST, all of it, in a DenseNet: an hour or two on one CPU core."""
    return FinalTrainingConfig(
        data=FinalData(name="fashion-mnist", validation=2000),
        skeleton=DenseNetConfig(blocks=2, growth=8, image=ImageShape(1, 28, 28)),
        cell=cell,
        recipe=Recipe(epochs=15, learning_rate=0.1, norm_batches=0),
    )


def paper(
    alpha: int, epochs: int, cell: Cell = TREE_CELL_A, *, regularised: bool = True
) -> FinalTrainingConfig:
    """The paper's final training on CIFAR-10: PyramidNet, N=18, G=2, on all 50,000 images.

    Args:
        alpha: growth of the width; the paper has 84 and 150.
        epochs: the paper has 300 and 600.
        cell: TreeCell-A is the one of the published accuracies.
        regularised: with DropPath and Cutout; the row of 300 epochs has neither.

    Reference: Cai et al. 2018, section 4.2 and table 1 (arXiv:1806.02639).
    """
    return FinalTrainingConfig(
        data=FinalData(name="cifar10"),
        skeleton=PyramidNetConfig(
            blocks=18, alpha=alpha, groups=2, drop_path=DROP_PATH if regularised else 0.0
        ),
        cell=cell,
        recipe=Recipe(
            epochs=epochs,
            batch_size=FINAL_RECIPE.batch_size,
            learning_rate=FINAL_RECIPE.learning_rate,
            norm_batches=0,
        ),
        cutout=CUTOUT if regularised else 0,
    )


def imagenet_mobile(cell: Cell = TREE_CELL_B) -> FinalTrainingConfig:
    """The paper's network for ImageNet in the mobile setting: CondenseNet, 594 M multiply-adds.

    The data set is a folder `imagenet` with a folder for each of 1,000 classes, or whatever else
    is named.

    Reference: Cai et al. 2018, section 4.4; the recipe is that of CondenseNet's code (Huang et al.
    2018, arXiv:1711.09224), which they used.
    """
    return FinalTrainingConfig(
        data=FinalData(name="imagenet"),
        skeleton=CondenseNetConfig(),
        cell=cell,
        recipe=Recipe(
            epochs=120,
            batch_size=256,
            learning_rate=0.1,
            norm_batches=0,
            lasso_weight=1e-5,
            augmentation=PhotoAugmentation(crop_area=0.08, flip=True),
        ),
    )


FINAL_PRESETS: Mapping[str, Callable[..., FinalTrainingConfig]] = {
    "digits": digits,
    "fashion": fashion,
    "paper-pyramidnet-84-300": partial(paper, 84, 300, regularised=False),
    "paper-pyramidnet-84-600": partial(paper, 84, 600),
    "paper-pyramidnet-150-300": partial(paper, 150, 300, regularised=False),
    "paper-pyramidnet-150-600": partial(paper, 150, 600),
    "paper-imagenet-mobile": imagenet_mobile,
}


def final_preset(name: str, cell: Cell | None = None) -> FinalTrainingConfig:
    """The preset of that name.

    Args:
        cell: in its network; by default the one of the published accuracies.

    Raises:
        InvalidConfig: there is none, or the cell does not fit its network.
    """
    if name not in FINAL_PRESETS:
        expected = ", ".join(FINAL_PRESETS)
        raise InvalidConfig("preset", f"expected one of {expected}, got {name!r}")
    return FINAL_PRESETS[name](*([] if cell is None else [cell]))
