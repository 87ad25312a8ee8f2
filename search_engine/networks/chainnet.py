"""ChainNet: cells one after the other."""

from typing import cast

from torch import Tensor, nn

from search_engine.networks.layers import Head, Stem, extra_layers
from search_engine.networks.network import HiddenModules, Network, Reader
from search_engine.spec import Architecture, ChainNetConfig
from search_engine.spec.skeletons import Block


class ChainBlock(nn.Module):
    """The cell, and the layers that `Deepen` has added after it."""

    def __init__(self, block: Block, network: Network) -> None:
        super().__init__()
        (hidden,) = block.hidden
        self.cell = network.make_cell(block)
        self.cell_extra = extra_layers(hidden, network.architecture.skeleton.order)

    def forward(self, x: Tensor) -> Tensor:
        return self.cell_extra(self.cell(x))


class ChainNet(Network):
    """Three stages of cells.

    Args:
        architecture: its skeleton is a `ChainNetConfig`.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__(architecture)
        skeleton = cast(ChainNetConfig, architecture.skeleton)
        layout, stem = skeleton.layout(), skeleton.hidden_layers()["stem"]
        self.stem = Stem(
            skeleton.image.channels,
            skeleton.stem_channels,
            skeleton.order,
            stride=skeleton.stem_stride,
        )
        self.stem_extra = extra_layers(stem, skeleton.order)
        self.blocks = nn.ModuleDict({block.name: ChainBlock(block, self) for block in layout})
        self.head = Head(layout[-1].out_channels, skeleton.classes)

    def forward(self, images: Tensor) -> Tensor:
        x = self.stem_extra(self.stem(images))
        for block in self.blocks.values():
            x = block(x)
        return self.head(x)

    def hidden_modules(self, layer: str) -> HiddenModules:
        blocks = cast(dict[str, ChainBlock], dict(self.blocks.items()))
        readers = [*(block.cell for block in blocks.values()), self.head]
        if layer == "stem":
            return HiddenModules([self.stem], self.stem_extra, [Reader(readers[0])])
        name, _ = layer.split(".")
        block, reader = blocks[name], readers[list(blocks).index(name) + 1]
        return HiddenModules([block.cell], block.cell_extra, [Reader(reader)])
