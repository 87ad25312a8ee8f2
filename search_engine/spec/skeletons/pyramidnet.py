"""PyramidNet with bottlenecks: a residual network whose width grows a little with every block.

Reference: Han et al. 2017 (arXiv:1610.02915), with a cell as in Cai et al. 2018, section 4.1.
"""

from typing import Annotated, ClassVar

from search_engine.spec.cell import Cell
from search_engine.spec.cost import Cost, conv_cost, norm_cost
from search_engine.spec.declared import Whole, about, always, declared
from search_engine.spec.shapes import Shape
from search_engine.spec.skeletons.base import BlocksField, SkeletonConfig
from search_engine.spec.skeletons.blocks import Block

STEM_CHANNELS = 16
EXPANSION = 4
"""A block's output is so many times as wide as its cell."""


@declared(kw_only=True)
class PyramidNetConfig(SkeletonConfig):
    """Three stages of residual blocks `1x1 to p, cell p to p, 1x1 to 4p`; p grows by alpha in all.

    It starts from 16.
    """

    family: ClassVar[str] = "pyramidnet"
    fixed = always(family=family)

    blocks: BlocksField = 18
    alpha: Annotated[
        Whole,
        about(
            "Alpha",
            "by how much p grows from the first block to the last",
            unit="channels",
            ge=0,
            le=4096,
        ),
    ] = 84

    @property
    def stem_channels(self) -> int:
        return STEM_CHANNELS

    def layout(self) -> tuple[Block, ...]:
        channels = self.stem_channels
        layout = []
        for index in range(3 * self.blocks):
            stage, number = 1 + index // self.blocks, 1 + index % self.blocks
            stride = 2 if stage > 1 and number == 1 else 1
            size = self._size(2 ** (stage - 1))
            name = f"stage{stage}_block{number}"
            planes = self._planes(index)
            into = self._hidden(
                f"{name}.bottleneck", planes, 1, (size[0] * stride, size[1] * stride)
            )
            out = self._hidden(f"{name}.cell", planes, 3, size)
            site = Shape(into.width, out.width, stride, self.groups)
            wide = EXPANSION * planes
            layout.append(Block(name, stage, channels, wide, site, size, (into, out)))
            channels = wide
        return tuple(layout)

    def _planes(self, index: int) -> int:
        """Width of the cell in a block, a multiple of the groups."""
        grown = round(STEM_CHANNELS + self.alpha * (index + 1) / (3 * self.blocks))
        return max(grown // self.groups, 1) * self.groups

    def _outer_cost(self) -> Cost:
        stem = conv_cost(self.image.channels, STEM_CHANNELS, 3, self._size(1))
        return stem + norm_cost(STEM_CHANNELS) + self._head_cost(self.layout()[-1].out_channels)

    def _block_cost(self, block: Block, cell: Cell) -> Cost:
        into, out = block.hidden
        first = self._layer_cost(block.in_channels, into.width, 1, into.size)
        last = conv_cost(out.width, block.out_channels, 1, block.size)
        last += norm_cost(block.out_channels)
        if self.order.norm_first:
            last += norm_cost(out.width)
        return first + self._cell_cost(block, cell) + last
