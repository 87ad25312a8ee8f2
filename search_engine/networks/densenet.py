"""DenseNet with a cell in each block. Reference: Huang et al. 2017 (arXiv:1608.06993)."""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from search_engine.networks.layers import Head, Stem, extra_layers
from search_engine.networks.network import HiddenModules, Network, Reader, joined_readers
from search_engine.networks.operations import Conv
from search_engine.spec import Architecture, DenseNetConfig
from search_engine.spec.shapes import Shape
from search_engine.spec.skeletons import Block


class DenseBlock(nn.Module):
    """A 1x1 convolution, then the cell; the result is concatenated to the input."""

    def __init__(self, block: Block, network: Network) -> None:
        super().__init__()
        order = network.architecture.skeleton.order
        bottleneck, cell = block.hidden
        self.bottleneck = Conv(1, Shape(block.in_channels, bottleneck.width), order)
        self.bottleneck_extra = extra_layers(bottleneck, order)
        self.cell = network.make_cell(block)
        self.cell_extra = extra_layers(cell, order)

    def forward(self, x: Tensor) -> Tensor:
        grown = self.cell_extra(self.cell(self.bottleneck_extra(self.bottleneck(x))))
        return torch.cat((x, grown), dim=1)


class DenseNet(Network):
    """Three stages of dense blocks with transitions between them.

    Args:
        architecture: its skeleton is a `DenseNetConfig`.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__(architecture)
        skeleton = cast(DenseNetConfig, architecture.skeleton)
        layout, hidden = skeleton.layout(), skeleton.hidden_layers()
        self.stem = Stem(skeleton.image.channels, skeleton.stem_channels, skeleton.order)
        self.stem_extra = extra_layers(hidden["stem"], skeleton.order)
        self.blocks = nn.ModuleDict({block.name: DenseBlock(block, self) for block in layout})
        self.transitions = nn.ModuleDict(
            {
                f"stage{stage}_block1": Conv(
                    1, Shape(transition.in_channels, transition.out_channels), skeleton.order
                )
                for stage, transition in enumerate(skeleton.transitions(), start=2)
            }
        )
        self.transition_extras = nn.ModuleDict(
            {
                f"stage{stage}_block1": extra_layers(
                    hidden[f"stage{stage}.transition"], skeleton.order
                )
                for stage in (2, 3)
            }
        )
        self.head = Head(layout[-1].out_channels, skeleton.classes)

    def forward(self, images: Tensor) -> Tensor:
        x = self.stem_extra(self.stem(images))
        for name, block in self.blocks.items():
            if name in self.transitions:
                x = self.transition_extras[name](F.avg_pool2d(self.transitions[name](x), 2))
            x = block(x)
        return self.head(x)

    def hidden_modules(self, layer: str) -> HiddenModules:
        name, _, kind = layer.partition(".")
        if layer == "stem":
            return HiddenModules([self.stem], self.stem_extra, self._readers(layer, 1, 0))
        if kind == "transition":
            stage, key = int(name.removeprefix("stage")), f"{name}_block1"
            extra = cast(nn.Sequential, self.transition_extras[key])
            return HiddenModules([self.transitions[key]], extra, self._readers(layer, stage, 0))
        block = cast(DenseBlock, self.blocks[name])
        if kind == "bottleneck":
            return HiddenModules([block.bottleneck], block.bottleneck_extra, [Reader(block.cell)])
        (place,) = (b for b in self.architecture.skeleton.layout() if b.name == name)
        readers = self._readers(layer, place.stage, place.in_channels)
        return HiddenModules([block.cell], block.cell_extra, readers)

    def _readers(self, layer: str, stage: int, before: int) -> list[Reader]:
        """Who reads a layer that stands after `before` others in what a stage concatenates."""
        skeleton = self.architecture.skeleton
        blocks = [block for block in skeleton.layout() if block.stage == stage]
        reads: list[tuple[nn.Module, int]] = [
            (cast(DenseBlock, self.blocks[block.name]).bottleneck, block.in_channels)
            for block in blocks
        ]
        key = f"stage{stage + 1}_block1"
        end = self.transitions[key] if stage < 3 else self.head
        reads.append((end, blocks[-1].out_channels))
        return joined_readers(before, skeleton.hidden_layers()[layer].width, reads)
