"""Adopted networks as one file: their own layers as classes, and the cell in place of some."""

import re
from typing import cast

from search_engine.architecture import AdoptedConfig, Operation, Source
from search_engine.architecture.shapes import edges
from search_engine.export.about import About
from search_engine.export.plain import leaves, parts
from search_engine.export.plain.cell import CellWriter
from search_engine.export.plain.classes import Classes
from search_engine.export.plain.frame import closing, opening
from search_engine.export.plain.names import edge_name, written_paths
from search_engine.export.plain.steps import STEPS_NAME, steps_class, steps_names
from search_engine.networks import AdoptedNetwork
from search_engine.networks.operations import OwnConvModule

_RESERVED = frozenset(
    {"Cell", "Conv", "DenseBlock", "F", "OrderedDict", "Path", "SepConv", "StochasticDepth"}
    | {"Tensor"}
)
_LONGEST_MODEL = 26
_FOUND = "The cell that the search found, at each place where it stands."
_START = "The start cell: the 3x3 convolution that the network had."


def adopted_program(network: AdoptedNetwork, about: About, weights: str) -> str:
    """An adopted network as one Python file.

    Args:
        network: of either source.
        about: class names and what images are normalised with.
        weights: name of the weights' file, beside the program.

    Raises:
        ExportError: the network has what cannot be written.
    """
    takes = _cell_takes(network)
    if _config(network).source is Source.EXPORTED:
        name, classes = STEPS_NAME, [steps_class(network, takes)]
    else:
        found = Classes(network.outer, _RESERVED, takes)
        name, classes = found.name, found.sources
    pieces = [*_cell(network, takes), *_own_modules("".join(classes)), *classes]
    body = "\n\n".join(piece.strip("\n") + "\n" for piece in pieces)
    head = opening(_title(network), _note(network), about, weights, body)
    return f"{head}\n\n{body}\n\n{closing(name)}"


def adopted_names(network: AdoptedNetwork) -> dict[str, str]:
    """Each tensor's name in the generated file, by its name in the network that was adopted."""
    is_program = _config(network).source is Source.EXPORTED
    paths = steps_names(network) if is_program else written_paths(network.outer)
    names = {}
    for name in network.outer.state_dict():
        site = next((site for site in network.cells() if name.startswith(f"{site}.root.")), None)
        if site is not None:
            names[name] = f"{paths[site]}.{_name_in_cell(network, name, site)}"
        elif name in paths:
            names[name] = paths[name]
        else:
            above, _, leaf = name.rpartition(".")
            names[name] = f"{paths[above]}.{leaf}".lstrip(".")
    return names


def _name_in_cell(network: AdoptedNetwork, name: str, site: str) -> str:
    above, _, leaf = name.rpartition(".conv.")
    if above and isinstance(network.outer.get_submodule(above), OwnConvModule):
        name = f"{above}.{leaf}"  # which stands there itself
    return edge_name(name.removeprefix(f"{site}."))


def _config(network: AdoptedNetwork) -> AdoptedConfig:
    return cast(AdoptedConfig, network.architecture.skeleton)


def _cell_takes(network: AdoptedNetwork) -> frozenset[str]:
    """What the cell's class takes besides its widths, because it differs from site to site."""
    sites, cell = _config(network).chosen, network.architecture.cell
    found = list(edges(cell, sites[0].shape))
    grouped = any(edge.branch.operation is Operation.GROUP_CONV_3X3 for edge in found)
    own = any(sites[0].own.stands_at(edge.path, edge.branch.operation) for edge in found)
    takes = {
        "stride": any(site.stride > 1 for site in sites),
        "groups": grouped and any(site.groups > 1 for site in sites),
        "bias": own and any(site.bias for site in sites),
    }
    return frozenset(name for name, taken in takes.items() if taken)


def _cell(network: AdoptedNetwork, takes: frozenset[str]) -> list[str]:
    """The class of the cell, after the functions and classes that it uses."""
    skeleton, cell = network.architecture.skeleton, network.architecture.cell
    writer = CellWriter(
        cell,
        "Cell",
        _FOUND if cell.digest != skeleton.start_cell.digest else _START,
        groups=None if "groups" in takes else 1,
        strided="stride" in takes,
        norm_before_add=skeleton.norm_before_add,
        own_bias="bias" if "bias" in takes else "False",
    )
    source = writer.write()
    pieces = [text for name, text in parts.HELPERS.items() if name in writer.helpers]
    if " = Conv(" in source:
        pieces.append(parts.conv(skeleton.order, relu_may_lack=False))
    if " = SepConv(" in source:
        pieces.append(parts.sep_conv(skeleton.order))
    return [*pieces, source]


def _own_modules(classes: str) -> list[str]:
    """Those of torchvision's modules that are written by hand."""
    modules = {"StochasticDepth(": leaves.STOCHASTIC_DEPTH, "DenseBlock(": leaves.DENSE_BLOCK}
    return [source for text, source in modules.items() if text in classes]


def _title(network: AdoptedNetwork) -> str:
    config = _config(network)
    model = re.sub(r"[^A-Za-z0-9 ._-]", "_", config.model)[:_LONGEST_MODEL]
    if config.source is Source.EXPORTED:
        return f"{model}, an exported program,"
    return f"torchvision's {model}"


def _note(network: AdoptedNetwork) -> str:
    count = len(network.cells())
    places = "one of its 3x3 convolutions" if count == 1 else f"{count} of its 3x3 convolutions"
    depth = " It has no drop path." if network.architecture.skeleton.drop_path else ""
    return (
        f"A cell stands in place of {places}.\nFor training longer it is a network like any other;"
        f" give it two images or more at a time.{depth}"
    )
