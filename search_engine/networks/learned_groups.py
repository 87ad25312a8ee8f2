"""Layers of CondenseNet that learn which of their inputs to use, and what they become afterwards.

During training the least used inputs are dropped step by step; then the layer is converted: the
inputs are picked by an index and go through a grouped convolution (or a smaller linear layer),
whose outputs are shuffled back into place. Reference: Huang et al. 2018, section 3
(arXiv:1711.09224).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from search_engine.networks.operations import WeightedOperation
from search_engine.spec.operations import Order
from search_engine.spec.shapes import Shape


class LearnedGroupConv(WeightedOperation):
    """A 1x1 convolution each of whose groups of outputs learns its own part of the inputs.

    Output j belongs to group j mod `groups`, so that a grouped convolution after it sees all
    groups.

    Args:
        groups: number of groups of outputs.
        condense_factor: one in so many inputs is kept in the end.
    """

    mask: Tensor

    def __init__(
        self, in_channels: int, out_channels: int, groups: int, condense_factor: int, order: Order
    ) -> None:
        super().__init__(Shape(in_channels, out_channels), order)
        self.groups = groups
        self.condense_factor = condense_factor
        self.conv = nn.Conv2d(in_channels, out_channels, 1, bias=False)
        self.register_buffer("mask", torch.ones(out_channels, in_channels, 1, 1))

    def weigh(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.conv.weight * self.mask)

    @property
    def dropped(self) -> int:
        """Number of inputs that each group has dropped."""
        return int((self.mask[0] == 0).sum())

    @torch.no_grad()
    def condense(self, stage: int) -> None:
        """Drop inputs, the least used first, until `stage` / condense_factor of them are gone."""
        share = self.conv.in_channels // self.condense_factor
        due = stage * share - self.dropped
        if due <= 0:
            return
        for group in range(self.groups):
            use = self.conv.weight[group :: self.groups].abs().sum(dim=(0, 2, 3))
            kept = self.mask[group, :, 0, 0] > 0
            least = use.masked_fill(~kept, torch.inf).argsort(stable=True)[:due]
            self.mask[group :: self.groups, least] = 0

    def lasso(self) -> Tensor:
        """Group lasso: the L2 norms of each group's weights for each input, summed up."""
        weight = (self.conv.weight * self.mask).squeeze(3).squeeze(2)
        out_channels, in_channels = weight.shape
        grouped = weight.view(out_channels // self.groups, self.groups, in_channels)
        return grouped.square().sum(dim=0).clamp_min(1e-12).sqrt().sum()

    def converted(self) -> "CondensedConv":
        """The same function as index, grouped convolution and shuffle, after the last stage."""
        made = CondensedConv(
            self.conv.in_channels,
            self.conv.out_channels,
            self.groups,
            self.condense_factor,
            self.order,
        ).to(self.conv.weight)
        made.norm = self.norm
        with torch.no_grad():
            rows = []
            for group in range(self.groups):
                kept = self.mask[group, :, 0, 0].nonzero().squeeze(1)
                made.index.view(self.groups, -1)[group] = kept
                rows.append(self.conv.weight[group :: self.groups][:, kept])
            made.conv.weight.copy_(torch.cat(rows))
        return made


class CondensedConv(WeightedOperation):
    """A converted `LearnedGroupConv`: it reads only the inputs that were kept.

    Args: as `LearnedGroupConv`.
    """

    index: Tensor

    def __init__(
        self, in_channels: int, out_channels: int, groups: int, condense_factor: int, order: Order
    ) -> None:
        super().__init__(Shape(in_channels, out_channels), order)
        kept = in_channels // condense_factor * groups
        self.groups = groups
        self.register_buffer("index", torch.zeros(kept, dtype=torch.int64))
        self.conv = nn.Conv2d(kept, out_channels, 1, groups=groups, bias=False)

    def weigh(self, x: Tensor) -> Tensor:
        y = self.conv(x.index_select(1, self.index))
        grouped = y.unflatten(1, (self.groups, -1))
        return grouped.transpose(1, 2).flatten(1, 2)


class LearnedLinear(nn.Linear):
    """A linear layer that learns to use half of its inputs."""

    mask: Tensor

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__(in_features, out_features)
        self.register_buffer("mask", torch.ones(in_features))

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight * self.mask, self.bias)

    @torch.no_grad()
    def condense(self, stage: int, stages: int) -> None:
        """Drop inputs until `stage / stages` of a half are gone, the least used first."""
        kept = self.mask > 0
        goal = (self.in_features - self.in_features // 2) * stage // stages
        due = goal - int((~kept).sum())
        if due > 0:
            use = self.weight.abs().sum(dim=0).masked_fill(~kept, torch.inf)
            self.mask[use.argsort(stable=True)[:due]] = 0

    def converted(self) -> "CondensedLinear":
        """The same function on the inputs that were kept; needs the last stage done."""
        made = CondensedLinear(self.in_features, self.out_features).to(self.weight)
        with torch.no_grad():
            made.index.copy_(self.mask.nonzero().squeeze(1))
            made.linear.weight.copy_(self.weight[:, made.index])
            made.linear.bias.copy_(self.bias)
        return made


class CondensedLinear(nn.Module):
    """A converted `LearnedLinear`: features `(N, in_features)` to `(N, out_features)`."""

    index: Tensor

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__()
        kept = in_features // 2
        self.register_buffer("index", torch.zeros(kept, dtype=torch.int64))
        self.linear = nn.Linear(kept, out_features)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x.index_select(1, self.index))
