"""Adopted networks that look trained, and transformations that bring every operation."""

import random
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

from search_engine.networks import AdoptedNetwork, Network
from search_engine.networks.adopted import adopt, outline_torchvision
from search_engine.spec import (
    AdoptedConfig,
    CellTransformation,
    Deepen,
    ImageShape,
    InsertNode,
    Lineage,
    Merge,
    Morph,
    MorphKind,
    Operation,
    Outline,
    ReplaceIdentity,
    SetMerge,
    SiteKind,
    Transformation,
    Widen,
)
from search_engine.transforms import inherit
from tests.growing import NEW_OPERATIONS, look_trained, relative_change

QUIET = Morph(MorphKind.ANNEALED, noise=0.0)
SIDE = 32
LARGER = {"alexnet": 64, "inception_v3": 80, "maxvit_t": 224}
"""Sides of images, in pixels, of networks that cannot take `SIDE`."""


@cache
def small_outline(model: str) -> Outline:
    """A torchvision classifier for the smallest images that all of its family take."""
    side = LARGER.get(model, SIDE)
    return outline_torchvision(model, ImageShape(3, side, side))


def site_groups(outline: Outline) -> dict[str, tuple[str, ...]]:
    """Names of the sites that fit together: the plain ones, and the grouped and depthwise ones."""
    groups: dict[str, list[str]] = {}
    for site in outline.sites:
        kind = "plain" if site.kind is SiteKind.PLAIN else "grouped"
        groups.setdefault(kind, []).append(site.name)
    return {kind: tuple(names) for kind, names in groups.items()}


def several(names: Sequence[str], rng: random.Random) -> tuple[str, ...]:
    """Two to six of the sites, or the only one."""
    count = min(len(names), rng.randint(2, 6))
    return tuple(rng.sample(list(names), count))


def trained_adopted(
    config: AdoptedConfig, seed: int, weights: Path | None = None
) -> AdoptedNetwork:
    """A start network in float64 that looks trained, in eval mode.

    Args:
        weights: of a network that has no fresh ones.
    """
    return look_trained(adopt(config, weights=weights, seed=seed).double(), seed).eval()


def share_layers(network: AdoptedNetwork) -> None:
    """Let copies of the network share its layers outside the cells, while nothing changes those."""
    own = {module for cell in network.cells().values() for module in cell.modules()}
    for module in network.modules():
        if module not in own and not list(module.children()):
            object.__setattr__(module, "__deepcopy__", lambda _, module=module: module)


def images_of(config: AdoptedConfig, seed: int, count: int = 2) -> Tensor:
    """Images for it, in float64."""
    generator = torch.Generator().manual_seed(seed)
    image = config.image
    return torch.randn(
        count, image.channels, image.height, image.width, generator=generator, dtype=torch.float64
    )


def every_operation() -> tuple[CellTransformation, ...]:
    """A cell with every operation: three branches under `add`, each with others below it."""
    steps: list[CellTransformation] = [InsertNode((0,)), SetMerge((0,), Merge.ADD, 3)]
    for index, operation in enumerate(NEW_OPERATIONS):
        path = (0, index % 3) + (0,) * (index // 3)
        if index >= 3:
            steps.append(InsertNode(path[:-1]))
        steps.append(ReplaceIdentity(path, operation))
    assert {
        Operation(step.operation) for step in steps if isinstance(step, ReplaceIdentity)
    } == set(NEW_OPERATIONS)
    return tuple(steps)


def other_layers(config: AdoptedConfig, count: int = 3) -> tuple[Transformation, ...]:
    """The first and last hidden layers made wider and deeper."""
    layers = [*config.hidden_layers().values()]
    chosen = {layer.name: layer for layer in (*layers[:count], *layers[-count:])}
    steps = [(Widen(name, 2 * layer.width), Deepen(name)) for name, layer in chosen.items()]
    return tuple(step for pair in steps for step in pair)


@torch.no_grad()
def change_of(parent: Network, lineage: Lineage, images: Tensor) -> float:
    """Largest change of the logits from parent to child, as a share of their scale."""
    child = inherit(parent, lineage, [images])
    return relative_change(parent(images), child(images))
