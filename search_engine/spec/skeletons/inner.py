"""Inner widths of a network that is not of our making: which of its layers share which channels.

A hidden layer there is a set of channels that some convolutions write, others read, and that batch
norms and depthwise convolutions carry on as they are. Everything else keeps its widths.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated

from search_engine.spec.cost import Cost, total
from search_engine.spec.declared import Declared, Whole, about, declared
from search_engine.spec.skeletons.sites import BiasField, ChannelsField, NameField, SizeField

MAX_INNER = 1000

_Names = tuple[NameField, ...]


@declared
class InnerLayer(Declared):
    """Channels within the network that no other layer depends on."""

    place = "inner"

    width: ChannelsField
    kernel: Annotated[Whole, about("Kernel", "of layers that Deepen adds", ge=1, le=3)]
    size: SizeField
    writers: Annotated[
        _Names, about("Writers", "convolutions whose outputs they are", min_length=1)
    ]
    carriers: Annotated[_Names, about("Carriers", "batch norms and depthwise convolutions")]
    readers: Annotated[_Names, about("Readers", "convolutions that read them", min_length=1)]

    @property
    def name(self) -> str:
        """Name of the first convolution that writes them."""
        return self.writers[0]


@declared
class OuterConv(Declared):
    """A convolution that writes, carries or reads an inner layer; in JSON an array."""

    place = "convs"
    in_order = True

    name: NameField
    in_channels: ChannelsField
    out_channels: ChannelsField
    window: Annotated[Whole, about("Window", "", unit="pixels", ge=1)]
    groups: Annotated[Whole, about("Groups", "", ge=1)]
    bias: BiasField
    positions: Annotated[Whole, about("Positions", "pixels of its output", ge=1)]

    @property
    def is_depthwise(self) -> bool:
        """Whether it has one filter for each channel."""
        return 1 < self.groups == self.in_channels == self.out_channels

    def cost(self, into: int, out: int) -> Cost:
        """The cost with other widths."""
        groups = out if self.is_depthwise else self.groups
        weights = into // groups * out * self.window
        return Cost(weights + (out if self.bias else 0), weights * self.positions)


class Widths:
    """What inner layers make of the widths of the modules around them.

    Args:
        now: the width of each inner layer, by its name.
    """

    def __init__(self, layers: Sequence[InnerLayer], now: Mapping[str, int]) -> None:
        self.into: dict[str, int] = {}
        self.out: dict[str, int] = {}
        self.carried = {name for layer in layers for name in layer.carriers}
        for layer in layers:
            width = now.get(layer.name, layer.width)
            self.into |= dict.fromkeys((*layer.readers, *layer.carriers), width)
            self.out |= dict.fromkeys((*layer.writers, *layer.carriers), width)

    def of(self, name: str, into: int, out: int) -> tuple[int, int]:
        """Channels in and out of a module that had so many."""
        return self.into.get(name, into), self.out.get(name, out)

    def groups(self, name: str, groups: int) -> int:
        """Groups of a convolution that had so many: as many as channels where it carries them."""
        return self.into[name] if name in self.carried else groups


def added_cost(
    layers: Sequence[InnerLayer],
    convs: Sequence[OuterConv],
    sites: Collection[str],
    now: Mapping[str, int],
) -> Cost:
    """What the layers outside cells cost more than they did.

    Args:
        sites: the convolutions in whose place there are cells.
        now: the width of each inner layer, by its name.
    """
    widths, known = Widths(layers, now), {conv.name for conv in convs}
    changes = [_difference(conv, widths) for conv in convs if conv.name not in sites]
    norms = sum(
        2 * (now.get(layer.name, layer.width) - layer.width) * _norms(layer.carriers, known)
        for layer in layers
    )
    return total(changes) + Cost(norms)


def _difference(conv: OuterConv, widths: Widths) -> Cost:
    before = conv.cost(conv.in_channels, conv.out_channels)
    after = conv.cost(*widths.of(conv.name, conv.in_channels, conv.out_channels))
    return Cost(after.parameters - before.parameters, after.multiply_adds - before.multiply_adds)


def _norms(carriers: Sequence[str], convs: Collection[str]) -> int:
    return sum(name not in convs for name in carriers)
