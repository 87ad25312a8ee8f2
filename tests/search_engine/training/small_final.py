"""Small final trainings on small images."""

from dataclasses import replace
from typing import Any

import torch

from search_engine.data import Augmentation, Dataset
from search_engine.spec import Cell, DenseNetConfig, ImageShape, parse_cell
from search_engine.spec.final_training import FinalData, FinalTrainingConfig
from search_engine.spec.recipe import Recipe

CELL = parse_cell("add[G3x3, G3x3 -> [sep3]]")
SKELETON = DenseNetConfig(blocks=1, growth=4, image=ImageShape(1, 8, 8), drop_path=0.2)


def dataset(count: int = 70, classes: int = 10, image: tuple[int, int, int] = (1, 8, 8)) -> Dataset:
    """Random images; the first fifth is for testing."""
    generator = torch.Generator().manual_seed(0)
    return Dataset(
        name="random",
        images=torch.randint(256, (count, *image), generator=generator, dtype=torch.uint8),
        labels=torch.arange(count) % classes,
        class_names=tuple(f"class {number}" for number in range(classes)),
        test=torch.arange(count // 5),
        licence="none",
        source="random",
        augmentation=Augmentation(padding=1),
    )


def config(
    cell: Cell = CELL, *, recipe: dict[str, Any] | None = None, **settings: Any
) -> FinalTrainingConfig:
    """A final training of four epochs of three steps."""
    base = FinalTrainingConfig(
        data=FinalData(name="random", validation=10),
        skeleton=SKELETON,
        cell=cell,
        recipe=Recipe(epochs=4, batch_size=16, learning_rate=0.05, norm_batches=0),
        cutout=4,
    )
    base = replace(base, recipe=replace(base.recipe, **(recipe or {})))
    return replace(base, **settings)
