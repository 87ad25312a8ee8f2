"""DenseNet with a cell in each block. Reference: Huang et al. 2017 (arXiv:1608.06993)."""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from search_engine.architecture import Architecture, DenseNetConfig
from search_engine.architecture.shapes import Shape
from search_engine.architecture.skeletons import Block
from search_engine.networks.layers import Head, Stem, extra_layers
from search_engine.networks.network import HiddenModules, Network
from search_engine.networks.operations import Conv


class DenseBlock(nn.Module):
    """A 1x1 convolution, then the cell; the result is concatenated to the input."""

    def __init__(self, block: Block, network: Network) -> None:
        super().__init__()
        order = network.architecture.skeleton.order
        (bottleneck,) = block.hidden
        self.bottleneck = Conv(1, Shape(block.in_channels, bottleneck.width), order)
        self.bottleneck_extra = extra_layers(bottleneck, order)
        self.cell = network.make_cell(block)

    def forward(self, x: Tensor) -> Tensor:
        grown = self.cell(self.bottleneck_extra(self.bottleneck(x)))
        return torch.cat((x, grown), dim=1)


class DenseNet(Network):
    """Three stages of dense blocks with transitions between them.

    Args:
        architecture: its skeleton is a `DenseNetConfig`.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__(architecture)
        skeleton = cast(DenseNetConfig, architecture.skeleton)
        layout = skeleton.layout()
        self.stem = Stem(skeleton.image.channels, skeleton.stem_channels, skeleton.order)
        self.blocks = nn.ModuleDict({block.name: DenseBlock(block, self) for block in layout})
        self.transitions = nn.ModuleDict(
            {
                f"stage{stage}_block1": Conv(
                    1, Shape(transition.in_channels, transition.out_channels), skeleton.order
                )
                for stage, transition in enumerate(skeleton.transitions(), start=2)
            }
        )
        self.head = Head(layout[-1].out_channels, skeleton.classes)

    def forward(self, images: Tensor) -> Tensor:
        x = self.stem(images)
        for name, block in self.blocks.items():
            if name in self.transitions:
                x = F.avg_pool2d(self.transitions[name](x), 2)
            x = block(x)
        return self.head(x)

    def hidden_modules(self, layer: str) -> HiddenModules:
        name, _ = layer.split(".")
        block = cast(DenseBlock, self.blocks[name])
        return HiddenModules(block.bottleneck, block.bottleneck_extra, block.cell)
