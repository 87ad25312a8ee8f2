"""What a skeleton is spelled out in: the image, its blocks with their sites, its hidden layers."""

from dataclasses import dataclass

from search_engine.architecture.cost import Size
from search_engine.architecture.shapes import OwnConv, Shape


@dataclass(frozen=True, slots=True)
class ImageShape:
    """Channels, height and width of the images that a network takes, in pixels."""

    channels: int = 3
    height: int = 32
    width: int = 32


DEFAULT_IMAGE = ImageShape()
"""CIFAR's."""


@dataclass(frozen=True, slots=True)
class HiddenLayer:
    """A layer whose width can be changed without changing the rest of the skeleton.

    Args:
        name: such as `stage1_block2.bottleneck`.
        width: channels of its output.
        kernel: side of its kernel in pixels; layers that `Deepen` adds after it have the same.
        extra: how many layers `Deepen` has added after it.
        size: of its output, in pixels.
    """

    name: str
    width: int
    kernel: int
    extra: int
    size: Size


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a skeleton.

    Args:
        name: such as `stage1_block2`.
        stage: number of the stage, from 1.
        in_channels: channels that come in.
        out_channels: channels that go out.
        site: what the cell in it maps to what.
        size: of the cell's output, in pixels.
        hidden: its hidden layers.
        searched: the search's cell stands here; otherwise the start cell stays for ever.
        own: the convolution that an adopted network had here; None in networks of our making.
    """

    name: str
    stage: int
    in_channels: int
    out_channels: int
    site: Shape
    size: Size
    hidden: tuple[HiddenLayer, ...] = ()
    searched: bool = True
    own: OwnConv | None = None
