"""Sites in a network that is not of our making: which of its convolutions a cell may replace."""

import math
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

from search_engine.spec.cell import Cell
from search_engine.spec.cost import Cost, conv_cost, linear_cost
from search_engine.spec.declared import Declared, Flag, Whole, about, declared
from search_engine.spec.errors import InvalidConfig
from search_engine.spec.library import GROUPED_START_CELL, START_CELL
from search_engine.spec.shapes import OwnConv, Shape
from search_engine.spec.skeletons.base import MAX_WIDTH
from search_engine.spec.skeletons.blocks import MAX_PIXELS

MAX_SITES = 150
MAX_NAME = 200

NameField = Annotated[
    str,
    about("Name", "dotted path of the module in the network", min_length=1, max_length=MAX_NAME),
]
ChannelsField = Annotated[Whole, about("Channels", "", unit="channels", ge=1, le=MAX_WIDTH)]
_Side = Annotated[Whole, about("Side", "", unit="pixels", ge=1, le=MAX_PIXELS)]
SizeField = Annotated[tuple[_Side, _Side], about("Size", "height and width of the output")]
BiasField = Annotated[Flag, about("Bias", "it adds a constant to each channel")]


class SiteKind(StrEnum):
    """How a convolution groups its channels: not at all, in groups, or each channel by itself."""

    PLAIN = "plain"
    GROUPED = "grouped"
    DEPTHWISE = "depthwise"


@declared
class Site(Declared):
    """A 3x3 convolution, padded by one pixel, that a cell may replace."""

    place = "sites"

    name: NameField
    in_channels: ChannelsField
    out_channels: ChannelsField
    stride: Annotated[Whole, about("Stride", "", unit="pixels", ge=1, le=2)]
    groups: Annotated[
        Whole, about("Groups", "as many as channels if depthwise", ge=1, le=MAX_WIDTH)
    ]
    bias: BiasField
    size: SizeField

    def __post_init__(self) -> None:
        if self.in_channels % self.groups or self.out_channels % self.groups:
            raise InvalidConfig("groups", "expected a divisor of both widths")

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
        """Cost of the convolution itself."""
        bias = Cost(self.out_channels if self.bias else 0)
        return bias + conv_cost(self.in_channels, self.out_channels, 3, self.size, self.groups)


@declared
class Classifier(Declared):
    """The last layer, which gives the logits: it is made anew for any number of classes."""

    place = "head"

    name: Annotated[str, about("Name", "dotted path of the module in the network")]
    features: Annotated[Whole, about("Features", "that come in", ge=1, le=2**24)]
    positions: Annotated[
        Whole,
        about(
            "Positions",
            "pixels at which it is evaluated; 1 for a linear layer behind a pool",
            ge=1,
            le=2**24,
        ),
    ] = 1
    bias: Annotated[Flag, about("Bias", "it adds a constant to each logit")] = True

    def cost(self, classes: int) -> Cost:
        """Cost of the layer with this many classes."""
        one = linear_cost(self.features, classes)
        constants = 0 if self.bias else classes
        return Cost(one.parameters - constants, one.multiply_adds * self.positions)


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
