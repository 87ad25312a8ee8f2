"""ChainNet: 3x3 convolutions one after the other, to study growth from the simplest start."""

from typing import Annotated, ClassVar

from search_engine.spec.cell import Cell
from search_engine.spec.cost import Cost, conv_cost, norm_cost
from search_engine.spec.declared import Whole, about, always, declared
from search_engine.spec.shapes import Shape
from search_engine.spec.skeletons.base import BlocksField, GroupsField, SkeletonConfig
from search_engine.spec.skeletons.blocks import Block, HiddenLayer


@declared(kw_only=True)
class ChainNetConfig(SkeletonConfig):
    """Three stages of cells, each stage twice as wide and half as large as the one before."""

    family: ClassVar[str] = "chainnet"
    fixed = always(family=family)
    may_lack = ("stem_stride",)

    blocks: BlocksField = 2
    channels: Annotated[
        Whole, about("Width", "of the first stage", unit="channels", ge=1, le=4096)
    ] = 32
    groups: GroupsField = 1
    stem_stride: Annotated[
        Whole,
        about(
            "Stride of the stem",
            "2 halves the image at once, for a third of the time",
            ge=1,
            le=2,
        ),
    ] = 1

    @property
    def stem_channels(self) -> int:
        (stem,) = self._outer_hidden()
        return stem.width

    def layout(self) -> tuple[Block, ...]:
        channels = self.stem_channels
        layout = []
        for stage in range(1, 4):
            size = self._size(self.stem_stride * 2 ** (stage - 1))
            for number in range(1, self.blocks + 1):
                name = f"stage{stage}_block{number}"
                out = self._hidden(f"{name}.cell", self.channels * 2 ** (stage - 1), 3, size)
                stride = 2 if stage > 1 and number == 1 else 1
                site = Shape(channels, out.width, stride, self.groups)
                layout.append(Block(name, stage, channels, out.width, site, size, (out,)))
                channels = out.width
        return tuple(layout)

    def _outer_hidden(self) -> tuple[HiddenLayer, ...]:
        return (self._hidden("stem", self.channels, 3, self._size(self.stem_stride)),)

    def _outer_cost(self) -> Cost:
        stem = conv_cost(self.image.channels, self.stem_channels, 3, self._size(self.stem_stride))
        if not self.order.norm_first:
            stem += norm_cost(self.stem_channels)
        return stem + self._head_cost(self.layout()[-1].out_channels)

    def _block_cost(self, block: Block, cell: Cell) -> Cost:
        return self._cell_cost(block, cell)
