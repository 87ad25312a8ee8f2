"""A child from its parent: all transformations of a lineage, applied to weights at all sites."""

import copy
from collections.abc import Sequence

import torch
from torch import Tensor

from search_engine.networks.network import Network
from search_engine.spec import (
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
from search_engine.spec.errors import IllegalTransformation
from search_engine.spec.regions import widened_regions
from search_engine.transforms.child_init import ChildInit
from search_engine.transforms.distil import distil
from search_engine.transforms.merge import set_merge
from search_engine.transforms.morph import calibrate, remove_gates
from search_engine.transforms.replace import deepened, insert_node, replace_identity
from search_engine.transforms.widen import widen


def inherit(parent: Network, lineage: Lineage, batches: Sequence[Tensor] = ()) -> Network:
    """The child that a lineage makes of its parent, always the same one for the same inputs.

    With an `annealed` morph the child has closed gates: open them in the course of its training
    (`set_opening`) and remove them in the end (`remove_gates`).

    Args:
        parent: a plain network; it is not changed.
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
    init = ChildInit(
        generator=torch.Generator().manual_seed(lineage.seed),
        noise=lineage.morph.noise,
        widening=lineage.morph.widening,
        like=next(child.parameters()),
    )
    for transformation in lineage.transformations:
        _apply(child, transformation, init)
    new = set(map(id, init.newborn))
    child.newborn = frozenset(name for name, p in child.named_parameters() if id(p) in new)
    calibrate(child, batches)
    if lineage.morph.kind is not MorphKind.ANNEALED:
        remove_gates(child)
    if lineage.morph.kind is MorphKind.DISTILLED:
        distil(child, parent, batches)
    return child


def _apply(network: Network, transformation: Transformation, init: ChildInit) -> None:
    before = network.architecture
    after = before.after(transformation)
    match transformation:
        case Widen(layer, _):
            regions = widened_regions(before.cell, before.skeleton, after.skeleton, layer)
            widen(network.hidden_modules(layer), regions, init)
        case Deepen(layer):
            hidden = before.skeleton.hidden_layers()[layer]
            network.add_layer(layer, deepened(hidden, before.skeleton.order, init))
        case _:
            _apply_to_cells(network, transformation, before, init)
    network.architecture = after


def _apply_to_cells(
    network: Network,
    transformation: SetMerge | InsertNode | ReplaceIdentity,
    before: Architecture,
    init: ChildInit,
) -> None:
    for cell in network.cells().values():
        match transformation:
            case SetMerge(path, merge, branches):
                operation = before.cell.node(path).branches[0].operation
                allocation = transformation.allocation(operation)
                set_merge(cell, path, merge, allocation, branches, init)
            case InsertNode(path):
                insert_node(cell, path)
            case ReplaceIdentity(path, operation):
                replace_identity(cell, path, operation, init)
