"""What a skeleton is spelled out in: the image, its blocks with their sites, its hidden layers."""

from dataclasses import dataclass
from typing import Annotated

from search_engine.spec.cost import Size
from search_engine.spec.declared import Declared, Whole, about, declared
from search_engine.spec.shapes import OwnConv, Shape

MAX_PIXELS = 4096
"""Of an image's side."""


@declared
class ImageShape(Declared):
    """Channels, height and width of the images that a network takes; in JSON an array."""

    place = "image"
    in_order = True

    channels: Annotated[Whole, about("Channels", "of each pixel", ge=1, le=16)] = 3
    height: Annotated[Whole, about("Height", "", unit="pixels", ge=1, le=MAX_PIXELS)] = 32
    width: Annotated[Whole, about("Width", "", unit="pixels", ge=1, le=MAX_PIXELS)] = 32


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
        multiple: its channels go round among so many groups, so parts of it come in multiples.
        groups: numbers of groups into which convolutions outside cells divide it.
    """

    name: str
    width: int
    kernel: int
    extra: int
    size: Size
    multiple: int = 1
    groups: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a skeleton.

    Args:
        name: such as `stage1_block2`.
        stage: number of the stage, from 1.
        site: what the cell in it maps to what.
        size: of the cell's output, in pixels.
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
