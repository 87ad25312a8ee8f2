"""All settings of a final training: a chosen cell in a larger network, trained for long."""

import dataclasses
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from search_engine.architecture import (
    Architecture,
    Cell,
    PyramidNetConfig,
    SkeletonConfig,
    cell_from_json,
    cell_to_json,
    skeleton_from_json,
)
from search_engine.architecture.documents import Document, Reader
from search_engine.architecture.library import TREE_CELL_A
from search_engine.architecture.skeletons.base import check_range
from search_engine.errors import InvalidConfig
from search_engine.final_training.placement import placed
from search_engine.training import Recipe

FINAL_CONFIG_VERSION = 1

FINAL_RECIPE = Recipe(epochs=300, batch_size=64, learning_rate=0.1, norm_batches=0)
"""METHOD section 7. Batch norms keep their moving averages: over a long training they do not lag,
and five batches would measure them worse."""


class Weights(StrEnum):
    """What the network starts from: fresh weights, or those that the trial has learned."""

    SCRATCH = "scratch"
    GROWN = "grown"


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalData:
    """Which images, and how they are divided. Test images are looked at once, at the end.

    Args:
        name: of a published data set, or the path of a folder or zip of images.
        validation: images held out for the curve; 0 learns from all of them, as the paper does, and
            leaves a curve without validation accuracy.
        train_limit: at most so many training images; None for all.
        seed: of the division. The search's seed and number keep the search's validation images
            apart, which grown weights have never learned from.
    """

    name: str = "digits"
    validation: int = 0
    train_limit: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        check_range("data.validation", self.validation, 0, 10**9)
        if self.train_limit is not None:
            check_range("data.train_limit", self.train_limit, 1, 10**9)
        check_range("data.seed", self.seed, 0, 2**32 - 1)

    @property
    def calibration(self) -> int:
        """Images held out for calibration: none, nothing is selected by them any more."""
        return 0


@dataclass(frozen=True, kw_only=True)
class FinalTrainingConfig:
    """A final training.

    Args:
        data: which images.
        skeleton: of the larger network, its DropPath included.
        cell: that stands in it.
        recipe: how it is trained.
        cutout: side in pixels of the square cut out of training images; 0 for none, None for what
            suits the data set.
        weights: what it starts from.
        seed: of fresh weights, of the order of images and of DropPath.

    Raises:
        InvalidConfig: a setting is outside its limits, or the cell does not fit the skeleton.
    """

    data: FinalData = field(default_factory=FinalData)
    skeleton: SkeletonConfig = field(default_factory=PyramidNetConfig)
    cell: Cell = TREE_CELL_A
    recipe: Recipe = FINAL_RECIPE
    cutout: int | None = None
    weights: Weights = Weights.SCRATCH
    seed: int = 0

    def __post_init__(self) -> None:
        if self.weights not in list(Weights):
            expected = ", ".join(Weights)
            raise InvalidConfig("weights", f"expected one of {expected}, got {self.weights!r}")
        object.__setattr__(self, "weights", Weights(self.weights))
        if self.weights is Weights.SCRATCH and not self.skeleton.has_fresh_weights:
            raise InvalidConfig(
                "weights", "a network that was exported has no fresh weights: expected grown"
            )
        if self.cutout is not None:
            check_range("cutout", self.cutout, 0, 4096)
        check_range("seed", self.seed, 0, 2**32 - 1)
        placed(self.cell, self.skeleton)

    @property
    def architecture(self) -> Architecture:
        """The network that is trained."""
        return Architecture(self.skeleton, self.cell)

    def to_json(self) -> Document:
        """The config as plain values for `json.dumps`."""
        return {
            "version": FINAL_CONFIG_VERSION,
            "data": dataclasses.asdict(self.data),
            "skeleton": self.skeleton.to_json(),
            "cell": cell_to_json(self.cell),
            "recipe": self.recipe.to_json(),
            "cutout": self.cutout,
            "weights": self.weights.value,
            "seed": self.seed,
        }

    @classmethod
    def from_json(cls, document: object) -> Self:
        """A config from what `to_json` made.

        Raises:
            InvalidConfig: malformed, or settings that do not go together; it names the field.
            InvalidArchitecture: the cell is malformed.
        """
        reader = Reader(document, "final_training")
        reader.version(FINAL_CONFIG_VERSION)
        config = cls(
            data=_read_data(reader.take("data")),
            skeleton=skeleton_from_json(reader.take("skeleton")),
            cell=cell_from_json(reader.take("cell")),
            recipe=Recipe.from_json(reader.take("recipe")),
            cutout=reader.optional_integer("cutout"),
            weights=reader.choice("weights", Weights),
            seed=reader.integer("seed"),
        )
        reader.done()
        return config


def _read_data(document: object) -> FinalData:
    reader = Reader(document, "data")
    data = FinalData(
        name=reader.string("name"),
        validation=reader.integer("validation"),
        train_limit=reader.optional_integer("train_limit"),
        seed=reader.integer("seed"),
    )
    reader.done()
    return data
