"""The layers of networks outside cells: stem, head, and those that `Deepen` adds."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from search_engine.networks.tree import BranchModule
from search_engine.spec.operations import Order
from search_engine.spec.shapes import Shape
from search_engine.spec.skeletons import HiddenLayer, deepened_operation


class Stem(nn.Module):
    """The first 3x3 convolution: images `(N, C, H, W)` to feature maps.

    Args:
        normed: have a batch norm also where the pre-activation order would leave it out.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        order: Order,
        *,
        normed: bool = False,
        stride: int = 1,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
        normed = normed or not order.norm_first
        self.norm = nn.BatchNorm2d(out_channels) if normed else None
        self.activated = order is Order.WEIGHT_BN_ACT

    def forward(self, images: Tensor) -> Tensor:
        x: Tensor = self.conv(images)
        if self.norm is not None:
            x = self.norm(x)
        return F.relu(x, inplace=True) if self.activated else x


class Head(nn.Module):
    """BN, ReLU, global average pool, linear: `(N, C, H, W)` to logits `(N, classes)`."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels)
        self.linear: nn.Module = nn.Linear(channels, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.norm(x), inplace=True)
        return self.linear(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))


def extra_layer(layer: HiddenLayer, order: Order) -> BranchModule:
    """The layer that `Deepen` adds after a hidden layer: same width and kernel."""
    return BranchModule(deepened_operation(layer.kernel), Shape(layer.width, layer.width), order)


def extra_layers(layer: HiddenLayer, order: Order) -> nn.Sequential:
    """All layers that `Deepen` has added after a hidden layer, maybe none."""
    return nn.Sequential(*(extra_layer(layer, order) for _ in range(layer.extra)))
