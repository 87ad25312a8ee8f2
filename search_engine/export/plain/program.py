"""The whole generated file."""

from typing import cast

from search_engine.architecture.operations import Order
from search_engine.export.about import About
from search_engine.export.plain import condensed, parts
from search_engine.export.plain.adopted import adopted_program
from search_engine.export.plain.blocks import block_class
from search_engine.export.plain.cell import CellWriter
from search_engine.export.plain.frame import closing, opening
from search_engine.export.plain.outer import network_class
from search_engine.networks import (
    AdoptedNetwork,
    ChainNet,
    CondenseNet,
    DenseNet,
    Network,
    PyramidNet,
)
from search_engine.networks.layers import Stem

_NAMES: dict[type[Network], str] = {
    ChainNet: "ChainNet",
    CondenseNet: "CondenseNet",
    DenseNet: "DenseNet",
    PyramidNet: "PyramidNet",
}
_NOTE = "For training longer it is a network like any other."


def write_program(network: Network, about: About, weights: str) -> str:
    """A network as one Python file.

    Args:
        network: of any family, or adopted.
        about: class names and what images are normalised with.
        weights: name of the weights' file, beside the program.

    Raises:
        ExportError: an adopted network has what cannot be written.
    """
    if isinstance(network, AdoptedNetwork):
        return adopted_program(network, about, weights)
    name = _NAMES[type(network)]
    cells = _cells(network)
    pieces = [cell.write() for cell in cells]
    used = set().union(*(cell.helpers for cell in cells))
    helpers = [source for helper, source in parts.HELPERS.items() if helper in used]
    pieces = [*helpers, *_modules(network, "".join(pieces)), *pieces]
    pieces += [block_class(network), network_class(network, name)]
    body = "\n\n".join(piece.strip("\n") + "\n" for piece in pieces)
    head = opening(f"A {name}", _NOTE, about, weights, body)
    return f"{head}\n\n{body}\n\n{closing(name)}"


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
