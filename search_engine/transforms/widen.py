"""Widen on weights: new channels beside the old ones, and the function kept.

`origins`, `(C_new,)`, says for each channel of the wider layer which old one it is or copies, or
that it is `NEW`; where a width stays as it is, the origins are 0, 1, 2, …
Copies: who reads them takes a share of each (Chen et al. 2016, section 2.2, arXiv:1511.05641,
carried through cells). New channels: fresh filters, and zeros wherever an old channel would read
them, so that old channels are what they were and new ones learn from the first step on.
"""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from search_engine.networks.layers import Head, Stem
from search_engine.networks.learned_groups import LearnedGroupConv, LearnedLinear
from search_engine.networks.network import HiddenModules, Reader, drawn_filters
from search_engine.networks.operations import Conv, OwnConvModule, SepConv, WeightedOperation
from search_engine.networks.tree import BranchModule, CellModule, NodeModule
from search_engine.spec import Widening
from search_engine.spec.regions import Region
from search_engine.spec.schemes import Allocation, Merge, split_ranges
from search_engine.spec.shapes import Shape
from search_engine.transforms.child_init import ChildInit
from search_engine.transforms.merge import pick_norm

NEW = -1


def widen(modules: HiddenModules, regions: Sequence[Region], init: ChildInit) -> None:
    """Make a hidden layer wider; exact, in training mode too, but for the noise on copies.

    Args:
        modules: the modules around it, changed in place.
        regions: which channels may stand for which.
    """
    multiple = max(w.groups if isinstance(w, LearnedGroupConv) else 1 for w in modules.writers)
    origins = draw_origins(regions, init, multiple).to(init.like.device)
    for writer in modules.writers:
        _widen_module(writer, None, origins, init)
    for carrier in (*modules.carriers, *modules.extra):
        _widen_module(carrier, origins, origins, init)
    for reader in modules.readers:
        _widen_module(reader.module, _around(reader, origins), None, init)


def draw_origins(regions: Sequence[Region], init: ChildInit, multiple: int = 1) -> Tensor:
    """The origins of a wider layer: in each region all old channels, then the others.

    Args:
        multiple: channels go round among so many groups, and a copy stays in its group.
    """
    parts = []
    for region in regions:
        extra = region.width - (region.stop - region.start)
        parts.append(torch.arange(region.start, region.stop))
        if init.widening is Widening.FRESH:
            parts.append(torch.full((extra,), NEW))
        else:
            copied = torch.randint(region.start, region.stop, (extra,), generator=init.generator)
            parts.append(copied - copied % multiple + torch.arange(extra) % multiple)
    return torch.cat(parts)


def _around(reader: Reader, origins: Tensor) -> Tensor:
    """The origins of all that a reader reads: the layer, and what it is concatenated with."""
    before, after = (torch.arange(n, device=origins.device) for n in (reader.before, reader.after))
    moved = torch.where(origins == NEW, NEW, origins + reader.before)
    return torch.cat((before, moved, after + reader.before + origins.max() + 1))


def _all(channels: int, like: Tensor) -> Tensor:
    """The origins of a width that stays."""
    return torch.arange(channels, device=like.device)


