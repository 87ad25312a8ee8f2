"""Networks and data for the check: those of the paper's search, and small ones of each family."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import torch
from torch import Tensor

from search_engine.data import Augmentation, Batches, Dataset, DeviceImages
from search_engine.data.dataset import Statistics
from search_engine.networks import Network, build_network
from search_engine.spec import Architecture, ImageShape, Lineage, sample, search_space_of
from search_engine.spec.library import TREE_CELL_A
from search_engine.spec.presets import preset
from search_engine.spec.recipe import Precision, Recipe
from search_engine.spec.training_events import EpochEnded
from search_engine.training.trainer import Trainer
from search_engine.transforms import inherit
from tests.growing import FAMILIES, look_trained, small_skeleton

__all__ = ["CHOSEN", "CUDA", "FAMILIES", "PAPER", "relative"]

CUDA = torch.device("cuda", 0)
PAPER = preset("paper-cifar10")
CHOSEN: dict[str, int | None] = {
    "start": None,
    "child of few kernels": 2,
    "child of middling": 8,
    "child of many": 9,
}
"""The start network, and seeds of children of it."""

LABELS = tuple("0123456789")


def images(count: int, side: int = 32) -> Dataset:
    """Random colour images."""
    generator = torch.Generator().manual_seed(0)
    return Dataset(
        name="random",
        images=torch.randint(256, (count, 3, side, side), generator=generator, dtype=torch.uint8),
        labels=torch.arange(count) % 10,
        class_names=LABELS,
        test=torch.tensor([], dtype=torch.int64),
        licence="none",
        source="random",
        augmentation=Augmentation(padding=4, flip=True),
    )


def batches(count: int, batch: int = 64, device: torch.device = CUDA) -> Batches:
    """Batches of them, augmented."""
    data, flat = images(count), Statistics((0.5,) * 3, (0.25,) * 3)
    held = DeviceImages(data, device)
    augmentation = data.augmentation
    return Batches(
        held, torch.arange(count), batch, statistics=flat, augmentation=augmentation, seed=3
    )


def architecture(seed: int | None) -> Architecture:
    """The paper's start network, or a random child of it."""
    found = Architecture.start(PAPER.skeleton)
    if seed is not None:
        for change in sample(search_space_of(PAPER.skeleton), random.Random(seed)).transformations:
            found = found.after(change)
    return found


def make(name: str) -> Network:
    """A network of `CHOSEN`, or `TreeCell-A`, on the GPU."""
    if name == "TreeCell-A":
        return build_network(Architecture(PAPER.skeleton, TREE_CELL_A), seed=0, device=CUDA)
    return build_network(architecture(CHOSEN[name]), seed=0, device=CUDA)


def gated_child(
    family: str, seed: int = 6, device: str = "cpu", drop_path: float = 0.0
) -> tuple[Network, Network]:
    """A small parent that looks trained, and its child with shut gates."""
    image = ImageShape(3, 32, 32)
    skeleton = replace(small_skeleton(family), image=image, drop_path=drop_path)
    parent = look_trained(build_network(Architecture.start(skeleton), seed=1), 1).eval().to(device)
    changes = sample(search_space_of(skeleton), random.Random(seed)).transformations
    noise = torch.randn(4, 64, 3, 32, 32, generator=torch.Generator().manual_seed(2))
    calibration = [batch.to(device) for batch in noise]
    return parent, inherit(parent, Lineage(changes, seed), calibration)


def speed(
    network: Network, *, graphs: bool, precision: Precision, batch: int = 64, steps: int = 60
) -> float:
    """Steps a second of the Trainer, after warming up."""
    recipe = Recipe(epochs=1000, batch_size=batch, precision=precision, norm_batches=0)
    data = batches(batch * steps, batch)
    trainer = Trainer(network, recipe, data, seed=0, device=CUDA, cuda_graphs=graphs)
    for event in trainer.run():
        if isinstance(event, EpochEnded) and event.epoch == 3:
            return event.images_per_second / batch
    return 0.0


def relative(found: Tensor, wanted: Tensor) -> float:
    """The distance of two tensors as a share of the second's length."""
    found, wanted = found.double().cpu(), wanted.double().cpu()
    return float((found - wanted).norm() / wanted.norm().clamp_min(1e-30))


@contextmanager
def tf32(on: bool) -> Iterator[None]:
    """Convolutions in TF32 or not; torch's default is on."""
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = on
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = before
