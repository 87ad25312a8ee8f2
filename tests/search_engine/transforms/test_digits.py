"""A small network on real images: grown children keep its accuracy, and train on from it."""

import copy
import math
import random

import pytest
import torch
from sklearn.datasets import load_digits
from torch import Tensor
from torch.nn import functional as F

from search_engine.networks import Network, build_network
from search_engine.spec import (
    Architecture,
    CellTransformation,
    DenseNetConfig,
    ImageShape,
    Lineage,
    Morph,
    MorphKind,
    Operation,
    SearchSpace,
    sample,
)
from search_engine.transforms import gate_opening, inherit, remove_gates, set_opening

pytestmark = pytest.mark.thorough

TRAINING, BATCH = 1000, 50
SKELETON = DenseNetConfig(blocks=1, growth=8, groups=1, image=ImageShape(1, 8, 8))
SPACE = SearchSpace(start_edge=Operation.CONV_3X3, groups=1)


@pytest.fixture(scope="module")
def digits() -> tuple[Tensor, Tensor]:
    """Images `(1797, 1, 8, 8)` and labels, shuffled; the first 1,000 are for training."""
    data = load_digits()
    images = torch.tensor(data.images, dtype=torch.float32).unsqueeze(1) / 16
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
    return ((images - 0.3) / 0.38)[order], torch.tensor(data.target)[order]


@pytest.fixture(scope="module")
def start(digits: tuple[Tensor, Tensor]) -> Network:
    """A start network after four epochs."""
    return train(build_network(Architecture.start(SKELETON), seed=1), digits, epochs=4)


def grown(seed: int) -> tuple[CellTransformation, ...]:
    """The transformations of a random cell."""
    return sample(SPACE, random.Random(seed)).transformations


def train(network: Network, data: tuple[Tensor, Tensor], epochs: int) -> Network:
    """Plain SGD with a cosine schedule; gates open on the way."""
    images, labels = data[0][:TRAINING], data[1][:TRAINING]
    optimiser = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9, nesterov=True)
    steps = epochs * TRAINING // BATCH
    generator = torch.Generator().manual_seed(0)
    network.train()
    for step in range(steps):
        set_opening(network, gate_opening(step / steps))
        optimiser.param_groups[0]["lr"] = 0.05 * (1 + math.cos(math.pi * step / steps))
        rows = torch.randperm(TRAINING, generator=generator)[:BATCH]
        loss = F.cross_entropy(network(images[rows]), labels[rows])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    remove_gates(network)
    return network.eval()


@torch.no_grad()
def accuracy(network: Network, data: tuple[Tensor, Tensor]) -> float:
    """Share of the images not trained on that are told right."""
    images, labels = data[0][TRAINING:], data[1][TRAINING:]
    return float((network(images).argmax(dim=1) == labels).float().mean())


@pytest.mark.parametrize("seed", range(3))
def test_a_child_is_born_with_its_parents_accuracy(
    seed: int, start: Network, digits: tuple[Tensor, Tensor]
) -> None:
    lineage = Lineage(grown(seed), seed, Morph(noise=0.0))
    child = inherit(start, lineage, [digits[0][:100]])
    before, after = accuracy(start, digits), accuracy(child, digits)
    print(f"accuracy before {before:.4f}, after {after:.4f}")
    assert before == after > 0.9


def test_grown_children_beat_the_same_children_from_random_weights(
    start: Network, digits: tuple[Tensor, Tensor]
) -> None:
    inherited, fresh = [], []
    for seed in range(2):
        child = inherit(start, Lineage(grown(seed), seed), [digits[0][:100]])
        scratch = build_network(child.architecture, seed=seed)
        inherited.append(accuracy(train(copy.deepcopy(child), digits, epochs=2), digits))
        fresh.append(accuracy(train(scratch, digits, epochs=2), digits))
    means = sum(inherited) / 2, sum(fresh) / 2
    print(f"mean accuracy after 2 epochs: inherited {means[0]:.4f}, fresh {means[1]:.4f}")
    assert means[0] > means[1] + 0.02


def test_distillation_brings_a_child_near_its_parent(
    start: Network, digits: tuple[Tensor, Tensor]
) -> None:
    transformations, unseen = grown(2), digits[0][TRAINING:]
    batches = list(digits[0][:TRAINING].split(100))
    born = inherit(start, Lineage(transformations), batches)
    remove_gates(born)
    taught = inherit(start, Lineage(transformations, morph=Morph(MorphKind.DISTILLED)), batches)
    with torch.no_grad():
        target = start(unseen)
        before, after = (F.mse_loss(child(unseen), target) for child in (born, taught))
    print(f"mean squared change of the logits: {before:.2f} born, {after:.3f} distilled")
    assert not taught.gates()
    assert after < before / 20
    assert after < target.var() / 20
