"""The whole generated file."""

from typing import cast

from search_engine.architecture.operations import Order
from search_engine.export.about import About
from search_engine.export.plain import condensed, parts
from search_engine.export.plain.blocks import block_class
from search_engine.export.plain.cell import CellWriter
from search_engine.export.plain.outer import network_class
from search_engine.export.plain.text import constant, literal
from search_engine.networks import ChainNet, CondenseNet, DenseNet, Network, PyramidNet
from search_engine.networks.layers import Stem
from search_engine.version import __version__

_NAMES: dict[type[Network], str] = {
    ChainNet: "ChainNet",
    CondenseNet: "CondenseNet",
    DenseNet: "DenseNet",
    PyramidNet: "PyramidNet",
}


def can_be_written(network: Network) -> bool:
    """Whether the network is of a family that this package knows how to write out."""
    return type(network) in _NAMES


def write_program(network: Network, about: About, weights: str) -> str:
    """A network as one Python file.

    Args:
        network: of a family that `can_be_written`.
        about: class names and what images are normalised with.
        weights: name of the weights' file, beside the program.
    """
    name = _NAMES[type(network)]
    cells = _cells(network)
    pieces = [cell.write() for cell in cells]
    used = set().union(*(cell.helpers for cell in cells))
    helpers = [source for helper, source in parts.HELPERS.items() if helper in used]
    pieces = [*helpers, *_modules(network, "".join(pieces)), *pieces]
    pieces += [block_class(network), network_class(network, name)]
    body = "\n\n".join(piece.strip("\n") + "\n" for piece in pieces)
    return f"{_opening(name, about, weights)}\n\n{body}\n\n{_closing(name)}"


def _cells(network: Network) -> list[CellWriter]:
    skeleton, cell = network.architecture.skeleton, network.architecture.cell
    searched = {block.searched for block in skeleton.layout()}
    strided = any(block.site.stride > 1 for block in skeleton.layout())
    writers = []
    if False in searched:
        about = "The cell of the blocks that the search leaves alone."
        start = (skeleton.start_cell, "StartCell", about, skeleton.groups)
        writers.append(CellWriter(*start, strided, skeleton.norm_before_add))
    if True in searched:
        found = cell.digest != skeleton.start_cell.digest
        about = (
            "The cell that the search found." if found else "The start cell: one 3x3 convolution."
        )
        writers.append(
            CellWriter(cell, "Cell", about, skeleton.groups, strided, skeleton.norm_before_add)
        )
    return writers


def _modules(network: Network, cells: str) -> list[str]:
    """The small modules that are needed, each before its first use."""
    order = network.architecture.skeleton.order
    converted = isinstance(network, CondenseNet) and network.is_converted
    modules = []
    if "= Conv(" in cells or not converted:
        modules.append(parts.conv(order, relu_may_lack=isinstance(network, PyramidNet)))
    if "= SepConv(" in cells:
        modules.append(parts.sep_conv(order))
    if converted:
        modules += [condensed.condensed_conv(order), condensed.LINEAR]
    modules.append(_stem(network, order))
    modules.append(parts.head("CondensedLinear" if converted else "nn.Linear"))
    return modules


def _stem(network: Network, order: Order) -> str:
    stem = cast(Stem, network.stem)
    return parts.stem(order, normed=stem.norm is not None, stride=stem.conv.stride[0])


def _opening(name: str, about: About, weights: str) -> str:
    image = about.image
    shape = f"{image.channels}, {image.height}, {image.width}"
    return f'''"""A {name} in plain PyTorch: it needs nothing but torch.

    network = load()                      # with its weights, in eval mode
    logits = network(preprocess(images))  # images: uint8, (N, {shape})
    names = [CLASS_NAMES[index] for index in logits.argmax(dim=1).tolist()]

Written by Espalier {__version__}. For training longer it is a network like any other.
"""

import json
import math
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

WEIGHTS = Path(__file__).with_name({literal(weights)})
{constant("CLASS_NAMES", [literal(class_name) for class_name in about.class_names])}
IMAGE_SHAPE = ({shape})  # channels, height, width
# Of the training images, scaled to 0 .. 1.
{constant("MEAN", [repr(value) for value in about.mean])}
{constant("STD", [repr(value) for value in about.std])}
'''


def _closing(name: str) -> str:
    return f'''
def preprocess(images: Tensor) -> Tensor:
    """What the network takes of images: uint8, (N, C, H, W), of IMAGE_SHAPE."""
    mean = torch.tensor(MEAN, device=images.device).view(1, -1, 1, 1)
    std = torch.tensor(STD, device=images.device).view(1, -1, 1, 1)
    return (images.float() / 255 - mean) / std


def read_weights(path: Path | str = WEIGHTS) -> dict[str, Tensor]:
    """Read a safetensors file: a length, a JSON table of the tensors, their bytes. No pickle."""
    data = bytearray(Path(path).read_bytes())
    start = 8 + int.from_bytes(data[:8], "little")
    table = json.loads(data[8:start])
    table.pop("__metadata__", None)
    types = {{"F32": torch.float32, "I64": torch.int64}}
    state = {{}}
    for name, entry in table.items():
        state[name] = torch.frombuffer(
            data,
            dtype=types[entry["dtype"]],
            count=math.prod(entry["shape"]),
            offset=start + entry["data_offsets"][0],
        ).view(entry["shape"])
    return state


def load(path: Path | str = WEIGHTS) -> {name}:
    """The network with its weights, in eval mode."""
    network = {name}()
    network.load_state_dict(read_weights(path))
    return network.eval()


if __name__ == "__main__":
    count = sum(parameter.numel() for parameter in load().parameters())
    print(f"{name}: {{count:,}} parameters, {{len(CLASS_NAMES)}} classes, images {{IMAGE_SHAPE}}")
'''.lstrip("\n")
