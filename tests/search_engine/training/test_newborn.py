"""A rate of their own for new parts, and the parent as a teacher; by hand."""

import copy

import torch
from torch.nn import functional as F

from search_engine.networks import Network
from search_engine.spec import InsertNode, Lineage, Operation, ReplaceIdentity, Widen
from search_engine.spec.recipe import Recipe
from search_engine.training.step import make_optimiser
from search_engine.training.trainer import Trainer
from search_engine.transforms import inherit, remove_gates
from tests.search_engine.training.small import (
    one_step_trainer,
    random_batches,
    same_weights,
    start_network,
    train,
)

GROWN = Lineage((InsertNode((0,)), ReplaceIdentity((0, 0), Operation.SEP_CONV_3X3)), seed=3)


def rates(network: Network, factor: float) -> dict[str, float]:
    """The multiple of the learning rate of each parameter."""
    optimiser = make_optimiser(network, Recipe(new_rate=factor), torch.device("cpu"))
    names = {id(parameter): name for name, parameter in network.named_parameters()}
    return {
        names[id(parameter)]: group["factor"]
        for group in optimiser.param_groups
        for parameter in group["params"]
    }


def test_only_what_was_made_in_the_last_growth_is_new() -> None:
    child = inherit(start_network(), GROWN)
    new = {name for name, factor in rates(child, 3.0).items() if factor == 3.0}
    assert new == child.newborn and new
    assert all(".node.branches.0.operation." in name for name in new)
    assert not start_network().newborn
    remove_gates(child)
    assert not inherit(child, Lineage((), seed=0)).newborn


def test_what_was_copied_is_not_new() -> None:
    parent = start_network("chainnet")
    layer, hidden = next(iter(parent.architecture.skeleton.hidden_layers().items()))
    child = inherit(parent, Lineage((Widen(layer, hidden.width + 2),), seed=0))
    assert child.architecture != parent.architecture
    assert not child.newborn


def test_new_parts_step_by_their_multiple() -> None:
    slow, fast, before = (inherit(start_network(), GROWN) for _ in range(3))
    options = {"norm_batches": 0, "annealing": 0.0, "learning_rate": 0.01}
    train(one_step_trainer(slow, **options))
    train(one_step_trainer(fast, new_rate=4.0, **options))
    for name, parameter in slow.named_parameters():
        step = parameter - before.get_parameter(name)
        factor = 4.0 if name in before.newborn else 1.0
        expected = before.get_parameter(name) + factor * step
        torch.testing.assert_close(fast.get_parameter(name), expected, rtol=1e-4, atol=1e-6)


def test_the_teacher_has_its_share_of_the_loss() -> None:
    network, teacher = start_network(), start_network(growth=5).eval()
    by_hand = copy.deepcopy(network).train()
    ((images, labels),) = list(random_batches(56).epoch(0))
    logits = by_hand(images)
    shares = teacher(images).softmax(dim=1).detach()
    divergence = (shares * (shares.log() - logits.log_softmax(dim=1))).sum(dim=1).mean()
    expected = 0.75 * F.cross_entropy(logits, labels) + 0.25 * divergence
    recipe = Recipe(epochs=1, batch_size=56, teacher_weight=0.25)
    (ended,) = train(Trainer(network, recipe, random_batches(56), seed=5, teacher=teacher))
    assert abs(ended.loss - expected.item()) < 1e-5


def test_a_teacher_without_weight_changes_nothing() -> None:
    taught, alone = start_network(), start_network()
    recipe = Recipe(epochs=1, batch_size=16)
    teacher = start_network(growth=5).eval()
    train(Trainer(taught, recipe, random_batches(), seed=5, teacher=teacher))
    train(Trainer(alone, recipe, random_batches(), seed=5))
    assert same_weights(taught, alone)
