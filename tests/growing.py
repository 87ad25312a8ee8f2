"""Random networks that look trained, and random legal transformations of them."""

import random
from dataclasses import replace
from typing import TypeVar

import torch
from torch import Tensor, nn

from search_engine.networks import Network, build_network
from search_engine.spec import (
    Architecture,
    ChainNetConfig,
    CondenseNetConfig,
    Deepen,
    DenseNetConfig,
    ImageShape,
    InsertNode,
    Merge,
    Operation,
    Order,
    PyramidNetConfig,
    ReplaceIdentity,
    SetMerge,
    SkeletonConfig,
    Transformation,
    Widen,
)
from search_engine.spec.errors import IllegalTransformation
from tests.devices import DEVICE

IMAGE = ImageShape(1, 8, 8)
FAMILIES = ("densenet", "pyramidnet", "chainnet", "condensenet")
MAX_DEPTH = 3
N = TypeVar("N", bound=nn.Module)
NEW_OPERATIONS = [operation for operation in Operation if operation is not Operation.IDENTITY]


def small_skeleton(
    family: str, order: Order = Order.BN_ACT_WEIGHT, groups: int = 1, wide: int = 0
) -> SkeletonConfig:
    """A few blocks of a family; `wide` adds channels, so that widths do not divide."""
    skeletons: dict[str, SkeletonConfig] = {
        "densenet": DenseNetConfig(blocks=1, growth=8 + wide * groups, groups=groups, image=IMAGE),
        "pyramidnet": PyramidNetConfig(blocks=1, alpha=9 + wide, groups=groups, image=IMAGE),
        "chainnet": ChainNetConfig(
            blocks=1, channels=8 + wide * groups, groups=groups, image=IMAGE
        ),
        "condensenet": CondenseNetConfig(
            blocks=(1, 2), growths=(4, 8), searched=(0, 2), groups=groups, image=IMAGE, classes=10
        ),
    }
    return replace(skeletons[family], order=order)


@torch.no_grad()
def look_trained(network: N, seed: int) -> N:
    """Give every batch norm random statistics and scales: nothing is the identity by luck."""
    generator = torch.Generator().manual_seed(seed)
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            assert layer.running_mean is not None
            assert layer.running_var is not None
            channels = layer.num_features
            layer.running_mean.copy_(torch.randn(channels, generator=generator) / 2)
            layer.running_var.copy_(torch.rand(channels, generator=generator) + 0.3)
            layer.weight.copy_(torch.randn(channels, generator=generator) / 2 + 1)
            layer.bias.copy_(torch.randn(channels, generator=generator) / 2)
    return network


def trained_network(skeleton: SkeletonConfig, seed: int) -> Network:
    """A start network in float64 that looks trained, in eval mode."""
    network = build_network(Architecture.start(skeleton), seed=seed, device=DEVICE).double()
    return look_trained(network, seed).eval()


def random_images(seed: int, count: int = 4) -> Tensor:
    """Images as `IMAGE`, in float64."""
    shape = (count, IMAGE.channels, IMAGE.height, IMAGE.width)
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64).to(DEVICE)


def random_transformations(
    start: Architecture,
    rng: random.Random,
    steps: int,
    *,
    morphs: bool = True,
    layers: bool = True,
) -> tuple[Transformation, ...]:
    """Legal transformations, one after the other, no cell deeper than `MAX_DEPTH`.

    Args:
        start: what they start from.
        rng: of every draw.
        steps: how many at most; fewer where none is found.
        morphs: also those that bring new operations.
        layers: also those of layers outside the cells.
    """
    found: list[Transformation] = []
    for _ in range(20 * steps):
        if len(found) == steps:
            break
        transformation = _draw(start, rng, morphs=morphs, layers=layers)
        try:
            after = start.after(transformation)
        except IllegalTransformation:
            continue
        if after.cell.height <= MAX_DEPTH:
            start = after
            found.append(transformation)
    return tuple(found)


def _draw(
    architecture: Architecture, rng: random.Random, *, morphs: bool, layers: bool
) -> Transformation:
    cell = architecture.cell
    hidden = architecture.skeleton.hidden_layers() if layers else {}
    branch = rng.choice([path for path, _ in cell.branches()])
    node = rng.choice([path for path, node in cell.nodes() if not node.is_leaf])
    kinds = ["merge", "merge", "insert", "insert"]
    kinds += ["replace", "replace", "replace"] if morphs else []
    kinds += ["widen", "widen", *(["deepen"] if morphs else [])] if hidden else []
    match rng.choice(kinds):
        case "merge":
            return SetMerge(node, rng.choice([Merge.ADD, Merge.CONCAT]), rng.choice([2, 3]))
        case "insert":
            return InsertNode(branch)
        case "replace":
            return ReplaceIdentity(branch, rng.choice(NEW_OPERATIONS))
        case "deepen":
            return Deepen(rng.choice(list(hidden)))
    layer = rng.choice(list(hidden.values()))
    return Widen(layer.name, layer.width + rng.choice([1, 2, 4, 8, layer.width]))


def relative_change(before: Tensor, after: Tensor) -> float:
    """Largest change of logits as a share of their scale."""
    return float((before - after).abs().max().detach() / before.abs().max().detach())
