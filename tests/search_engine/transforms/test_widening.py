"""Fresh widening: what was there stays as it was, and what is new learns from the first step on."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from search_engine.networks import Network
from search_engine.spec import (
    InsertNode,
    Lineage,
    Merge,
    Morph,
    Operation,
    Order,
    ReplaceIdentity,
    SetMerge,
    Transformation,
    Widen,
    Widening,
)
from search_engine.transforms import inherit, remove_gates
from tests.growing import FAMILIES, random_images, small_skeleton, trained_network

GROWN: tuple[Transformation, ...] = (
    SetMerge((), Merge.ADD, 2),
    InsertNode((0,)),
    SetMerge((0,), Merge.CONCAT, 2),
    ReplaceIdentity((0, 0), Operation.SEP_CONV_3X3),
    InsertNode((1,)),
    ReplaceIdentity((1, 0), Operation.AVG_POOL_3X3),
)
"""A cell with split channels, a depthwise part, and a branch that passes its channels on."""

LAYERS = [
    (family, layer)
    for family in FAMILIES
    for layer in trained_network(small_skeleton(family), 0).architecture.skeleton.hidden_layers()
]


def grown_network(family: str, order: Order) -> Network:
    start = trained_network(small_skeleton(family, order, groups=2), 0)
    grown = inherit(start, Lineage(GROWN, 0, Morph(noise=0.0)), [random_images(0)])
    remove_gates(grown)
    return grown


def widened(parent: Network, layer: str, widening: Widening = Widening.FRESH) -> Network:
    width = parent.architecture.skeleton.hidden_layers()[layer].width
    return inherit(parent, Lineage((Widen(layer, width + 8),), 1, Morph(widening=widening)))


def gradients(network: Network) -> dict[str, Tensor]:
    images, labels = random_images(1, count=16), torch.arange(16) % 10
    F.cross_entropy(network.train()(images), labels).backward()
    return {n: p.grad for n, p in network.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize(("family", "layer"), LAYERS)
def test_old_parts_keep_their_gradients_and_new_ones_learn_at_once(
    family: str, layer: str, order: Order
) -> None:
    parent = grown_network(family, order)
    child = widened(parent, layer)
    old, new = gradients(parent), gradients(child)
    assert old.keys() == new.keys()
    wider = [name for name in old if old[name].shape != new[name].shape]
    for name in old.keys() - wider:
        assert torch.allclose(old[name], new[name], rtol=1e-6, atol=1e-9), name
    weights = dict(child.named_parameters())
    silent = [n for n in wider if weights[n].ndim > 1 and bool((weights[n] == 0).any())]
    assert any(bool(new[name][weights[name] == 0].any()) for name in silent)
    optimiser = torch.optim.SGD(child.parameters(), lr=0.1)
    optimiser.step()
    optimiser.zero_grad()
    writer = next(n for n in wider if weights[n].ndim > 1 and len(old[n]) < len(new[n]))
    learning = gradients(child)[writer].flatten(1).any(dim=1).double().mean()
    assert learning > 0.85  # without the new filters at most 0.8; a ReLU or two may be dead


@pytest.mark.parametrize("widening", Widening)
def test_statistics_of_old_channels_stay_what_they_were_in_training(widening: Widening) -> None:
    parent = grown_network("chainnet", Order.WEIGHT_BN_ACT)
    child = widened(parent, "stage1_block1.cell", widening)
    images = random_images(2, count=8)
    with torch.no_grad():
        parent.train()(images)
        child.train()(images)
    kept = {
        name: (before, child.state_dict()[name])
        for name, before in parent.state_dict().items()
        if name.endswith("running_var") and before.shape == child.state_dict()[name].shape
    }
    assert kept
    for before, after in kept.values():
        assert (before - after).abs().max() <= (1e-9 if widening is Widening.FRESH else 1e-2)


def test_another_seed_draws_other_filters() -> None:
    parent = trained_network(small_skeleton("chainnet"), 0)
    steps = (Widen("stage1_block1.cell", 12),)
    one, again, other = (inherit(parent, Lineage(steps, seed)).state_dict() for seed in (1, 1, 2))
    name = "blocks.stage1_block1.cell.root.branches.0.operation.conv.weight"
    assert torch.equal(one[name], again[name])
    assert torch.equal(one[name][:8], other[name][:8])
    assert not torch.equal(one[name][8:], other[name][8:])
