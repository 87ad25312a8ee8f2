"""Small networks, small data sets, and trainers of them."""

import random
from dataclasses import replace
from typing import Any

import torch

from search_engine.data import Augmentation, Batches, Dataset, DeviceImages, load_dataset
from search_engine.data.dataset import Statistics
from search_engine.networks import Network, build_network
from search_engine.spec import Architecture, Lineage, Operation, SearchSpace, sample
from search_engine.spec.recipe import Precision, Recipe
from search_engine.spec.training_events import EpochEnded
from search_engine.training.trainer import Trainer
from search_engine.transforms import inherit
from tests.devices import DEVICE
from tests.growing import small_skeleton

PLAIN = Statistics((0.5,), (0.25,))
SPACE = SearchSpace(start_edge=Operation.CONV_3X3, groups=1)


def random_dataset(count: int = 56) -> Dataset:
    """Random grey images of 8x8 pixels with random labels of ten classes."""
    generator = torch.Generator().manual_seed(0)
    return Dataset(
        name="random",
        images=torch.randint(256, (count, 1, 8, 8), generator=generator, dtype=torch.uint8),
        labels=torch.arange(count) % 10,
        class_names=tuple("0123456789"),
        test=torch.tensor([], dtype=torch.int64),
        licence="none",
        source="random",
        augmentation=Augmentation(padding=1),
    )


def random_batches(
    batch_size: int = 16,
    count: int = 56,
    device: torch.device | str = DEVICE,
    **options: Any,
) -> Batches:
    """Batches of `random_dataset`, by default 4 an epoch, the last smaller."""
    dataset = random_dataset(count)
    options = {"augmentation": dataset.augmentation, "seed": 3, **options}
    images = DeviceImages(dataset, device)
    return Batches(images, torch.arange(count), batch_size, statistics=PLAIN, **options)


def digits(batch_size: int = 64) -> tuple[Batches, Batches]:
    """Training and validation batches of real digits."""
    dataset = load_dataset("digits")
    splits = dataset.split(validation=300, calibration=50, seed=0)
    images, statistics = DeviceImages(dataset, DEVICE), dataset.statistics(splits.train)
    validation = Batches(images, splits.validation, batch_size, statistics=statistics)
    return Batches(images, splits.train, batch_size, statistics=statistics), validation


def start_network(family: str = "densenet", **skeleton: Any) -> Network:
    """A start network with fresh weights."""
    config = replace(small_skeleton(family), **skeleton)
    return build_network(Architecture.start(config), seed=1, device=DEVICE)


def child_network(family: str = "densenet", seed: int = 6, **skeleton: Any) -> Network:
    """A child with shut gates, adds, pools and convolutions. The same arguments give the same."""
    transformations = sample(SPACE, random.Random(seed)).transformations
    return inherit(start_network(family, **skeleton), Lineage(transformations, seed))


def trainer(network: Network, *, seed: int = 5, **recipe: Any) -> Trainer:
    """A trainer on `random_batches`, by default for 4 epochs of 4 steps, in float32."""
    usual = {"epochs": 4, "batch_size": 16, "precision": Precision.FLOAT32}
    settings = Recipe(**{**usual, **recipe})
    batches = random_batches(settings.batch_size)
    return Trainer(network, settings, batches, seed=seed, device=DEVICE)


def one_step_trainer(network: Network, **recipe: Any) -> Trainer:
    """A trainer for one step on 56 images, without weight decay or momentum unless given."""
    plain = {"epochs": 1, "batch_size": 56, "momentum": 0.0, "weight_decay": 0.0, **recipe}
    return trainer(network, **plain)


def train(trainer: Trainer) -> list[EpochEnded]:
    """Train to the end: what was told of each epoch."""
    return [event for event in trainer.run() if isinstance(event, EpochEnded)]


def train_until(trainer: Trainer, epoch: int) -> Trainer:
    """Train until so many epochs are done."""
    for event in trainer.run():
        if isinstance(event, EpochEnded) and event.epoch == epoch:
            break
    return trainer


def same_weights(one: Network, other: Network) -> bool:
    """Whether two networks' parameters and buffers are equal bit for bit."""
    first, second = one.state_dict(), other.state_dict()
    return first.keys() == second.keys() and all(
        torch.equal(first[name], second[name]) for name in first
    )
