"""What all skeletons have in common: settings, blocks with their sites, hidden layers, JSON, costs.

A skeleton is the fixed outer network into which a cell is placed. Its config is a small frozen
value; `layout()` spells it out, block by block, for the builder of modules, the counter and the
drawing alike.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, ClassVar, Self

from search_engine.spec.cell import Cell
from search_engine.spec.cost import Cost, Size, cell_cost, conv_cost, linear_cost, norm_cost, total
from search_engine.spec.declared import Declared, Number, Pairs, Whole, about, declared
from search_engine.spec.errors import InvalidArchitecture, InvalidConfig
from search_engine.spec.library import start_cell
from search_engine.spec.operations import Operation, Order
from search_engine.spec.shapes import Shape, check_fits
from search_engine.spec.skeletons.blocks import DEFAULT_IMAGE, Block, HiddenLayer, ImageShape
from search_engine.spec.skeletons.pretrained import Normalisation

MAX_WIDTH = 65_536
MAX_EXTRA_LAYERS = 8
MAX_BLOCKS = 256
MAX_CLASSES = 100_000


BlocksField = Annotated[Whole, about("Blocks", "in each stage", unit="blocks", ge=1, le=MAX_BLOCKS)]
GroupsField = Annotated[
    Whole,
    about("Groups", "of the start cell's 3x3 convolution; 1 is a plain convolution", ge=1, le=64),
]


@declared(kw_only=True)
class SkeletonConfig(Declared, ABC):
    """Settings of a skeleton."""

    place = "skeleton"

    family: ClassVar[str]
    norm_before_add: ClassVar[bool] = False
    size_divisor: ClassVar[int] = 4
    fixed_because: ClassVar[str] = ""
    """Why the family has no hidden layers, where it has none."""

    image: Annotated[ImageShape, about("Image", "shape of the input")] = DEFAULT_IMAGE
    classes: Annotated[Whole, about("Classes", "how many it tells apart", ge=2, le=MAX_CLASSES)] = (
        10
    )
    groups: GroupsField = 2
    order: Annotated[Order, about("Order", "of weight, batch norm and ReLU in each operation")] = (
        Order.BN_ACT_WEIGHT
    )
    drop_path: Annotated[
        Number,
        about(
            "Drop path", "probability that a branch under add is dropped in training", ge=0, lt=1
        ),
    ] = 0.0
    widths: Annotated[
        tuple[tuple[str, int], ...],
        Pairs(Annotated[Whole, about("Width", "", ge=1, le=MAX_WIDTH)]),
        about("Widths", "those that Widen has changed, by hidden layer", unit="channels"),
    ] = ()
    extra_layers: Annotated[
        tuple[tuple[str, int], ...],
        Pairs(Annotated[Whole, about("Extra layers", "", ge=1, le=MAX_EXTRA_LAYERS)]),
        about("Extra layers", "how many Deepen has added, by hidden layer"),
    ] = ()

    def __post_init__(self) -> None:
        for side in ("height", "width"):
            self._check_side(side, getattr(self.image, side))
        self._check_settings()
        self._check_layers()
        try:
            self.check_cell(self.start_cell)
        except InvalidArchitecture as error:
            raise InvalidConfig("groups", f"the start cell does not fit: {error}") from None

    @property
    def start_cell(self) -> Cell:
        """The cell of the start network."""
        return start_cell(self.groups)

    @property
    def has_fresh_weights(self) -> bool:
        """Whether a network of it can be made without weights that somebody gives."""
        return True

    @property
    def own_normalisation(self) -> Normalisation | None:
        """How its images must be normalised; None: by the training images' own statistics."""
        return None

    @property
    def starts_exactly(self) -> bool:
        """Whether new operations can start as the identity without a gate."""
        return self.order is Order.WEIGHT_BN_ACT

    @abstractmethod
    def layout(self) -> tuple[Block, ...]:
        """All blocks, in the order in which data flows."""

    @property
    @abstractmethod
    def stem_channels(self) -> int:
        """Channels of the stem's output."""

    def hidden_layers(self) -> Mapping[str, HiddenLayer]:
        """The layers that `Widen` and `Deepen` can change, by name."""
        inside = (layer for block in self.layout() for layer in block.hidden)
        return {layer.name: layer for layer in (*self._outer_hidden(), *inside)}

    def sites(self) -> tuple[Shape, ...]:
        """What the cell maps to what in each block that has it."""
        return tuple(block.site for block in self.layout() if block.searched)

    def check_cell(self, cell: Cell) -> None:
        """Check that the cell fits every site, and the start cell the blocks that are not searched.

        Raises:
            InvalidArchitecture: it does not; the message names block and branch.
        """
        checked: set[tuple[Shape, bool]] = set()
        for block in self.layout():
            if (block.site, block.searched) in checked:
                continue
            checked.add((block.site, block.searched))
            try:
                check_fits(cell if block.searched else self.start_cell, block.site)
            except InvalidArchitecture as error:
                raise InvalidArchitecture(f"{block.name}: {error.place}", error.reason) from None

    def cost(self, cell: Cell) -> Cost:
        """Parameters and multiply-adds of the whole network with the cell at its sites.

        Raises:
            InvalidArchitecture: the cell does not fit.
        """
        self.check_cell(cell)
        blocks = total(self._block_cost(block, cell) for block in self.layout())
        return self._outer_cost() + self._extra_cost() + blocks

    def with_width(self, layer: str, width: int) -> Self:
        """The config with another width of a hidden layer."""
        return replace(self, widths=tuple((dict(self.widths) | {layer: width}).items()))

    def with_extra_layer(self, layer: str) -> Self:
        """The config with one more layer after a hidden layer."""
        extra = dict(self.extra_layers)
        extra[layer] = extra.get(layer, 0) + 1
        return replace(self, extra_layers=tuple(extra.items()))

    def _check_settings(self) -> None:  # most families have nothing to add
        """Check what the family's own settings have to do with each other."""

    def _outer_hidden(self) -> tuple[HiddenLayer, ...]:
        """The hidden layers outside the blocks."""
        return ()

    @abstractmethod
    def _outer_cost(self) -> Cost:
        """Stem, transitions and head."""

    @abstractmethod
    def _block_cost(self, block: Block, cell: Cell) -> Cost:
        """One block with the cell in it."""

    def _check_side(self, side: str, pixels: int) -> None:
        if pixels % self.size_divisor:
            raise InvalidConfig(
                f"image.{side}",
                f"{self.family} halves its feature maps: expected a multiple of"
                f" {self.size_divisor} pixels, got {pixels}",
            )

    def _check_layers(self) -> None:
        known = self.hidden_layers()
        for field in ("widths", "extra_layers"):
            for name, _ in getattr(self, field):
                if name not in known:
                    raise InvalidConfig(field, f"{self.family} has no hidden layer {name[:60]!r}")

    def _hidden(
        self, name: str, width: int, kernel: int, size: Size, multiple: int = 1
    ) -> HiddenLayer:
        """A hidden layer, with what `Widen` and `Deepen` have made of it."""
        return HiddenLayer(
            name=name,
            width=dict(self.widths).get(name, width),
            kernel=kernel,
            extra=dict(self.extra_layers).get(name, 0),
            size=size,
            multiple=multiple,
        )

    def _size(self, divisor: int) -> Size:
        """Size of a feature map after strides of this much in all; odd sizes are rounded up."""
        return -(-self.image.height // divisor), -(-self.image.width // divisor)

    def _head_cost(self, channels: int) -> Cost:
        return norm_cost(channels) + linear_cost(channels, self.classes)

    def _layer_cost(self, into: int, out: int, kernel: int, size: Size) -> Cost:
        """A convolution with its batch norm."""
        norm = norm_cost(into if self.order.norm_first else out)
        return norm + conv_cost(into, out, kernel, size)

    def _extra_cost(self) -> Cost:
        """The layers that `Deepen` has added."""
        return total(
            self._layer_cost(layer.width, layer.width, layer.kernel, layer.size)
            for layer in self.hidden_layers().values()
            for _ in range(layer.extra)
        )

    def _cell_cost(self, block: Block, cell: Cell) -> Cost:
        return cell_cost(
            cell if block.searched else self.start_cell,
            block.site,
            self.order,
            block.size,
            norm_before_add=self.norm_before_add,
            own=block.own,
        )


def deepened_operation(kernel: int) -> Operation:
    """What `Deepen` adds after a layer of this kernel."""
    return Operation.CONV_1X1 if kernel == 1 else Operation.CONV_3X3
