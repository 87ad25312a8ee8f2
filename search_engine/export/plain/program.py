"""The whole generated file, and the names of the weights beside it."""

import re
from typing import cast

import torch
from torch import Tensor

from search_engine.export.format import About
from search_engine.export.plain import parts
from search_engine.export.plain.adopted import adopted_program, adopted_state
from search_engine.export.plain.cell import CellWriter, edge_name
from search_engine.export.plain.families import block_class, network_class
from search_engine.export.plain.frame import Frame
from search_engine.networks import (
    AdoptedNetwork,
    ChainNet,
    CondenseNet,
    DenseNet,
    Network,
    PyramidNet,
)
from search_engine.networks.layers import Stem
from search_engine.spec.operations import Order

_NAMES: dict[type[Network], str] = {
    ChainNet: "ChainNet",
    CondenseNet: "CondenseNet",
    DenseNet: "DenseNet",
    PyramidNet: "PyramidNet",
}
_NOTE = "For training longer it is a network like any other."
_BLOCK = re.compile(r"blocks\.stage(\d+)_block(\d+)\.")
_TRANSITION = re.compile(r"transitions\.stage(\d+)_block1\.")
_TRANSITION_EXTRA = re.compile(r"transition_extras\.stage(\d+)_block1\.")
_EXTRA = re.compile(r"((?:bottleneck|cell|stem|transition\d+)_extra)\.(\d+)\.operation\.")


def write_program(network: Network, about: About, weights: str) -> str:
    """A network as one Python file.

    Args:
        weights: name of the weights' file, beside the program.

    Raises:
        ExportError: the network was adopted from an exported program.
    """
    if isinstance(network, AdoptedNetwork):
        return adopted_program(network, about, weights)
    name = _NAMES[type(network)]
    cells = _cells(network)
    pieces = [cell.write() for cell in cells]
    used = set().union(*(cell.helpers for cell in cells))
    pieces = [*parts.helpers(used), *_modules(network, "".join(pieces)), *pieces]
    pieces += [block_class(network), network_class(network, name)]
    frame = Frame(title=f"A {name}", note=_NOTE, name=name, made=f"{name}()", annotation=name)
    return frame.around(pieces, about, weights)


@torch.no_grad()
def plain_state(network: Network) -> dict[str, Tensor]:
    """The weights under the names that they have in the file, contiguous, on the CPU.

    What a learned group convolution masks away is zero in the kernel itself here.
    """
    if isinstance(network, AdoptedNetwork):
        return adopted_state(network)
    state = dict(network.state_dict())
    for name in [name for name in state if name.endswith(".mask")]:
        mask, place = state.pop(name), name.removesuffix("mask")
        weight = f"{place}conv.weight" if f"{place}conv.weight" in state else f"{place}weight"
        state[weight] = state[weight] * mask
    return {plain_name(name): tensor.contiguous().cpu() for name, tensor in state.items()}


def plain_name(name: str) -> str:
    """The name in the file of a tensor of our own families."""
    name = _BLOCK.sub(lambda found: f"stage{found[1]}.{int(found[2]) - 1}.", name)
    name = _TRANSITION.sub(lambda found: f"transition{int(found[1]) - 1}.", name)
    name = _TRANSITION_EXTRA.sub(lambda found: f"transition{int(found[1]) - 1}_extra.", name)
    name = _EXTRA.sub(r"\1.\2.", name)
    return edge_name(name)


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
    deeper = any(layer.extra for layer in network.architecture.skeleton.hidden_layers().values())
    if "= Conv(" in cells or deeper or not converted:
        modules.append(parts.conv(order, relu_may_lack=isinstance(network, PyramidNet)))
    if "= SepConv(" in cells:
        modules.append(parts.sep_conv(order))
    if converted:
        modules += [parts.condensed_conv(order), parts.CONDENSED_LINEAR]
    modules.append(_stem(network, order))
    modules.append(parts.head("CondensedLinear" if converted else "nn.Linear"))
    return modules


def _stem(network: Network, order: Order) -> str:
    stem = cast(Stem, network.stem)
    return parts.stem(order, normed=stem.norm is not None, stride=stem.conv.stride[0])
