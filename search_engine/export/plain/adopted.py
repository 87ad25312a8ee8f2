"""A torchvision classifier with cells: torchvision makes it, and the file sets cells at its sites.

Everything outside the cells is torchvision's own code and keeps its own names of weights.
"""

import re
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any, cast

from torch import Tensor, nn

from search_engine.export.format import About
from search_engine.export.plain import parts
from search_engine.export.plain.cell import CellWriter, edge_name
from search_engine.export.plain.frame import Frame
from search_engine.export.plain.text import bracketed, literal
from search_engine.networks import AdoptedNetwork
from search_engine.networks.adopted.torchvision_nets import COLOURS, torchvision_arguments
from search_engine.networks.operations import OwnConvModule
from search_engine.spec import AdoptedConfig, Operation
from search_engine.spec.export_form import ExportKind, check_offered
from search_engine.spec.shapes import edges
from search_engine.spec.skeletons import Block

_FOUND = "The cell that the search found, at each place where it stands."
_START = "The start cell: the 3x3 convolution that the network had."


def adopted_program(network: AdoptedNetwork, about: About, weights: str) -> str:
    """A torchvision classifier with cells as one Python file.

    Raises:
        ExportError: it was adopted from an exported program.
    """
    config = _config(network)
    check_offered(ExportKind.PYTORCH, config)
    takes = _cell_takes(network)
    frame = Frame(
        title=f"torchvision's {config.model}",
        note=_note(config),
        name=config.model,
        made="network()",
        annotation="nn.Module",
        needs_torchvision=True,
        keeps_version=config.model.startswith("mnasnet"),
    )
    return frame.around([*_cell(network, takes), _maker(network, takes)], about, weights)


def adopted_state(network: AdoptedNetwork) -> dict[str, Tensor]:
    """The weights under the names that they have in the file: torchvision's, but for cells."""
    cells = tuple(f"{site}." for site in network.cells())
    layers = "|".join(re.escape(layer) for layer in network.deepened)
    added = re.compile(rf"({layers})\.(\d+)\.operation\.")
    state = {}
    for name, tensor in network.outer.state_dict().items():
        plain = _name_in_cell(network, name) if name.startswith(cells) else name
        if layers and (found := added.match(name)):
            plain = f"{found[1]}.{found[2]}.{name[found.end() :]}"
        state[plain] = tensor.contiguous().cpu()
    return state


def _name_in_cell(network: AdoptedNetwork, name: str) -> str:
    above, _, leaf = name.rpartition(".conv.")
    if above and isinstance(network.outer.get_submodule(above), OwnConvModule):
        name = f"{above}.{leaf}"  # which stands there itself
    return edge_name(name)


def _config(network: AdoptedNetwork) -> AdoptedConfig:
    return cast(AdoptedConfig, network.architecture.skeleton)


