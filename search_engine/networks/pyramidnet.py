"""PyramidNet with a cell in each bottleneck. Reference: Han et al. 2017 (arXiv:1610.02915)."""

from typing import cast

from torch import Tensor, nn
from torch.nn import functional as F

from search_engine.networks.layers import Head, Stem, extra_layers
from search_engine.networks.network import HiddenModules, Network, Reader
from search_engine.networks.operations import Conv
from search_engine.spec import Architecture, PyramidNetConfig
from search_engine.spec.operations import Order
from search_engine.spec.shapes import Shape
from search_engine.spec.skeletons import Block


class PyramidBlock(nn.Module):
    """1x1 convolution without ReLU, the cell, 1x1 convolution; the shortcut is padded with zeros.

    In pre-activation order a batch norm closes the block; in the other two the last convolution has
    its own, and the ReLU where the family wants none is left out as in pre-activation order.
    """

    def __init__(self, block: Block, network: Network) -> None:
        super().__init__()
        order = network.architecture.skeleton.order
        bottleneck, cell = block.hidden
        self.stride = block.site.stride
        self.padding = block.out_channels - block.in_channels
        self.bottleneck = Conv(
            1,
            Shape(block.in_channels, bottleneck.width),
            order,
            activated=order is Order.WEIGHT_BN_ACT,
        )
        self.bottleneck_extra = extra_layers(bottleneck, order)
        self.cell = network.make_cell(block)
        self.cell_extra = extra_layers(cell, order)
        self.expansion = Conv(
            1,
            Shape(cell.width, block.out_channels),
            order,
            activated=order is not Order.WEIGHT_BN_ACT,
        )
        self.norm = nn.BatchNorm2d(block.out_channels) if order.norm_first else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        y = self.cell(self.bottleneck_extra(self.bottleneck(x)))
        y = self.norm(self.expansion(self.cell_extra(y)))
        shortcut = x if self.stride == 1 else F.avg_pool2d(x, self.stride)
        return y + F.pad(shortcut, (0, 0, 0, 0, 0, self.padding))


class PyramidNet(Network):
    """Three stages of residual blocks, each a little wider than the one before.

    Args:
        architecture: its skeleton is a `PyramidNetConfig`.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__(architecture)
        skeleton = cast(PyramidNetConfig, architecture.skeleton)
        layout = skeleton.layout()
        self.stem = Stem(
            skeleton.image.channels, skeleton.stem_channels, skeleton.order, normed=True
        )
        self.blocks = nn.ModuleDict({block.name: PyramidBlock(block, self) for block in layout})
        self.head = Head(layout[-1].out_channels, skeleton.classes)

    def forward(self, images: Tensor) -> Tensor:
        x = self.stem(images)
        for block in self.blocks.values():
            x = block(x)
        return self.head(x)

    def hidden_modules(self, layer: str) -> HiddenModules:
        name, kind = layer.split(".")
        block = cast(PyramidBlock, self.blocks[name])
        if kind == "bottleneck":
            readers = [Reader(block.cell)]
            return HiddenModules([block.bottleneck], block.bottleneck_extra, readers)
        return HiddenModules([block.cell], block.cell_extra, [Reader(block.expansion)])
