"""ChainNet: 3x3 convolutions one after the other, to study growth from the simplest start."""

from dataclasses import dataclass
from typing import ClassVar

from search_engine.architecture.cell import Cell
from search_engine.architecture.cost import Cost, conv_cost, norm_cost
from search_engine.architecture.shapes import Shape
from search_engine.architecture.skeletons.base import SkeletonConfig, check_range
from search_engine.architecture.skeletons.blocks import Block


@dataclass(frozen=True, kw_only=True)
class ChainNetConfig(SkeletonConfig):
    """Three stages of cells, each stage twice as wide and half as large as the one before.

    Args:
        blocks: cells in each stage.
        channels: width of the first stage.
    """

    family: ClassVar[str] = "chainnet"

    blocks: int = 2
    channels: int = 32
    groups: int = 1

    @property
    def stem_channels(self) -> int:
        return self.channels

    def layout(self) -> tuple[Block, ...]:
        channels = self.stem_channels
        layout = []
        for stage in range(1, 4):
            size = self._size(2 ** (stage - 1))
            for number in range(1, self.blocks + 1):
                name = f"stage{stage}_block{number}"
                out = self._hidden(f"{name}.cell", self.channels * 2 ** (stage - 1), 3, size)
                stride = 2 if stage > 1 and number == 1 else 1
                site = Shape(channels, out.width, stride, self.groups)
                layout.append(Block(name, stage, channels, out.width, site, size, (out,)))
                channels = out.width
        return tuple(layout)

    def _check_settings(self) -> None:
        check_range("blocks", self.blocks, 1, 256)
        check_range("channels", self.channels, 1, 4096)

    def _outer_cost(self) -> Cost:
        stem = conv_cost(self.image.channels, self.stem_channels, 3, self._size(1))
        if not self.order.norm_first:
            stem += norm_cost(self.stem_channels)
        return stem + self._head_cost(self.layout()[-1].out_channels)

    def _block_cost(self, block: Block, cell: Cell) -> Cost:
        return self._cell_cost(block, cell) + self._extra_cost(block)
