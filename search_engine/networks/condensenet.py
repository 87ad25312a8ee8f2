"""CondenseNet with a cell in its last blocks.

Reference: Huang et al. 2018 (arXiv:1711.09224); Cai et al. 2018, section 4.4.
"""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from search_engine.networks.layers import Head, Stem, extra_layers
from search_engine.networks.learned_groups import (
    CondensedConv,
    CondensedLinear,
    LearnedGroupConv,
    LearnedLinear,
)
from search_engine.networks.network import HiddenModules, Network, Reader, joined_readers
from search_engine.spec import Architecture, CondenseNetConfig
from search_engine.spec.errors import IllegalTransformation
from search_engine.spec.skeletons import Block


class CondenseBlock(nn.Module):
    """A learned group 1x1 convolution, then the cell; the result is concatenated to the input."""

    def __init__(self, block: Block, network: Network, *, converted: bool) -> None:
        super().__init__()
        skeleton = cast(CondenseNetConfig, network.architecture.skeleton)
        kind = CondensedConv if converted else LearnedGroupConv
        self.bottleneck: nn.Module = kind(
            block.in_channels,
            block.site.in_channels,
            skeleton.learned_groups,
            skeleton.condense_factor,
            skeleton.order,
        )
        bottleneck, cell = block.hidden
        self.bottleneck_extra = extra_layers(bottleneck, skeleton.order)
        self.cell = network.make_cell(block)
        self.cell_extra = extra_layers(cell, skeleton.order)

    def forward(self, x: Tensor) -> Tensor:
        grown = self.cell_extra(self.cell(self.bottleneck_extra(self.bottleneck(x))))
        return torch.cat((x, grown), dim=1)


class CondenseNet(Network):
    """Stages of dense blocks with 2x2 average pools between them.

    It is built and trained unconverted; `converted` gives the network that is counted and used.

    Args:
        architecture: its skeleton is a `CondenseNetConfig`.
        converted: build the converted form, to load weights into.
    """

    def __init__(self, architecture: Architecture, *, converted: bool = False) -> None:
        super().__init__(architecture)
        skeleton = cast(CondenseNetConfig, architecture.skeleton)
        layout = skeleton.layout()
        self.is_converted = converted
        self.stages = skeleton.condense_factor - 1
        self.stem = Stem(skeleton.image.channels, skeleton.stem_channels, skeleton.order, stride=2)
        self.stem_extra = extra_layers(skeleton.hidden_layers()["stem"], skeleton.order)
        self.blocks = nn.ModuleDict(
            {block.name: CondenseBlock(block, self, converted=converted) for block in layout}
        )
        self.head = Head(layout[-1].out_channels, skeleton.classes)
        linear = CondensedLinear if converted else LearnedLinear
        self.head.linear = linear(layout[-1].out_channels, skeleton.classes)

    def forward(self, images: Tensor) -> Tensor:
        x = self.stem_extra(self.stem(images))
        for name, block in self.blocks.items():
            if name.endswith("_block1") and not name.startswith("stage1_"):
                x = F.avg_pool2d(x, 2)
            x = block(x)
        return self.head(x)

    def hidden_modules(self, layer: str) -> HiddenModules:
        if self.is_converted:
            raise IllegalTransformation(layer, "a CondenseNet in converted form keeps its layers")
        if layer == "stem":
            return HiddenModules([self.stem], self.stem_extra, self._readers(layer, 0))
        name, kind = layer.split(".")
        block = cast(CondenseBlock, self.blocks[name])
        if kind == "bottleneck":
            return HiddenModules([block.bottleneck], block.bottleneck_extra, [Reader(block.cell)])
        (place,) = (b for b in self.architecture.skeleton.layout() if b.name == name)
        readers = self._readers(layer, place.in_channels)
        return HiddenModules([block.cell], block.cell_extra, readers)

    def _readers(self, layer: str, before: int) -> list[Reader]:
        """Who reads a layer that stands after `before` others in what the blocks concatenate."""
        skeleton = self.architecture.skeleton
        blocks = skeleton.layout()
        reads: list[tuple[nn.Module, int]] = [
            (cast(CondenseBlock, self.blocks[block.name]).bottleneck, block.in_channels)
            for block in blocks
        ]
        reads.append((self.head, blocks[-1].out_channels))
        return joined_readers(before, skeleton.hidden_layers()[layer].width, reads)

    def condense(self, progress: float) -> None:
        """Drop the inputs that are due: at equally spaced points of the first half of training.

        Args:
            progress: share of the training that is done, 0 to 1.
        """
        stage = min(int(2 * progress * self.stages), self.stages)
        for layer in self._learned():
            layer.condense(stage)
        if isinstance(self.head.linear, LearnedLinear) and stage:
            self.head.linear.condense(stage, self.stages)

    def lasso(self) -> Tensor:
        """The group-lasso term of the loss, before its weight (1e-5 in the paper)."""
        return torch.stack([layer.lasso() for layer in self._learned()]).sum()

    def converted(self) -> "CondenseNet":
        """The same function with index, grouped convolution and shuffle in the learned layers'
        place.

        Inputs that are still to be dropped are dropped now.
        """
        if self.is_converted:
            return self
        self.condense(1.0)
        with torch.device("meta"):
            made = CondenseNet(self.architecture, converted=True)
        made.stem, made.stem_extra = self.stem, self.stem_extra
        for name, block in self.blocks.items():
            target = cast(CondenseBlock, made.blocks[name])
            target.bottleneck = cast(LearnedGroupConv, block.bottleneck).converted()
            for part in ("bottleneck_extra", "cell", "cell_extra"):
                setattr(target, part, getattr(block, part))
        made.head.norm = self.head.norm
        made.head.linear = cast(LearnedLinear, self.head.linear).converted()
        return made.train(self.training)

    def _learned(self) -> list[LearnedGroupConv]:
        return [module for module in self.modules() if isinstance(module, LearnedGroupConv)]
