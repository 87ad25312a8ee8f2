"""CondenseNet's learned layers: what they drop, when, and that conversion keeps the function."""

import pytest
import torch

from search_engine.networks import CondenseNet, build_empty
from search_engine.networks.learned_groups import LearnedGroupConv, LearnedLinear
from search_engine.networks.network import initialise
from search_engine.spec import Architecture, Order
from tests.growing import random_images, relative_change, small_skeleton, trained_network


def learned_conv(in_channels: int = 8, out_channels: int = 8) -> LearnedGroupConv:
    """A layer of two groups that keeps one in four of its inputs."""
    conv = LearnedGroupConv(in_channels, out_channels, 2, 4, Order.BN_ACT_WEIGHT)
    initialise(conv, torch.Generator().manual_seed(0))
    return conv


def test_every_group_drops_its_least_used_inputs() -> None:
    conv = learned_conv()
    with torch.no_grad():
        # Outputs 0, 2, … are group 0 and use input 0 least; outputs 1, 3, … use input 7 least.
        conv.conv.weight[0::2] = torch.arange(1.0, 9).view(1, 8, 1, 1)
        conv.conv.weight[1::2] = -torch.arange(8.0, 0, -1).view(1, 8, 1, 1)
    conv.condense(1)
    assert conv.mask[0].flatten().tolist() == [0, 0, 1, 1, 1, 1, 1, 1]
    assert conv.mask[1].flatten().tolist() == [1, 1, 1, 1, 1, 1, 0, 0]
    conv.condense(3)
    assert conv.mask[0].flatten().tolist() == [0, 0, 0, 0, 0, 0, 1, 1]


@pytest.mark.parametrize(
    ("progress", "dropped"), [(0.0, 0), (0.16, 0), (0.17, 2), (0.34, 4), (0.5, 6), (1.0, 6)]
)
def test_inputs_are_dropped_at_three_points_of_the_first_half(
    progress: float, dropped: int
) -> None:
    network = trained_network(small_skeleton("condensenet"), 0)
    assert isinstance(network, CondenseNet)
    network.condense(progress)
    first = next(m for m in network.modules() if isinstance(m, LearnedGroupConv))
    assert first.dropped == dropped * first.conv.in_channels // 8


def test_a_dropped_input_gets_no_gradient() -> None:
    conv = learned_conv()
    conv.condense(2)
    conv(torch.randn(4, 8, 3, 3)).square().sum().backward()
    assert conv.conv.weight.grad is not None
    assert (conv.conv.weight.grad[conv.mask == 0] == 0).all()


def test_group_lasso_is_the_sum_of_norms_of_groups() -> None:
    conv = learned_conv(4, 4)
    weight = conv.conv.weight.detach()[:, :, 0, 0]
    by_hand = sum(
        weight[group::2, channel].square().sum().sqrt() for group in (0, 1) for channel in range(4)
    )
    torch.testing.assert_close(conv.lasso(), torch.as_tensor(by_hand))


def test_the_classifier_learns_to_use_half_of_its_inputs() -> None:
    linear = LearnedLinear(9, 3)
    initialise(linear, torch.Generator().manual_seed(0))
    linear.condense(1, 3)
    assert int(linear.mask.sum()) == 8
    linear.condense(3, 3)
    assert int(linear.mask.sum()) == 4
    x = torch.randn(5, 9)
    torch.testing.assert_close(linear.converted()(x), linear(x))


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("groups", [1, 4])
def test_conversion_keeps_the_function_and_saves_parameters(order: Order, groups: int) -> None:
    network = trained_network(small_skeleton("condensenet", order, groups), 3)
    assert isinstance(network, CondenseNet)
    network.condense(1.0)
    images = random_images(3)
    converted = network.converted()
    with torch.no_grad():
        assert relative_change(network(images), converted(images)) <= 1e-12
    assert not converted.training
    empty = build_empty(network.architecture, converted=True).double()
    empty.load_state_dict(converted.state_dict())
    assert torch.equal(empty.eval()(images), converted(images))


def test_a_converted_network_is_its_own_conversion() -> None:
    architecture = Architecture.start(small_skeleton("condensenet"))
    network = build_empty(architecture, device="meta", converted=True)
    assert isinstance(network, CondenseNet)
    assert network.converted() is network
