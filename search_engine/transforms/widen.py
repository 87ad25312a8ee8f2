"""Widen on weights: new channels are copies of old ones, and who reads them takes a share of each.

`origins`, `(C_new,)`, says for each new channel which old one it copies; where a width stays as it
is, the origins are 0, 1, 2, …
Reference: Chen et al. 2016, section 2.2 (arXiv:1511.05641), carried through cells.
"""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from search_engine.architecture.regions import Region
from search_engine.architecture.schemes import Allocation, Merge, split_ranges
from search_engine.architecture.shapes import Shape
from search_engine.networks.layers import Head
from search_engine.networks.network import HiddenModules
from search_engine.networks.operations import Conv, SepConv, WeightedOperation
from search_engine.networks.tree import BranchModule, CellModule, NodeModule
from search_engine.transforms.birth import Birth
from search_engine.transforms.merge import pick_norm


def widen(modules: HiddenModules, regions: Sequence[Region], birth: Birth) -> None:
    """Make a hidden layer wider; exact, in training mode too, where the noise is off.

    Args:
        modules: the modules around it, changed in place.
        regions: which channels may stand for which.
        birth: noise (on filters that are copies), its generator, device.
    """
    origins = draw_origins(regions, birth.generator).to(birth.like.device)
    match modules.producer:
        case CellModule(root=root):
            _widen_node(root, _all(root.shape.in_channels, origins), origins, birth)
        case Conv() as conv:
            _widen_operation(conv, _all(conv.conv.in_channels, origins), origins, birth)
    for layer in modules.extra:
        _widen_branch(cast(BranchModule, layer), origins, origins, birth)
    match modules.consumer:
        case CellModule(root=root):
            _widen_node(root, origins, _all(root.shape.out_channels, origins), birth)
        case Conv() as conv:
            _widen_operation(conv, origins, _all(conv.conv.out_channels, origins), birth)
        case Head() as head:
            pick_norm(head.norm, origins)
            _widen_linear(cast(nn.Linear, head.linear), origins)


def draw_origins(regions: Sequence[Region], generator: torch.Generator) -> Tensor:
    """For each new channel the old one that it copies: in each region all, then random ones."""
    parts = []
    for region in regions:
        extra = region.width - (region.stop - region.start)
        parts.append(torch.arange(region.start, region.stop))
        parts.append(torch.randint(region.start, region.stop, (extra,), generator=generator))
    return torch.cat(parts)


def _all(channels: int, like: Tensor) -> Tensor:
    """The origins of a width that stays."""
    return torch.arange(channels, device=like.device)


def _widen_node(node: NodeModule, ins: Tensor, outs: Tensor, birth: Birth) -> None:
    old, count = node.shape, len(node.branches)
    node.shape = Shape(len(ins), len(outs), old.stride, old.groups)
    for index in range(count):
        branch_ins, branch_outs = ins, outs
        if node.allocation is Allocation.SPLIT:
            branch_ins = _part(ins, old.in_channels, index, count)
        if node.merge is Merge.CONCAT:
            branch_outs = _part(outs, old.out_channels, index, count)
        branch = node.branch(index)
        _widen_branch(branch, branch_ins, branch_outs, birth)
        if branch.gate is not None and branch.gate.part is not None:
            branch.gate.part = split_ranges(len(outs), count)[index]


def _part(origins: Tensor, old_channels: int, index: int, count: int) -> Tensor:
    """The origins within one part of the channels, numbered from the part's first."""
    start, stop = split_ranges(len(origins), count)[index]
    return origins[start:stop] - split_ranges(old_channels, count)[index][0]


def _widen_branch(branch: BranchModule, ins: Tensor, outs: Tensor, birth: Birth) -> None:
    old = branch.shape
    branch.shape = Shape(len(ins), len(outs), old.stride, old.groups)
    if isinstance(branch.operation, WeightedOperation):
        _widen_operation(branch.operation, ins, outs, birth)
    if branch.node is not None:
        _widen_node(branch.node, outs, outs, birth)
    if branch.norm is not None:
        pick_norm(branch.norm, outs)


def _widen_operation(operation: WeightedOperation, ins: Tensor, outs: Tensor, birth: Birth) -> None:
    pick_norm(operation.norm, ins if operation.order.norm_first else outs)
    match operation:
        case Conv(conv=conv):
            _widen_kernel(conv, ins, outs, birth)
        case SepConv(depthwise=depthwise, pointwise=pointwise):
            depthwise.in_channels = depthwise.out_channels = depthwise.groups = len(ins)
            _set_kernel(depthwise, depthwise.weight.detach()[ins], ins, birth)
            _widen_kernel(pointwise, ins, outs, birth)


def _widen_kernel(conv: nn.Conv2d, ins: Tensor, outs: Tensor, birth: Birth) -> None:
    """Copy filters by `outs`; share each input's weight among its copies, group by group."""
    weight, groups = conv.weight.detach(), conv.groups
    per_group = conv.in_channels // groups
    first = torch.arange(groups, device=ins.device).view(groups, 1) * per_group
    local = ins.view(groups, -1) - first  # (groups, inputs per group)
    shares = torch.bincount(ins, minlength=conv.in_channels)[ins].view(groups, -1)
    group_of = torch.arange(len(outs), device=outs.device) * groups // len(outs)
    picked = weight[outs.view(-1, 1), local[group_of]]  # (C_out, inputs per group, k, k)
    conv.in_channels, conv.out_channels = len(ins), len(outs)
    _set_kernel(conv, picked / shares[group_of][..., None, None], outs, birth)


def _set_kernel(conv: nn.Conv2d, weight: Tensor, outs: Tensor, birth: Birth) -> None:
    """Set a kernel, with noise on the filters that are copies of an earlier one."""
    if birth.noise > 0:
        seen = outs.view(-1, 1) == outs.view(1, -1)
        copies = seen.tril(-1).any(dim=1).view(-1, 1, 1, 1)
        drawn = torch.randn(weight.shape, generator=birth.generator).to(weight)
        weight = weight + copies * drawn * weight.std(correction=0) * birth.noise
    conv.weight = nn.Parameter(weight.contiguous())


def _widen_linear(linear: nn.Linear, ins: Tensor) -> None:
    shares = torch.bincount(ins, minlength=linear.in_features)[ins]
    linear.weight = nn.Parameter(linear.weight.detach()[:, ins] / shares)
    linear.in_features = len(ins)
