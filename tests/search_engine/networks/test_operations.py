"""Edge operations: orders, identity kernels, pools, fresh weights."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from search_engine.networks.network import initialise
from search_engine.networks.operations import Conv, WeightedOperation, make_operation
from search_engine.spec import Operation, Order, Shape

WEIGHTED = [operation for operation in Operation if operation.has_weights]


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("operation", WEIGHTED)
def test_operations_map_widths_and_strides(operation: Operation, order: Order) -> None:
    module = make_operation(operation, Shape(8, 12, stride=2, groups=4), order)
    assert module(torch.zeros(2, 8, 6, 10)).shape == (2, 12, 3, 5)


@pytest.mark.parametrize("order", Order)
def test_orders_put_weight_norm_and_activation_where_they_say(order: Order) -> None:
    x = torch.randn(4, 2, 5, 5)
    module = Conv(3, Shape(2, 3), order)
    functions: dict[Order, list[Callable[[Tensor], Tensor]]] = {
        Order.BN_ACT_WEIGHT: [module.norm, F.relu, module.conv],
        Order.ACT_WEIGHT_BN: [F.relu, module.conv, module.norm],
        Order.WEIGHT_BN_ACT: [module.conv, module.norm, F.relu],
    }
    y = x
    for function in functions[order]:
        y = function(y)
    torch.testing.assert_close(module(x), y)


@pytest.mark.parametrize("operation", WEIGHTED)
def test_identity_kernels_return_their_input(operation: Operation) -> None:
    module = make_operation(operation, Shape(8, 8, groups=2), Order.BN_ACT_WEIGHT)
    assert isinstance(module, WeightedOperation)
    module.set_identity()
    x = torch.randn(2, 8, 5, 5)
    torch.testing.assert_close(module.weigh(x), x)


def test_the_average_pool_does_not_count_padding() -> None:
    pool = make_operation(Operation.AVG_POOL_3X3, Shape(1, 1), Order.BN_ACT_WEIGHT)
    ones = torch.ones(1, 1, 4, 4)
    assert torch.equal(pool(ones), ones)


@pytest.mark.parametrize("operation", [Operation.AVG_POOL_3X3, Operation.MAX_POOL_3X3])
def test_pools_keep_the_size(operation: Operation) -> None:
    pool = make_operation(operation, Shape(2, 2), Order.BN_ACT_WEIGHT)
    assert pool(torch.randn(1, 2, 7, 5)).shape == (1, 2, 7, 5)


def test_inputs_are_not_changed_in_place() -> None:
    x = torch.randn(2, 4, 5, 5)
    before = x.clone()
    for order in Order:
        for operation in Operation:
            make_operation(operation, Shape(4, 4, groups=2), order)(x)
    assert torch.equal(x, before)


@pytest.mark.parametrize("groups", [1, 4])
def test_he_fan_out_counts_the_outputs_of_a_group(groups: int) -> None:
    conv = nn.Conv2d(64, 128, 3, groups=groups, bias=False)
    initialise(conv, torch.Generator().manual_seed(0))
    expected = math.sqrt(2 / (9 * 128 / groups))
    assert conv.weight.std().item() == pytest.approx(expected, rel=0.02)
    assert abs(conv.weight.mean().item()) < expected / 50
