"""DenseNet: each block's output is concatenated to its input.

Reference: Huang et al. 2017 (arXiv:1608.06993), with a cell as in Cai et al. 2018, section 4.1.
"""

from dataclasses import dataclass
from typing import ClassVar

from search_engine.architecture.cell import Cell
from search_engine.architecture.cost import Cost, conv_cost, norm_cost, total
from search_engine.architecture.shapes import Shape
from search_engine.architecture.skeletons.base import SkeletonConfig, check_range
from search_engine.architecture.skeletons.blocks import Block


@dataclass(frozen=True, slots=True)
class Transition:
    """Between two stages: a 1x1 convolution that halves the channels, then a 2x2 average pool."""

    in_channels: int
    out_channels: int


@dataclass(frozen=True, kw_only=True)
class DenseNetConfig(SkeletonConfig):
    """Three stages of blocks `1x1 to 4 x growth, cell to growth`, each concatenated to its input.

    Args:
        blocks: blocks in each stage.
        growth: channels that each block adds.
    """

    family: ClassVar[str] = "densenet"

    blocks: int = 3
    growth: int = 16

    @property
    def stem_channels(self) -> int:
        return 2 * self.growth

    def layout(self) -> tuple[Block, ...]:
        channels = self.stem_channels
        layout = []
        for stage in range(1, 4):
            if stage > 1:
                channels //= 2
            size = self._size(2 ** (stage - 1))
            for number in range(1, self.blocks + 1):
                name = f"stage{stage}_block{number}"
                hidden = self._hidden(f"{name}.bottleneck", 4 * self.growth, 1, size)
                site = Shape(hidden.width, self.growth, groups=self.groups)
                out = channels + self.growth
                layout.append(Block(name, stage, channels, out, site, size, (hidden,)))
                channels = out
        return tuple(layout)

    def transitions(self) -> tuple[Transition, ...]:
        """The two transitions: from the first stage to the second, from the second to the third."""
        ends = [block.out_channels for block in self.layout()][self.blocks - 1 :: self.blocks]
        return tuple(Transition(channels, channels // 2) for channels in ends[:2])

    def _check_settings(self) -> None:
        check_range("blocks", self.blocks, 1, 256)
        check_range("growth", self.growth, 1, 1024)

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
        return bottleneck + self._extra_cost(block) + self._cell_cost(block, cell)
