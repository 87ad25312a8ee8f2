"""CondenseNet: a DenseNet for small devices whose 1x1 convolutions learn which inputs to use.

Reference: Huang et al. 2018 (arXiv:1711.09224), with a cell as in Cai et al. 2018, section 4.4.
"""

from typing import Annotated, ClassVar

import pydantic

from search_engine.spec.cell import Cell
from search_engine.spec.cost import Cost, conv_cost, linear_cost, norm_cost
from search_engine.spec.declared import Whole, about, always, declared
from search_engine.spec.errors import InvalidConfig
from search_engine.spec.shapes import Shape
from search_engine.spec.skeletons.base import MAX_BLOCKS, MAX_CLASSES, GroupsField, SkeletonConfig
from search_engine.spec.skeletons.blocks import Block, HiddenLayer, ImageShape

STEM_CHANNELS = 16
IMAGENET = ImageShape(3, 224, 224)


@declared(kw_only=True)
class CondenseNetConfig(SkeletonConfig):
    """Stages of blocks `learned group 1x1 to 4 x growth, 3x3 to growth`, each joined to its input.

    Costs are those of the converted network. The paper's G1 are the `learned_groups`, its G3 the
    `groups`.
    """

    family: ClassVar[str] = "condensenet"
    fixed = always(family=family)
    norm_before_add: ClassVar[bool] = True

    blocks: Annotated[
        tuple[Annotated[Whole, pydantic.Field(ge=1, le=MAX_BLOCKS)], ...],
        about("Blocks", "in each stage; CondenseNet: one number a stage", unit="blocks"),
    ] = (4, 6, 8, 10, 8)
    growths: Annotated[
        tuple[Annotated[Whole, pydantic.Field(ge=1, le=4096)], ...],
        about("Growths", "that each block of a stage adds, one number a stage", unit="channels"),
    ] = (8, 16, 32, 64, 128)
    searched: Annotated[
        tuple[Annotated[Whole, pydantic.Field(ge=0, le=MAX_BLOCKS)], ...],
        about("Searched", "last blocks of each stage that have the cell", unit="blocks"),
    ] = (0, 0, 6, 7, 6)
    learned_groups: Annotated[
        Whole,
        about("Learned groups", "of the learned group convolutions", unit="groups", ge=1, le=64),
    ] = 4
    condense_factor: Annotated[
        Whole,
        about(
            "Condensed",
            "a learned group convolution keeps one in so many of its inputs",
            ge=1,
            le=64,
        ),
    ] = 4
    image: Annotated[ImageShape, about("Image", "shape of the input")] = IMAGENET
    classes: Annotated[Whole, about("Classes", "how many it tells apart", ge=2, le=MAX_CLASSES)] = (
        1000
    )
    groups: GroupsField = 8

    @property
    def stem_channels(self) -> int:
        (stem,) = self._outer_hidden()
        return stem.width

    def layout(self) -> tuple[Block, ...]:
        channels = self.stem_channels
        layout = []
        for stage, (blocks, growth, searched) in enumerate(
            zip(self.blocks, self.growths, self.searched, strict=True), start=1
        ):
            size = self._size(2**stage)
            for number in range(1, blocks + 1):
                name, groups = f"stage{stage}_block{number}", self.learned_groups
                into = self._hidden(f"{name}.bottleneck", 4 * growth, 1, size, multiple=groups)
                grown = self._hidden(f"{name}.cell", growth, 3, size)
                block = Block(
                    name=name,
                    stage=stage,
                    in_channels=channels,
                    out_channels=channels + grown.width,
                    site=Shape(into.width, grown.width, groups=self.groups),
                    size=size,
                    hidden=(into, grown),
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
        for blocks, searched in zip(self.blocks, self.searched, strict=True):
            if searched > blocks:
                raise InvalidConfig("searched", f"expected 0 to {blocks}, got {searched}")
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

    def _outer_hidden(self) -> tuple[HiddenLayer, ...]:
        return (self._hidden("stem", STEM_CHANNELS, 3, self._size(2)),)

    def _outer_cost(self) -> Cost:
        stem = conv_cost(self.image.channels, self.stem_channels, 3, self._size(2))
        if not self.order.norm_first:
            stem += norm_cost(self.stem_channels)
        channels = self.layout()[-1].out_channels
        return stem + norm_cost(channels) + linear_cost(channels // 2, self.classes)

    def _block_cost(self, block: Block, cell: Cell) -> Cost:
        into, out = block.in_channels, block.site.in_channels
        norm = norm_cost(into if self.order.norm_first else out)
        # Every output keeps one in `condense_factor` of the inputs, as in a grouped convolution.
        learned = conv_cost(into, out, 1, block.size, groups=self.condense_factor)
        return norm + learned + self._cell_cost(block, cell)
