"""SetMerge on weights: one branch becomes several that together compute what it computed.

Reference: Cai et al. 2018, section 3.2 and figure 2 (arXiv:1806.02639).
"""

import copy
from typing import cast

import torch
from torch import nn

from search_engine.networks.operations import Conv, OwnConvModule, SepConv, WeightedOperation
from search_engine.networks.tree import BranchModule, CellModule
from search_engine.spec.schemes import Allocation, Merge, split_ranges
from search_engine.spec.shapes import Shape
from search_engine.transforms.child_init import ChildInit, add_noise

Range = tuple[int, int]


def set_merge(
    cell: CellModule,
    path: tuple[int, ...],
    merge: Merge,
    allocation: Allocation,
    branches: int,
    init: ChildInit,
) -> None:
    """Turn a node's only branch, over a leaf, into several.

    `add`: copies, all but the first with noise; exact, in training mode too. `concat`: parts of the
    filters, with the inputs replicated or split; exact, in training mode too.
    """
    node = cell.node(path)
    only = node.branch(0)
    if merge is Merge.ADD:
        made = [only, *(copy.deepcopy(only) for _ in range(branches - 1))]
        for branch in made[1:]:
            add_noise(branch, init.noise, init.generator)
        if cell.norm_before_add:
            for branch in made:
                branch.norm = init.fresh(lambda: nn.BatchNorm2d(only.shape.out_channels))
                branch.norm_gate = init.gate()
    else:
        made = _parts(only, allocation, branches)
    node.set_branches(made, merge, allocation)


def _parts(branch: BranchModule, allocation: Allocation, branches: int) -> list[BranchModule]:
    """The parts of a branch under `concat`."""
    shape = branch.shape
    outputs = split_ranges(shape.out_channels, branches)
    if allocation is Allocation.SPLIT:
        inputs = split_ranges(shape.in_channels, branches)
    else:
        inputs = ((0, shape.in_channels),) * branches
    return [_part(branch, i, o, allocation) for i, o in zip(inputs, outputs, strict=True)]


def _part(
    branch: BranchModule, inputs: Range, outputs: Range, allocation: Allocation
) -> BranchModule:
    part = copy.deepcopy(branch)
    splits = allocation is Allocation.SPLIT
    old = branch.shape
    groups = old.groups * (inputs[1] - inputs[0]) // old.in_channels if splits else old.groups
    part.shape = Shape(inputs[1] - inputs[0], outputs[1] - outputs[0], old.stride, groups)
    if part.gate is not None:
        part.gate.part = None if splits else outputs
    if isinstance(part.operation, WeightedOperation):
        norm_range = inputs if part.operation.order.norm_first else outputs
        cut_norm(part.operation.norm, norm_range)
    if isinstance(part.operation, SepConv):
        # Its input is replicated: the depthwise part is copied whole.
        cut_outputs(part.operation.pointwise, outputs)
    elif isinstance(part.operation, Conv | OwnConvModule):
        _cut_conv(part.operation.conv, inputs, outputs)
    return part


def _cut_conv(conv: nn.Conv2d, inputs: Range, outputs: Range) -> None:
    if conv.groups > 1:
        per_group = conv.in_channels // conv.groups
        conv.groups = (inputs[1] - inputs[0]) // per_group
        conv.in_channels = inputs[1] - inputs[0]
    cut_outputs(conv, outputs)


def cut_outputs(conv: nn.Conv2d, outputs: Range) -> None:
    """Keep only some of a convolution's filters."""
    start, stop = outputs
    conv.weight = nn.Parameter(conv.weight.detach()[start:stop].clone())
    if conv.bias is not None:
        conv.bias = nn.Parameter(conv.bias.detach()[start:stop].clone())
    conv.out_channels = stop - start


def cut_norm(norm: nn.BatchNorm2d, channels: Range) -> None:
    """Keep only some of a batch norm's channels."""
    pick_norm(norm, torch.arange(*channels, device=norm.weight.device))


def pick_norm(norm: nn.BatchNorm2d, origins: torch.Tensor) -> None:
    """Give a batch norm the channels `origins`, `(C_new,)`, of its old ones."""
    norm.num_features = len(origins)
    norm.weight = nn.Parameter(norm.weight.detach()[origins].clone())
    norm.bias = nn.Parameter(norm.bias.detach()[origins].clone())
    norm.running_mean = cast(torch.Tensor, norm.running_mean)[origins].clone()
    norm.running_var = cast(torch.Tensor, norm.running_var)[origins].clone()
