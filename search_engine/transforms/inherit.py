"""A child from its parent: all transformations of a lineage on all sites, weights and all."""

import copy
from collections.abc import Sequence

import torch
from torch import Tensor

from search_engine.architecture import (
    Architecture,
    Deepen,
    InsertNode,
    Lineage,
    MorphKind,
    ReplaceIdentity,
    SetMerge,
    Transformation,
    Widen,
)
from search_engine.architecture.regions import widened_regions
from search_engine.errors import IllegalTransformation
from search_engine.networks.network import Network
from search_engine.transforms.birth import Birth
from search_engine.transforms.distil import distil
from search_engine.transforms.merge import set_merge
from search_engine.transforms.morph import calibrate, remove_gates
from search_engine.transforms.replace import deepen, insert_node, replace_identity
from search_engine.transforms.widen import widen


def inherit(parent: Network, lineage: Lineage, batches: Sequence[Tensor] = ()) -> Network:
    """The child that a lineage makes of its parent. The same inputs give the same child bit for
    bit.

    With an `annealed` morph the child has gates that are shut: open them in the course of its
    training (`set_opening`) and take them away in the end (`remove_gates`).

    Args:
        parent: a plain network; it is not changed.
        lineage: what to do, and how.
        batches: training images for calibration and distillation, each `(N, C, H, W)`, normalised.

    Raises:
        IllegalTransformation: one of them is refused, or the parent is still being morphed. It is
            raised before any work is done.
    """
    if parent.gates():
        raise IllegalTransformation(
            "inherit", "the parent is still being morphed: remove its gates"
        )
    lineage.architecture(parent.architecture)
    child = copy.deepcopy(parent)
    birth = Birth(
        generator=torch.Generator().manual_seed(lineage.seed),
        noise=lineage.morph.noise,
        like=next(child.parameters()),
    )
    for transformation in lineage.transformations:
        _apply(child, transformation, birth)
    calibrate(child, batches)
    if lineage.morph.kind is not MorphKind.ANNEALED:
        remove_gates(child)
    if lineage.morph.kind is MorphKind.DISTILLED:
        distil(child, parent, batches)
    return child


def _apply(network: Network, transformation: Transformation, birth: Birth) -> None:
    before = network.architecture
    after = before.after(transformation)
    match transformation:
        case Widen(layer, _):
            regions = widened_regions(before.cell, before.skeleton, after.skeleton, layer)
            widen(network.hidden_modules(layer), regions, birth)
        case Deepen(layer):
            hidden = before.skeleton.hidden_layers()[layer]
            extra = network.hidden_modules(layer).extra
            deepen(extra, hidden, before.skeleton.order, birth)
        case _:
            _apply_to_cells(network, transformation, before, birth)
    network.architecture = after


def _apply_to_cells(
    network: Network,
    transformation: SetMerge | InsertNode | ReplaceIdentity,
    before: Architecture,
    birth: Birth,
) -> None:
    for cell in network.cells().values():
        match transformation:
            case SetMerge(path, merge, branches):
                operation = before.cell.node(path).branches[0].operation
                allocation = transformation.allocation(operation)
                set_merge(cell, path, merge, allocation, branches, birth)
            case InsertNode(path):
                insert_node(cell, path)
            case ReplaceIdentity(path, operation):
                replace_identity(cell, path, operation, birth)
