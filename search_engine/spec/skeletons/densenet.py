"""DenseNet: each block's output is concatenated to its input.

Reference: Huang et al. 2017 (arXiv:1608.06993), with a cell as in Cai et al. 2018, section 4.1.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from search_engine.spec.cell import Cell
from search_engine.spec.cost import Cost, conv_cost, norm_cost, total
from search_engine.spec.declared import Whole, about, always, declared
from search_engine.spec.shapes import Shape
from search_engine.spec.skeletons.base import BlocksField, SkeletonConfig
from search_engine.spec.skeletons.blocks import Block, HiddenLayer


@dataclass(frozen=True, slots=True)
class Transition:
    """Between two stages: a 1x1 convolution that halves the channels, then a 2x2 average pool."""

    in_channels: int
    out_channels: int


@declared(kw_only=True)
class DenseNetConfig(SkeletonConfig):
    """Three stages of blocks `1x1 to 4 x growth, cell to growth`, each joined to its input."""

    family: ClassVar[str] = "densenet"
    fixed = always(family=family)

    blocks: BlocksField = 3
    growth: Annotated[
        Whole, about("Growth", "that each block adds", unit="channels", ge=1, le=1024)
    ] = 16

    @property
    def stem_channels(self) -> int:
        return self._outer_hidden()[0].width

    def layout(self) -> tuple[Block, ...]:
        layout = []
        for stage, opening in enumerate(self._outer_hidden(), start=1):
            channels, size = opening.width, opening.size
            for number in range(1, self.blocks + 1):
                name = f"stage{stage}_block{number}"
                into = self._hidden(f"{name}.bottleneck", 4 * self.growth, 1, size)
                grown = self._hidden(f"{name}.cell", self.growth, 3, size)
                site = Shape(into.width, grown.width, groups=self.groups)
                out = channels + grown.width
                layout.append(Block(name, stage, channels, out, site, size, (into, grown)))
                channels = out
        return tuple(layout)

    def transitions(self) -> tuple[Transition, ...]:
        """The two transitions: from the first stage to the second, from the second to the third."""
        ends = [block.out_channels for block in self.layout()][self.blocks - 1 :: self.blocks]
        _, *outs = (layer.width for layer in self._outer_hidden())
        return tuple(Transition(*channels) for channels in zip(ends, outs, strict=False))

    def _outer_hidden(self) -> tuple[HiddenLayer, ...]:
        """What opens each stage: the stem, and the transitions."""
        channels = 2 * self.growth
        layers = [self._hidden("stem", channels, 3, self._size(1))]
        for stage in (2, 3):
            channels = (channels + self.blocks * self.growth) // 2
            size = self._size(2 ** (stage - 1))
            layers.append(self._hidden(f"stage{stage}.transition", channels, 1, size))
        return tuple(layers)

    def _outer_cost(self) -> Cost:
        stem = conv_cost(self.image.channels, self.stem_channels, 3, self._size(1))
        if not self.order.norm_first:
            stem += norm_cost(self.stem_channels)
        between = total(
            self._layer_cost(t.in_channels, t.out_channels, 1, self._size(2**stage))
            for stage, t in enumerate(self.transitions())
        )
        return stem + between + self._head_cost(self.layout()[-1].out_channels)

    def _block_cost(self, block: Block, cell: Cell) -> Cost:
        bottleneck = self._layer_cost(block.in_channels, block.site.in_channels, 1, block.size)
        return bottleneck + self._cell_cost(block, cell)
