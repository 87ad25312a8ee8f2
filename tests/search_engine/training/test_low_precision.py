"""Weights cast all at once: the same training to the last bit, with fewer operations."""

from collections import Counter

import pytest
import torch

from search_engine.networks import Network
from search_engine.spec.recipe import Precision, Recipe
from search_engine.training.step import TrainStep
from search_engine.training.trainer import Trainer
from tests.growing import FAMILIES
from tests.search_engine.training.small import (
    child_network,
    random_batches,
    same_weights,
    start_network,
    train,
)

RECIPE = Recipe(
    epochs=3, batch_size=16, annealing=0.5, precision=Precision.BFLOAT16, gradient_clip=1.0
)


def trained(network: Network, *, at_once: bool, monkeypatch: pytest.MonkeyPatch) -> Network:
    with monkeypatch.context() as patched:
        if not at_once:
            patched.setattr(TrainStep, "forget", lambda step: setattr(step, "_low", None))
        train(Trainer(network, RECIPE, random_batches(), seed=5))
    return network


@pytest.mark.parametrize("family", FAMILIES)
def test_the_training_is_the_same_to_the_last_bit(
    family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = start_network if family == "condensenet" else child_network
    networks = [
        trained(make(family), at_once=at_once, monkeypatch=monkeypatch) for at_once in (False, True)
    ]
    assert same_weights(*networks)


def casts(step: TrainStep) -> int:
    """How many operations of a step copy from one type to another."""
    images, labels = next(random_batches().epoch(0))
    step.set_learning_rate(0.0)
    with torch.profiler.profile() as profiled:
        step(images, labels)
    found = Counter({event.key: event.count for event in profiled.key_averages()})
    return found["aten::_to_copy"]


def test_two_operations_cast_all(monkeypatch: pytest.MonkeyPatch) -> None:
    network = child_network().train()
    at_once = casts(TrainStep(network, RECIPE))
    monkeypatch.setattr(TrainStep, "forget", lambda step: setattr(step, "_low", None))
    weights = sum(weight.dim() >= 2 for weight in network.parameters())
    assert casts(TrainStep(network, RECIPE)) >= at_once + weights
