"""What all skeletons have in common: settings, blocks with their sites, hidden layers, JSON, costs.

A skeleton is the fixed outer network into which a cell is placed. Its config is a small frozen
value; `layout()` spells it out, block by block, for the builder of modules, the counter and the
drawing alike.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import ClassVar, Self

from search_engine.architecture.cell import Cell
from search_engine.architecture.cost import (
    Cost,
    Size,
    cell_cost,
    conv_cost,
    linear_cost,
    norm_cost,
    total,
)
from search_engine.architecture.documents import Document, Reader
from search_engine.architecture.library import start_cell
from search_engine.architecture.operations import Operation, Order
from search_engine.architecture.shapes import Shape, check_fits
from search_engine.architecture.skeletons.blocks import (
    DEFAULT_IMAGE,
    Block,
    HiddenLayer,
    ImageShape,
)
from search_engine.errors import InvalidArchitecture, InvalidConfig

MAX_WIDTH = 65_536
MAX_EXTRA_LAYERS = 8


@dataclass(frozen=True, kw_only=True)
class SkeletonConfig(ABC):
    """Settings of a skeleton.

    Args:
        image: shape of its input.
        classes: how many it tells apart.
        groups: groups of the 3x3 convolution of the start cell; 1 is a plain convolution.
        order: of weight, batch norm and ReLU in each operation.
        drop_path: probability that a branch under `add` is dropped in training.
        widths: widths that `Widen` has changed, by hidden layer; given as a mapping or as pairs.
        extra_layers: how many layers `Deepen` has added, by hidden layer.

    Raises:
        InvalidConfig: a setting is outside its limits, or the image does not divide.
    """

    family: ClassVar[str]
    norm_before_add: ClassVar[bool] = False
    size_divisor: ClassVar[int] = 4
    max_groups: ClassVar[int] = 64
    fixed_because: ClassVar[str] = ""
    """Why the family has no hidden layers, where it has none."""

    image: ImageShape = DEFAULT_IMAGE
    classes: int = 10
    groups: int = 2
    order: Order = Order.BN_ACT_WEIGHT
    drop_path: float = 0.0
    widths: tuple[tuple[str, int], ...] = ()
    extra_layers: tuple[tuple[str, int], ...] = ()

    def __post_init__(self) -> None:
        check_range("image.channels", self.image.channels, 1, 16)
        for side in ("height", "width"):
            self._check_side(side, getattr(self.image, side))
        check_range("classes", self.classes, 2, 100_000)
        check_range("groups", self.groups, 1, self.max_groups)
        if not 0 <= self.drop_path < 1:
            raise InvalidConfig("drop_path", f"expected 0 up to below 1, got {self.drop_path}")
        self._check_settings()
        for name in ("widths", "extra_layers"):
            object.__setattr__(self, name, tuple(sorted(dict(getattr(self, name)).items())))
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
    def starts_exactly(self) -> bool:
        """Whether new operations can start as the identity without a gate (METHOD section 5)."""
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
        return {layer.name: layer for block in self.layout() for layer in block.hidden}

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
        return self._outer_cost() + total(self._block_cost(block, cell) for block in self.layout())

    def to_json(self) -> Document:
        """The config as plain values for `json.dumps`, the family included."""
        document: Document = {"family": self.family}
        for field in fields(self):
            value = getattr(self, field.name)
            document[field.name] = list(value) if isinstance(value, tuple) else value
        document["image"] = [self.image.channels, self.image.height, self.image.width]
        document["order"] = self.order.value
        document["widths"] = dict(self.widths)
        document["extra_layers"] = dict(self.extra_layers)
        return document

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """The config from the fields of a JSON object, the family already taken."""
        image = reader.integers("image")
        if len(image) != 3:
            reader.fail(f"{reader.place}.image", f"expected channels, height, width, got {image}")
        own = {
            f.name: reader.integers(f.name)
            if isinstance(f.default, tuple)
            else reader.integer(f.name)
            for f in fields(cls)
            if f.name not in _SHARED
        }
        config = cls(
            **own,
            image=ImageShape(*image),
            classes=reader.integer("classes"),
            groups=reader.integer("groups"),
            order=reader.choice("order", Order),
            drop_path=reader.number("drop_path"),
            widths=tuple(reader.counts("widths").items()),
            extra_layers=tuple(reader.counts("extra_layers").items()),
        )
        reader.done()
        return config

    def with_width(self, layer: str, width: int) -> Self:
        """The config with another width of a hidden layer."""
        return replace(self, widths=tuple((dict(self.widths) | {layer: width}).items()))

    def with_extra_layer(self, layer: str) -> Self:
        """The config with one more layer after a hidden layer."""
        extra = dict(self.extra_layers)
        extra[layer] = extra.get(layer, 0) + 1
        return replace(self, extra_layers=tuple(extra.items()))

    @abstractmethod
    def _check_settings(self) -> None:
        """Check the family's own settings."""

    @abstractmethod
    def _outer_cost(self) -> Cost:
        """Stem, transitions and head."""

    @abstractmethod
    def _block_cost(self, block: Block, cell: Cell) -> Cost:
        """One block with the cell in it."""

    def _check_side(self, side: str, pixels: int) -> None:
        if not (0 < pixels <= 4096 and pixels % self.size_divisor == 0):
            raise InvalidConfig(
                f"image.{side}",
                f"{self.family} halves its feature maps: expected a multiple of"
                f" {self.size_divisor} up to 4096 pixels, got {pixels}",
            )

    def _check_layers(self) -> None:
        known = self.hidden_layers()
        for field in ("widths", "extra_layers"):
            for name, number in getattr(self, field):
                if name not in known:
                    raise InvalidConfig(field, f"{self.family} has no hidden layer {name[:60]!r}")
                limit = MAX_WIDTH if field == "widths" else MAX_EXTRA_LAYERS
                check_range(f"{field}.{name}", number, 1, limit)

    def _hidden(self, name: str, width: int, kernel: int, size: Size) -> HiddenLayer:
        """A hidden layer, with what `Widen` and `Deepen` have made of it."""
        return HiddenLayer(
            name=name,
            width=dict(self.widths).get(name, width),
            kernel=kernel,
            extra=dict(self.extra_layers).get(name, 0),
            size=size,
        )

    def _size(self, divisor: int) -> Size:
        return self.image.height // divisor, self.image.width // divisor

    def _head_cost(self, channels: int) -> Cost:
        return norm_cost(channels) + linear_cost(channels, self.classes)

    def _layer_cost(self, into: int, out: int, kernel: int, size: Size) -> Cost:
        """A convolution with its batch norm."""
        norm = norm_cost(into if self.order.norm_first else out)
        return norm + conv_cost(into, out, kernel, size)

    def _extra_cost(self, block: Block) -> Cost:
        """The layers that `Deepen` has added in the block."""
        return total(
            self._layer_cost(layer.width, layer.width, layer.kernel, layer.size)
            for layer in block.hidden
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


_SHARED = {field.name for field in fields(SkeletonConfig)}


def check_range(field: str, value: int, minimum: int, maximum: int) -> None:
    """Check a whole number.

    Raises:
        InvalidConfig: it is none, or outside the limits.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not minimum <= value <= maximum:
        raise InvalidConfig(field, f"expected a whole number {minimum} to {maximum}, got {value}")


def deepened_operation(kernel: int) -> Operation:
    """What `Deepen` adds after a layer of this kernel."""
    return Operation.CONV_1X1 if kernel == 1 else Operation.CONV_3X3