def _cell_takes(network: AdoptedNetwork) -> frozenset[str]:
    """What the cell's class takes besides its widths, because it differs from site to site."""
    config, cell = _config(network), network.architecture.cell
    site, own = config.sites()[0], config.chosen[0].own
    found = [(edge.path, edge.branch.operation) for edge in edges(cell, site)]
    grouped = any(operation is Operation.GROUP_CONV_3X3 for _, operation in found)
    takes = {
        "stride": any(site.stride > 1 for site in config.sites()),
        "groups": grouped and any(site.groups > 1 for site in config.sites()),
        "bias": any(own.stands_at(*edge) for edge in found) and any(s.bias for s in config.chosen),
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
    pieces = parts.helpers(writer.helpers)
    if " = Conv(" in source or network.deepened:
        pieces.append(parts.conv(skeleton.order, relu_may_lack=False))
    if " = SepConv(" in source:
        pieces.append(parts.sep_conv(skeleton.order))
    return [*pieces, source]


def _maker(network: AdoptedNetwork, takes: frozenset[str]) -> str:
    """The function that makes the network."""
    config = _config(network)
    arguments = torchvision_arguments(config.model, config.image, config.classes)
    texts = [f"{name}={value!r}" for name, value in arguments.items()]
    made = bracketed(f"model = torchvision.models.{config.model}(", texts, indent=4)
    steps = [
        *_resized(network),
        *(_cell_set(block, takes) for block in config.layout()),
        *_added(network),
    ]
    return f'''
def network() -> nn.Module:
    """torchvision's {config.model} with the cell at its sites, without its weights.

    Normalised images (N, C, H, W) to logits (N, classes).
    """
{made}
{chr(10).join(steps)}
    for module in model.modules():
        if hasattr(module, "inplace"):
            module.inplace = False  # a cell may still need what it would write over
    return model
'''


def _resized(network: AdoptedNetwork) -> Iterator[str]:
    """The lines that set layers of other widths than torchvision's: the stem's, for images of other
    channels, and those around inner layers."""
    config = _config(network)
    names = [network.stem] if config.image.channels != COLOURS else []
    changed = dict(config.widths)
    for layer in config.inner:
        if layer.name in changed:
            names += [*layer.writers, *layer.carriers, *layer.readers]
    for name in dict.fromkeys(names):
        match network.layer(name):
            case nn.Conv2d() as conv:
                yield _submodule_set(name, _conv_text(conv))
            case nn.BatchNorm2d() as norm:
                yield _submodule_set(name, _norm_text(norm))  # a cell knows its widths itself


def _conv_text(conv: nn.Conv2d) -> str:
    settings = {
        "stride": (_side(conv.stride), 1),
        "padding": (_side(conv.padding), 0),
        "dilation": (_side(conv.dilation), 1),
        "groups": (conv.groups, 1),
        "bias": (conv.bias is not None, True),
    }
    widths = (conv.in_channels, conv.out_channels, _side(conv.kernel_size))
    arguments = [str(width) for width in widths]
    arguments += [f"{name}={value}" for name, (value, usual) in settings.items() if value != usual]
    return f"nn.Conv2d({', '.join(arguments)})"


def _norm_text(norm: nn.BatchNorm2d) -> str:
    usual = nn.BatchNorm2d(1)
    eps = f", eps={norm.eps}" if norm.eps != usual.eps else ""
    momentum = f", momentum={norm.momentum}" if norm.momentum != usual.momentum else ""
    return f"nn.BatchNorm2d({norm.num_features}{eps}{momentum})"


def _side(sides: Any) -> Any:
    return sides[0] if len(set(sides)) == 1 else tuple(sides)


def _added(network: AdoptedNetwork) -> Iterator[str]:
    """The lines that put layers after those that `Deepen` has chosen."""
    hidden = network.architecture.skeleton.hidden_layers()
    for name in network.deepened:
        width, kernel = hidden[name].width, hidden[name].kernel
        layer = f"Conv({width}, {width}, kernel={kernel})"
        parts = [f"model.get_submodule({literal(name)})", *[layer] * hidden[name].extra]
        yield bracketed("deeper = nn.Sequential(", parts, indent=4)
        yield _submodule_set(name, "deeper")


def _cell_set(block: Block, takes: frozenset[str]) -> str:
    site, own = block.site, block.own
    bias = own is not None and own.bias
    settings = {"stride": (site.stride, 1), "groups": (site.groups, 1), "bias": (bias, False)}
    given = [
        f"{name}={value}"
        for name, (value, default) in settings.items()
        if name in takes and value != default
    ]
    arguments = [str(site.in_channels), str(site.out_channels), *given]
    return _submodule_set(block.name, f"Cell({', '.join(arguments)})")


def _submodule_set(name: str, module: str) -> str:
    return bracketed("model.set_submodule(", [literal(name), module], indent=4)


def _note(config: AdoptedConfig) -> str:
    count = len(config.chosen)
    places = "one of its 3x3 convolutions" if count == 1 else f"{count} of its 3x3 convolutions"
    depth = " It has no drop path." if config.drop_path else ""
    library = version("torchvision").partition("+")[0]
    return (
        f"A cell stands in place of {places}; all else is torchvision's, of version {library} when"
        " this was written. For training longer it is a network like any other; give it two images"
        f" or more at a time.{depth}"
    )