def _widen_module(
    module: nn.Module, ins: Tensor | None, outs: Tensor | None, init: ChildInit
) -> None:
    """Give a module other channels.

    Args:
        ins: origins of its inputs; None where they stay.
        outs: origins of its outputs; None where they stay.
    """
    match module:
        case CellModule(root=root):
            into, out = root.shape.in_channels, root.shape.out_channels
            carries = ins is not None and outs is not None  # in a depthwise convolution's place
            ins, outs = _or_all(ins, into, init), _or_all(outs, out, init)
            _widen_node(root, ins, outs, init, len(outs) if carries else root.shape.groups)
        case BranchModule(shape=shape):
            ins, outs = (_or_all(t, shape.in_channels, init) for t in (ins, outs))
            _widen_branch(module, ins, outs, init, shape.groups)
        case nn.Conv2d(groups=groups) as conv:
            carries = ins is not None and outs is not None
            ins, outs = _or_all(ins, conv.in_channels, init), _or_all(outs, conv.out_channels, init)
            _widen_conv(conv, ins, outs, init, len(outs) if carries else groups)
        case nn.BatchNorm2d() as norm if outs is not None:
            _widen_norm(norm, outs)
        case Conv(conv=conv) | LearnedGroupConv(conv=conv):
            ins, outs = _or_all(ins, conv.in_channels, init), _or_all(outs, conv.out_channels, init)
            _widen_operation(module, ins, outs, init, conv.groups)
        case Stem(conv=conv, norm=norm) if outs is not None:
            _widen_kernel(conv, _all(conv.in_channels, outs), outs, init)
            if norm is not None:
                _widen_norm(norm, outs)
        case Head(norm=norm, linear=nn.Linear() as linear) if ins is not None:
            _widen_norm(norm, ins)
            _widen_linear(linear, ins)
        case _:
            raise TypeError(f"a {type(module).__name__} cannot be made wider")


def _or_all(origins: Tensor | None, channels: int, init: ChildInit) -> Tensor:
    return _all(channels, init.like) if origins is None else origins


def _widen_node(node: NodeModule, ins: Tensor, outs: Tensor, init: ChildInit, groups: int) -> None:
    """Give a node other channels.

    Args:
        groups: of grouped convolutions in it; other ones than before where they are depthwise.
    """
    old, count = node.shape, len(node.branches)
    node.shape = Shape(len(ins), len(outs), old.stride, groups)
    shared = groups // count if node.allocation is Allocation.SPLIT else groups
    for index in range(count):
        branch_ins, branch_outs = ins, outs
        if node.allocation is Allocation.SPLIT:
            branch_ins = _part(ins, old.in_channels, index, count)
        if node.merge is Merge.CONCAT:
            branch_outs = _part(outs, old.out_channels, index, count)
        branch = node.branch(index)
        _widen_branch(branch, branch_ins, branch_outs, init, shared)
        if branch.gate is not None and branch.gate.part is not None:
            branch.gate.part = split_ranges(len(outs), count)[index]


def _part(origins: Tensor, old_channels: int, index: int, count: int) -> Tensor:
    """The origins within one part of the channels, numbered from the part's first."""
    start, stop = split_ranges(len(origins), count)[index]
    part = origins[start:stop]
    return torch.where(part == NEW, NEW, part - split_ranges(old_channels, count)[index][0])


def _widen_branch(
    branch: BranchModule, ins: Tensor, outs: Tensor, init: ChildInit, groups: int
) -> None:
    old = branch.shape
    branch.shape = Shape(len(ins), len(outs), old.stride, groups)
    if isinstance(branch.operation, WeightedOperation | OwnConvModule):
        _widen_operation(branch.operation, ins, outs, init, groups)
    if branch.node is not None:
        _widen_node(branch.node, outs, outs, init, groups)
    if branch.norm is not None:
        _widen_norm(branch.norm, outs)


def _widen_operation(
    operation: WeightedOperation | OwnConvModule,
    ins: Tensor,
    outs: Tensor,
    init: ChildInit,
    groups: int,
) -> None:
    if isinstance(operation, WeightedOperation):
        _widen_norm(operation.norm, ins if operation.order.norm_first else outs)
    match operation:
        case Conv(conv=conv) | OwnConvModule(conv=conv):
            _widen_conv(conv, ins, outs, init, groups)
        case SepConv(depthwise=depthwise, pointwise=pointwise):
            _widen_depthwise(depthwise, ins, init)
            _widen_kernel(pointwise, ins, outs, init)
        case LearnedGroupConv(conv=conv, groups=groups, mask=mask):
            _widen_kernel(conv, ins, outs, init)
            # Outputs go round among the groups; all of a group have dropped the same inputs.
            wider = mask[torch.arange(len(outs), device=ins.device) % groups][:, ins.clamp_min(0)]
            operation.mask = wider.masked_fill((ins == NEW).view(1, -1, 1, 1), 1)


