"""Sites in a network that is not of our making: which of its convolutions a cell may replace."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from search_engine.architecture.cell import Cell
from search_engine.architecture.cost import Cost, Size, conv_cost, linear_cost
from search_engine.architecture.documents import Document, Reader
from search_engine.architecture.library import GROUPED_START_CELL, START_CELL
from search_engine.architecture.shapes import OwnConv, Shape
from search_engine.architecture.skeletons.base import MAX_WIDTH, check_range
from search_engine.errors import InvalidConfig

MAX_SITES = 150
MAX_NAME = 200


class SiteKind(StrEnum):
    """How a convolution groups its channels: not at all, in groups, or each channel by itself."""

    PLAIN = "plain"
    GROUPED = "grouped"
    DEPTHWISE = "depthwise"


@dataclass(frozen=True, slots=True)
class Site:
    """A 3x3 convolution, padded by one pixel, that a cell may replace.

    Args:
        name: dotted path of the module in the network, such as `layer1.0.conv1`.
        in_channels: channels that come in.
        out_channels: channels that go out.
        stride: 1 or 2, in pixels.
        groups: of the convolution; as many as channels for a depthwise one.
        bias: it adds a constant to each channel.
        size: of its output, in pixels.

    Raises:
        InvalidConfig: a number is outside its limits, or the groups do not divide the widths.
    """

    name: str
    in_channels: int
    out_channels: int
    stride: int
    groups: int
    bias: bool
    size: Size

    def __post_init__(self) -> None:
        if not 0 < len(self.name) <= MAX_NAME:
            raise InvalidConfig("sites", f"expected names of 1 to {MAX_NAME} characters")
        place = f"sites.{self.name}"
        for field in ("in_channels", "out_channels", "groups"):
            check_range(f"{place}.{field}", getattr(self, field), 1, MAX_WIDTH)
        check_range(f"{place}.stride", self.stride, 1, 2)
        for side in self.size:
            check_range(f"{place}.size", side, 1, 4096)
        if self.in_channels % self.groups or self.out_channels % self.groups:
            raise InvalidConfig(f"{place}.groups", "expected a divisor of both widths")

    @property
    def kind(self) -> SiteKind:
        """How it groups its channels."""
        if self.groups == 1:
            return SiteKind.PLAIN
        return SiteKind.DEPTHWISE if self.groups == self.in_channels else SiteKind.GROUPED

    @property
    def shape(self) -> Shape:
        """What a cell in its place maps to what."""
        return Shape(self.in_channels, self.out_channels, self.stride, self.groups)

    @property
    def own(self) -> OwnConv:
        """The convolution itself, as the edge of a start cell."""
        return OwnConv(self.bias)

    @property
    def cost(self) -> Cost:
        """Of the convolution itself."""
        bias = Cost(self.out_channels if self.bias else 0)
        return bias + conv_cost(self.in_channels, self.out_channels, 3, self.size, self.groups)

    def to_json(self) -> Document:
        """The site as plain values."""
        return {
            "name": self.name,
            "in_channels": self.in_channels,
            "out_channels": self.out_channels,
            "stride": self.stride,
            "groups": self.groups,
            "bias": self.bias,
            "size": list(self.size),
        }

    @classmethod
    def from_json(cls, document: object, place: str = "sites") -> Self:
        """A site from what `to_json` made.

        Raises:
            InvalidConfig: malformed; the message names the field.
        """
        reader = Reader(document, place)
        site = cls(
            reader.string("name"),
            reader.integer("in_channels"),
            reader.integer("out_channels"),
            reader.integer("stride"),
            reader.integer("groups"),
            reader.boolean("bias"),
            read_size(reader, "size"),
        )
        reader.done()
        return site


@dataclass(frozen=True, slots=True)
class Classifier:
    """The last layer, which gives the logits: it is made anew for any number of classes.

    Args:
        name: dotted path of the module in the network.
        features: channels that come in.
        positions: at how many pixels it is evaluated: 1 for a linear layer behind a pool.
        bias: it adds a constant to each logit.

    Raises:
        InvalidConfig: a number is outside its limits.
    """

    name: str
    features: int
    positions: int = 1
    bias: bool = True

    def __post_init__(self) -> None:
        check_range("head.features", self.features, 1, 2**24)
        check_range("head.positions", self.positions, 1, 2**24)

    def cost(self, classes: int) -> Cost:
        """Of the layer with so many classes."""
        one = linear_cost(self.features, classes)
        constants = 0 if self.bias else classes
        return Cost(one.parameters - constants, one.multiply_adds * self.positions)

    def to_json(self) -> Document:
        """The layer as plain values."""
        return {
            "name": self.name,
            "features": self.features,
            "positions": self.positions,
            "bias": self.bias,
        }

    @classmethod
    def from_json(cls, document: object, place: str = "head") -> Self:
        """A layer from what `to_json` made.

        Raises:
            InvalidConfig: malformed; the message names the field.
        """
        reader = Reader(document, place)
        head = cls(
            reader.string("name"),
            reader.integer("features"),
            reader.integer("positions"),
            reader.boolean("bias"),
        )
        reader.done()
        return head


def read_size(reader: Reader, name: str) -> Size:
    """Height and width from a field of two whole numbers."""
    size = reader.integers(name)
    if len(size) != 2:
        reader.fail(f"{reader.place}.{name}", f"expected height and width, got {size}")
    return size[0], size[1]


def check_together(sites: Sequence[Site]) -> None:
    """Check that one cell can grow at all the sites: its start edge is plain or grouped, not both.

    Widths, strides, biases and numbers of groups may differ.

    Raises:
        InvalidConfig: none, too many, one twice, or plain and grouped sites together.
    """
    if not 1 <= len(sites) <= MAX_SITES:
        raise InvalidConfig("sites", f"expected 1 to {MAX_SITES} sites, got {len(sites):,}")
    names = [site.name for site in sites]
    if len(set(names)) != len(names):
        raise InvalidConfig("sites", "expected every site once")
    plain = next((site for site in sites if site.kind is SiteKind.PLAIN), None)
    grouped = next((site for site in sites if site.kind is not SiteKind.PLAIN), None)
    if plain and grouped:
        raise InvalidConfig(
            "sites",
            "one cell grows at all sites, so expected plain convolutions only, or grouped and"
            f" depthwise ones only; got {plain.name}, which is plain, and {grouped.name},"
            f" which is {grouped.kind}",
        )


def common_groups(sites: Sequence[Site]) -> int:
    """What the numbers of groups have in common: their greatest common divisor.

    The branches of a `concat` at the root share the groups, at every site alike.
    """
    return math.gcd(*(site.groups for site in sites))


def sites_start_cell(sites: Sequence[Site]) -> Cell:
    """The start cell of sites that fit together."""
    return START_CELL if sites[0].kind is SiteKind.PLAIN else GROUPED_START_CELL
