"""All settings of a final training: a chosen cell in a larger network, trained for long."""

from enum import StrEnum
from typing import Annotated

from search_engine.spec import AdoptedConfig, Architecture, PyramidNetConfig
from search_engine.spec.cell_json import CellField
from search_engine.spec.declared import Declared, Whole, about, always, declared
from search_engine.spec.errors import InvalidConfig
from search_engine.spec.library import TREE_CELL_A
from search_engine.spec.placement import placed
from search_engine.spec.recipe import Recipe
from search_engine.spec.search_config import DataName, ImagesLimit, SeedField
from search_engine.spec.skeletons import SkeletonField

FINAL_RECIPE = Recipe(epochs=300, batch_size=64, learning_rate=0.1, norm_batches=0)
"""The paper's (see docs/method.md). Batch norms keep their moving averages: over a long training
they do not lag, and five batches would measure them worse."""


class Weights(StrEnum):
    """What the network starts from: fresh weights, those that the trial has learned, or those that
    an adopted network was brought with, into which the cell grows anew."""

    SCRATCH = "scratch"
    GROWN = "grown"
    ADOPTED = "adopted"


@declared(kw_only=True)
class FinalData(Declared):
    """Which images, and how they are divided. Test images are looked at once, at the end.

    The search's seed and number of validation images keep those apart which grown weights have
    never learned from.
    """

    place = "data"
    may_lack = ("folds", "fold")

    name: DataName = "digits"
    validation: Annotated[
        Whole,
        about(
            "Validation",
            "held out for the curve; 0 learns from all images, and the curve has no accuracy",
            unit="images",
            ge=0,
            le=10**9,
        ),
    ] = 0
    train_limit: ImagesLimit = None
    seed: Annotated[Whole, about("Seed", "of the division", ge=0, le=2**32 - 1)] = 0
    folds: Annotated[
        Whole,
        about(
            "Folds",
            "1 tests once; more divide few images into so many parts, train a network for each on"
            " the others, and tell the spread of the accuracies; the first is kept",
            ge=1,
            le=20,
        ),
    ] = 1
    fold: Annotated[
        Whole | None, about("Fold", "which of them is tested; null for each in turn", ge=1, le=20)
    ] = None

    def __post_init__(self) -> None:
        if self.fold is not None and self.fold > self.folds:
            raise InvalidConfig("fold", f"expected one of {self.folds}, got {self.fold}")

    @property
    def tested(self) -> tuple[int, int] | None:
        """Which of how many folds is for test; None where the usual images are."""
        return None if self.folds == 1 else (self.fold or 1, self.folds)

    @property
    def calibration(self) -> int:
        """Images held out for calibration: none, nothing is selected by them any more."""
        return 0


@declared(kw_only=True)
class FinalTrainingConfig(Declared):
    """A final training."""

    place = "final_training"
    is_whole = True
    fixed = always(version=1)

    data: Annotated[FinalData, about("Data", "which images, and how they are divided")] = (
        FinalData()
    )
    skeleton: Annotated[
        SkeletonField, about("Skeleton", "of the larger network, its DropPath included")
    ] = PyramidNetConfig()
    cell: Annotated[CellField, about("Cell", "that stands in the network")] = TREE_CELL_A
    recipe: Annotated[Recipe, about("Recipe", "how it is trained")] = FINAL_RECIPE
    cutout: Annotated[
        Whole | None,
        about(
            "Cutout",
            "side of the square cut out of training images; 0 for none, null for what suits the"
            " data set",
            unit="pixels",
            ge=0,
            le=4096,
        ),
    ] = None
    weights: Annotated[Weights, about("Weights", "what it starts from")] = Weights.SCRATCH
    seed: SeedField = 0

    def __post_init__(self) -> None:
        if self.weights is Weights.SCRATCH and not self.skeleton.has_fresh_weights:
            raise InvalidConfig(
                "weights",
                "a network that was exported has no fresh weights: expected grown or adopted",
            )
        if self.weights is Weights.ADOPTED and not isinstance(self.skeleton, AdoptedConfig):
            reason = f"a {self.skeleton.family} was not brought in: expected scratch or grown"
            raise InvalidConfig("weights", reason)
        if self.weights is Weights.GROWN and self.data.folds > 1:
            raise InvalidConfig(
                "data.folds",
                "grown weights have learned from images of other folds: expected 1, or weights"
                " that have not: adopted or scratch",
            )
        placed(self.cell, self.skeleton)

    @property
    def architecture(self) -> Architecture:
        """The network that is trained."""
        return Architecture(self.skeleton, self.cell)
