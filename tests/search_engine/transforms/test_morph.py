"""Gates, calibration and distillation."""

import pytest
import torch
from torch.nn import functional as F

from search_engine.networks.operations import WeightedOperation
from search_engine.spec import (
    InsertNode,
    Lineage,
    Merge,
    Morph,
    Operation,
    Order,
    ReplaceIdentity,
    SetMerge,
)
from search_engine.transforms import gate_opening, inherit, set_opening
from search_engine.transforms.morph import LIFT
from tests.growing import random_images, small_skeleton, trained_network

REPLACED = (InsertNode((0,)), ReplaceIdentity((0, 0), Operation.SEP_CONV_3X3))


@pytest.mark.parametrize(
    ("progress", "opening"), [(0.0, 0.0), (0.125, 0.25), (0.25, 0.5), (0.5, 1.0), (1.0, 1.0)]
)
def test_gates_open_linearly_over_the_first_half(progress: float, opening: float) -> None:
    assert gate_opening(progress) == opening


def test_without_annealing_gates_are_open_at_once() -> None:
    assert gate_opening(0.0, annealing=0.0) == 1.0


def test_a_half_open_gate_mixes_input_and_output() -> None:
    parent = trained_network(small_skeleton("chainnet"), 1)
    child = inherit(parent, Lineage(REPLACED))
    set_opening(child, 0.25)
    branch = next(iter(child.cells().values())).branch((0, 0))
    x = torch.randn(2, branch.shape.in_channels, 4, 4, dtype=torch.float64)
    expected = 0.75 * x + 0.25 * branch.operation(x)
    torch.testing.assert_close(branch(x), expected)


@pytest.mark.parametrize("order", Order)
def test_calibration_shows_a_batch_norm_the_features_that_it_will_see(order: Order) -> None:
    parent = trained_network(small_skeleton("chainnet", order), 1)
    images = random_images(3, count=16)
    child = inherit(parent, Lineage(REPLACED, morph=Morph(noise=0.0)), list(images.split(8)))
    branch = child.cells()["stage1_block1"].branch((0, 0))
    assert isinstance(branch.operation, WeightedOperation)
    norm, seen = branch.operation.norm, parent.cells()["stage1_block1"](parent.stem(images))  # type: ignore[operator]
    if order is Order.ACT_WEIGHT_BN:
        seen = F.relu(seen)
    mean, variance = seen.mean(dim=(0, 2, 3)), seen.var(dim=(0, 2, 3), correction=0)
    torch.testing.assert_close(norm.running_mean, mean)
    torch.testing.assert_close(norm.running_var, variance)
    lift = LIFT * norm.weight if order.norm_first else torch.zeros(())
    torch.testing.assert_close(norm.bias, mean + lift)


def test_calibration_does_not_touch_the_parents_batch_norms() -> None:
    parent = trained_network(small_skeleton("densenet"), 2)
    before = parent.state_dict()
    child = inherit(parent, Lineage(REPLACED), [random_images(2)])
    assert all(torch.equal(child.state_dict()[name], tensor) for name, tensor in before.items())


def test_gates_shut_out_batch_statistics_in_training() -> None:
    parent = trained_network(small_skeleton("densenet"), 2).train()
    child = inherit(parent, Lineage((SetMerge((), Merge.ADD, 2), *REPLACED), morph=Morph(noise=0)))
    assert child.training
    images = random_images(2)
    torch.testing.assert_close(child(images), parent(images), rtol=0, atol=1e-12)
