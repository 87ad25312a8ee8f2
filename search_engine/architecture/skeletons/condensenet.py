"""CondenseNet: a DenseNet for small devices whose 1x1 convolutions learn which inputs to use.

Reference: Huang et al. 2018 (arXiv:1711.09224), with a cell as in Cai et al. 2018, section 4.4.
"""

from dataclasses import dataclass
from typing import ClassVar

from search_engine.architecture.cell import Cell
from search_engine.architecture.cost import Cost, conv_cost, linear_cost, norm_cost
from search_engine.architecture.shapes import Shape
from search_engine.architecture.skeletons.base import SkeletonConfig, check_range
from search_engine.architecture.skeletons.blocks import Block, ImageShape
from search_engine.errors import InvalidConfig

STEM_CHANNELS = 16
IMAGENET = ImageShape(3, 224, 224)


@dataclass(frozen=True, kw_only=True)
class CondenseNetConfig(SkeletonConfig):
    """Stages of blocks `learned group 1x1 to 4 x growth, 3x3 to growth`, each joined to its input.

    Costs are those of the converted network. `Widen` and `Deepen` are not offered: the learned
    groups fix the widths.

    Args:
        blocks: blocks in each stage.
        growths: channels that each block of a stage adds.
        searched: in how many of its last blocks each stage has the cell.
        learned_groups: groups of the learned group convolutions (the paper's G1; `groups` is its
            G3).
        condense_factor: a learned group convolution keeps one in so many of its inputs.
    """

    family: ClassVar[str] = "condensenet"
    norm_before_add: ClassVar[bool] = True
    fixed_because: ClassVar[str] = "its learned groups fix the widths"

    blocks: tuple[int, ...] = (4, 6, 8, 10, 8)
    growths: tuple[int, ...] = (8, 16, 32, 64, 128)
    searched: tuple[int, ...] = (0, 0, 6, 7, 6)
    learned_groups: int = 4
    condense_factor: int = 4
    image: ImageShape = IMAGENET
    classes: int = 1000
    groups: int = 8

    @property
    def stem_channels(self) -> int:
        return STEM_CHANNELS

    def layout(self) -> tuple[Block, ...]:
        channels = self.stem_channels
        layout = []
        for stage, (blocks, growth, searched) in enumerate(
            zip(self.blocks, self.growths, self.searched, strict=True), start=1
        ):
            for number in range(1, blocks + 1):
                block = Block(
                    name=f"stage{stage}_block{number}",
                    stage=stage,
                    in_channels=channels,
                    out_channels=channels + growth,
                    site=Shape(4 * growth, growth, groups=self.groups),
                    size=self._size(2**stage),
                    searched=number > blocks - searched,
                )
                layout.append(block)
                channels = block.out_channels
        return tuple(layout)

    def _check_settings(self) -> None:
        stages = len(self.blocks)
        if not 1 <= stages <= 8 or not stages == len(self.growths) == len(self.searched):
            raise InvalidConfig(
                "blocks", "expected 1 to 8 stages, and as many growths and searched as blocks"
            )
        for blocks, growth, searched in zip(self.blocks, self.growths, self.searched, strict=True):
            check_range("blocks", blocks, 1, 256)
            check_range("growths", growth, 1, 4096)
            check_range("searched", searched, 0, blocks)
        check_range("learned_groups", self.learned_groups, 1, 64)
        check_range("condense_factor", self.condense_factor, 1, 64)
        divisor = 2**stages
        for side, pixels in (("height", self.image.height), ("width", self.image.width)):
            if pixels % divisor:
                raise InvalidConfig(
                    f"image.{side}",
                    f"{stages} stages of condensenet: expected a multiple of {divisor} pixels,"
                    f" got {pixels}",
                )
        self._check_channels()

    def _check_channels(self) -> None:
        for block in self.layout():
            if block.in_channels % self.condense_factor:
                raise InvalidConfig(
                    "condense_factor",
                    f"expected a divisor of the {block.in_channels} channels that enter"
                    f" {block.name}, got {self.condense_factor}",
                )
            if block.site.in_channels % self.learned_groups:
                raise InvalidConfig(
                    "learned_groups",
                    f"expected a divisor of the {block.site.in_channels} channels of {block.name},"
                    f" got {self.learned_groups}",
                )

    def _outer_cost(self) -> Cost:
        stem = conv_cost(self.image.channels, STEM_CHANNELS, 3, self._size(2))
        if not self.order.norm_first:
            stem += norm_cost(STEM_CHANNELS)
        channels = self.layout()[-1].out_channels
        return stem + norm_cost(channels) + linear_cost(channels // 2, self.classes)

    def _block_cost(self, block: Block, cell: Cell) -> Cost:
        into, out = block.in_channels, block.site.in_channels
        norm = norm_cost(into if self.order.norm_first else out)
        # Every output keeps one in `condense_factor` of the inputs, as in a grouped convolution.
        learned = conv_cost(into, out, 1, block.size, groups=self.condense_factor)
        return norm + learned + self._cell_cost(block, cell)