def _widen_norm(norm: nn.BatchNorm2d, origins: Tensor) -> None:
    """Give a batch norm the channels `origins`; new ones as a new batch norm has them."""
    pick_norm(norm, origins.clamp_min(0))
    new = origins == NEW
    for tensor, value in ((norm.weight, 1), (norm.bias, 0)):
        tensor.data[new] = value
    cast(Tensor, norm.running_mean)[new] = 0
    cast(Tensor, norm.running_var)[new] = 1


def _widen_conv(conv: nn.Conv2d, ins: Tensor, outs: Tensor, init: ChildInit, groups: int) -> None:
    """Widen a dense, grouped or depthwise convolution; a depthwise one gets other `groups`."""
    if conv.groups not in (1, groups):
        _widen_depthwise(conv, outs, init)
    else:
        _widen_kernel(conv, ins, outs, init)


def _widen_kernel(conv: nn.Conv2d, ins: Tensor, outs: Tensor, init: ChildInit) -> None:
    """Filters by `outs`; each input's weight shared among its copies, group by group."""
    weight, groups = conv.weight.detach(), conv.groups
    per_group = conv.in_channels // groups
    first = torch.arange(groups, device=ins.device).view(groups, 1) * per_group
    local = (ins.view(groups, -1) - first).clamp_min(0)  # (groups, inputs per group)
    shares = _copies(ins, conv.in_channels).view(groups, -1)
    group_of = torch.arange(len(outs), device=outs.device) * groups // len(outs)
    picked = weight[outs.clamp_min(0).view(-1, 1), local[group_of]]  # (C_out, per group, k, k)
    shared = picked / shares[group_of][..., None, None]
    unread = (ins == NEW).view(groups, -1)[group_of][..., None, None]
    conv.in_channels, conv.out_channels = len(ins), len(outs)
    _set_kernel(conv, shared.masked_fill(unread, 0), outs, init)


def _widen_depthwise(conv: nn.Conv2d, channels: Tensor, init: ChildInit) -> None:
    conv.in_channels = conv.out_channels = conv.groups = len(channels)
    _set_kernel(conv, conv.weight.detach()[channels.clamp_min(0)], channels, init)


def _copies(origins: Tensor, channels: int) -> Tensor:
    """For each channel how many there are of its origin."""
    return torch.bincount(origins[origins != NEW], minlength=channels)[origins.clamp_min(0)]


def _set_kernel(conv: nn.Conv2d, weight: Tensor, outs: Tensor, init: ChildInit) -> None:
    """Set a kernel, with noise on filters that copy an earlier one, and fresh ones where new."""
    if init.noise > 0 and init.widening is Widening.COPIES:
        seen = outs.view(-1, 1) == outs.view(1, -1)
        copies = seen.tril(-1).any(dim=1).view(-1, 1, 1, 1)
        drawn = torch.randn(weight.shape, generator=init.generator).to(weight)
        weight = weight + copies * drawn * weight.std(correction=0) * init.noise
    new = outs == NEW
    if new.any():
        weight[new] = drawn_filters(conv, int(new.sum()), init.generator).to(weight)
    conv.weight = nn.Parameter(weight.contiguous())
    if conv.bias is not None:
        conv.bias = nn.Parameter(conv.bias.detach()[outs.clamp_min(0)].masked_fill(new, 0))


def _widen_linear(linear: nn.Linear, ins: Tensor) -> None:
    weight = linear.weight.detach()[:, ins.clamp_min(0)] / _copies(ins, linear.in_features)
    linear.weight = nn.Parameter(weight.masked_fill(ins == NEW, 0))
    linear.in_features = len(ins)
    if isinstance(linear, LearnedLinear):
        linear.mask = linear.mask[ins.clamp_min(0)].masked_fill(ins == NEW, 1)
