"""The four families as classes: their blocks, and the network itself of stem, stages, head."""

from itertools import groupby
from typing import cast

from search_engine.export.plain.text import bracketed, item_lines
from search_engine.networks import ChainNet, CondenseNet, DenseNet, Network, PyramidNet
from search_engine.networks.condensenet import CondenseBlock
from search_engine.networks.learned_groups import CondensedConv
from search_engine.networks.operations import Conv
from search_engine.spec.operations import Order
from search_engine.spec.skeletons import Block

_CELL_WIDTHS: dict[type[Network], str] = {
    ChainNet: "out_channels",
    CondenseNet: "growth",
    DenseNet: "growth",
    PyramidNet: "planes",
}
"""Names in the blocks of the cell's width."""


def block_class(network: Network) -> str:
    """The class of the network's blocks."""
    match network:
        case DenseNet():
            return _dense_block(network)
        case PyramidNet():
            return _pyramid_block(network)
        case CondenseNet():
            return _condense_block(network)
    return _chain_block(network)


def _bottleneck_of(network: CondenseNet, name: str) -> CondensedConv:
    """The converted 1x1 convolution of a block."""
    return cast(CondensedConv, cast(CondenseBlock, network.blocks[name]).bottleneck)


def _has_two_cells(network: Network) -> bool:
    """Whether the start cell stands in some blocks and the searched cell in others."""
    return len({block.searched for block in network.architecture.skeleton.layout()}) > 1


def _extras(block: Block) -> dict[str, int]:
    """How many layers were added after each hidden layer of a block, where there are any."""
    layers = {f"{layer.name.rpartition('.')[2]}_extra": layer.extra for layer in block.hidden}
    return {name: extra for name, extra in layers.items() if extra}


def _extra(network: Network) -> tuple[str, dict[str, str]]:
    """Source for added layers: further parameters, and by name the line that makes them."""
    names = sorted({n for block in network.architecture.skeleton.layout() for n in _extras(block)})
    kernels = {"bottleneck_extra": ("width", 1), "cell_extra": (_CELL_WIDTHS[type(network)], 3)}
    lines = {name: "\n" + _extra_line(name, *kernels[name], name) for name in names}
    return "".join(f", {name}: int = 0" for name in names), lines


def _extra_line(name: str, width: object, kernel: int, count: object) -> str:
    layers = f"*(Conv({width}, {width}, kernel={kernel}) for _ in range({count}))"
    return bracketed(f"self.{name} = nn.Sequential(", [layers], indent=8)


def _wrapped(inner: str, name: str, lines: dict[str, str]) -> str:
    return f"self.{name}({inner})" if name in lines else inner


def _joined(lines: dict[str, str]) -> str:
    """The steps of a block that is joined to its input."""
    grown = f"self.cell({_wrapped('self.bottleneck(x)', 'bottleneck_extra', lines)})"
    if "cell_extra" not in lines:
        return f"        return torch.cat((x, {grown}), dim=1)"
    return f"        y = {grown}\n        return torch.cat((x, self.cell_extra(y)), dim=1)"


def _dense_block(network: Network) -> str:
    parameters, lines = _extra(network)
    added = ", with further layers" if lines else ""
    return f'''
class DenseBlock(nn.Module):
    """A 1x1 convolution and the cell{added}; the result is joined to the input."""

{_init(f"in_channels: int, width: int, growth: int{parameters}")}
        self.bottleneck = Conv(in_channels, width, kernel=1){lines.get("bottleneck_extra", "")}
        self.cell = Cell(width, growth){lines.get("cell_extra", "")}

    def forward(self, x: Tensor) -> Tensor:
{_joined(lines)}
'''


def _pyramid_block(network: Network) -> str:
    order = network.architecture.skeleton.order
    parameters, lines = _extra(network)
    # The family wants no ReLU here; in weight-bn-act order the one after the expansion is left out.
    first, last = ("", ", relu=False") if order is Order.WEIGHT_BN_ACT else (", relu=False", "")
    norm = "\n        self.norm = nn.BatchNorm2d(out_channels)" if order.norm_first else ""
    inner = _wrapped("self.bottleneck(x)", "bottleneck_extra", lines)
    outer = f"self.expansion({_wrapped('y', 'cell_extra', lines)})"
    strided = any(site.stride > 1 for site in network.architecture.skeleton.sites())
    arguments = "width, planes, stride" if strided else "width, planes"
    first_extra, second_extra = (lines.get(name, "") for name in ("bottleneck_extra", "cell_extra"))
    widths = "in_channels: int, width: int, planes: int, out_channels: int, stride: int = 1"
    return f'''
class PyramidBlock(nn.Module):
    """1x1 convolution, the cell, 1x1 convolution; the shortcut is padded with zero channels."""

{_init(f"{widths}{parameters}")}
        self.stride = stride
        self.padding = out_channels - in_channels
        self.bottleneck = Conv(in_channels, width, kernel=1{first}){first_extra}
        self.cell = Cell({arguments}){second_extra}
        self.expansion = Conv(planes, out_channels, kernel=1{last}){norm}

    def forward(self, x: Tensor) -> Tensor:
        y = self.cell({inner})
        y = {f"self.norm({outer})" if norm else outer}
        shortcut = x if self.stride == 1 else F.avg_pool2d(x, self.stride)
        return y + F.pad(shortcut, (0, 0, 0, 0, 0, self.padding))
'''


def _chain_block(network: Network) -> str:
    parameters, lines = _extra(network)
    inner = _wrapped("self.cell(x)", "cell_extra", lines)
    return f'''
class ChainBlock(nn.Module):
    """The cell{", and layers that were added after it" if lines else ""}."""

{_init(f"in_channels: int, out_channels: int, stride: int = 1{parameters}")}
        self.cell = Cell(in_channels, out_channels, stride){lines.get("cell_extra", "")}

    def forward(self, x: Tensor) -> Tensor:
        return {inner}
'''


def _condense_block(network: CondenseNet) -> str:
    skeleton = network.architecture.skeleton
    bottleneck, kept = "Conv(in_channels, width, kernel=1)", ""
    if network.is_converted:
        groups = _bottleneck_of(network, skeleton.layout()[0].name).groups
        bottleneck, kept = f"CondensedConv(in_channels, width, kept, {groups})", ", kept: int"
    two = _has_two_cells(network)
    cell = ", cell: type[nn.Module] = Cell" if two else ""
    only = "Cell" if any(block.searched for block in skeleton.layout()) else "StartCell"
    parameters, lines = _extra(network)
    first_extra, second_extra = (lines.get(name, "") for name in ("bottleneck_extra", "cell_extra"))
    return f'''
class CondenseBlock(nn.Module):
    """A 1x1 convolution on the inputs that were kept, and a cell; joined to the input."""

{_init(f"in_channels: int, width: int, growth: int{kept}{cell}{parameters}")}
        self.bottleneck = {bottleneck}{first_extra}
        self.cell = {"cell" if two else only}(width, growth){second_extra}

    def forward(self, x: Tensor) -> Tensor:
{_joined(lines)}
'''


def _init(parameters: str) -> str:
    """First lines of `__init__`, broken where they are too long."""
    line = f"    def __init__(self, {parameters}) -> None:"
    if len(line) > 100:
        inner = f"        self, {parameters}"
        line = f"    def __init__(\n{inner}\n    ) -> None:"
        if len(inner) > 100:
            parts = "".join(f"        {part},\n" for part in ("self", *parameters.split(", ")))
            line = f"    def __init__(\n{parts}    ) -> None:"
    return f"{line}\n        super().__init__()"


def network_class(network: Network, name: str) -> str:
    """The class of the network."""
    skeleton = network.architecture.skeleton
    layout = skeleton.layout()
    stages = [list(blocks) for _, blocks in groupby(layout, key=lambda block: block.stage)]
    lines = [f"        self.stem = Stem({skeleton.image.channels}, {skeleton.stem_channels})"]
    stem, line = _opening(network, "stem", "self.stem(images)", "stem_extra")
    lines += line
    steps = [f"        x = {stem}"]
    for number, blocks in enumerate(stages, start=1):
        if number > 1:
            lines += _transition(network, number)
        items = [_block_call(network, block) for block in blocks]
        lines.append(item_lines(f"self.stage{number} = nn.Sequential(", items, indent=8))
        between, line = _between(network, number)
        lines += line
        steps.append(f"        x = self.stage{number}({between})")
    lines.append(f"        self.head = Head({layout[-1].out_channels}, {skeleton.classes})")
    return f'''
class {name}(nn.Module):
    """The network: normalised images (N, C, H, W) to logits (N, classes)."""

    def __init__(self) -> None:
        super().__init__()
{chr(10).join(lines)}

    def forward(self, images: Tensor) -> Tensor:
{chr(10).join(steps)}
        return self.head(x)
'''


def _transition(network: Network, stage: int) -> list[str]:
    if not isinstance(network, DenseNet):
        return []
    module = cast(Conv, network.transitions[f"stage{stage}_block1"])
    into, out = module.conv.in_channels, module.conv.out_channels
    return [f"        self.transition{stage - 1} = Conv({into}, {out}, kernel=1)"]


def _opening(network: Network, layer: str, made: str, name: str) -> tuple[str, list[str]]:
    """What enters a stage, and the line that makes the layers added before it, if there are any."""
    found = network.architecture.skeleton.hidden_layers().get(layer)
    if found is None or not found.extra:
        return made, []
    line = _extra_line(name, found.width, found.kernel, found.extra)
    return f"self.{name}({made})", [line]


def _between(network: Network, stage: int) -> tuple[str, list[str]]:
    """What enters a stage, and the line that makes the layers added before it."""
    match network:
        case DenseNet() if stage > 1:
            made = f"F.avg_pool2d(self.transition{stage - 1}(x), 2)"
            name = f"transition{stage - 1}_extra"
            return _opening(network, f"stage{stage}.transition", made, name)
        case CondenseNet() if stage > 1:
            return "F.avg_pool2d(x, 2)", []
    return "x", []


def _block_call(network: Network, block: Block) -> str:
    """The expression that makes a block."""
    site = block.site
    stride = [f"stride={site.stride}"] if site.stride > 1 else []
    match network:
        case DenseNet():
            name = "DenseBlock"
            arguments = _texts(block.in_channels, site.in_channels, site.out_channels)
        case PyramidNet():
            name = "PyramidBlock"
            widths = (block.in_channels, site.in_channels, site.out_channels)
            arguments = [*_texts(*widths, block.out_channels), *stride]
        case CondenseNet():
            name = "CondenseBlock"
            arguments = _texts(block.in_channels, site.in_channels, site.out_channels)
            arguments += _condensed_arguments(network, block)
        case _:
            name = "ChainBlock"
            arguments = [*_texts(block.in_channels, block.out_channels), *stride]
    arguments += [f"{name}={extra}" for name, extra in _extras(block).items()]
    return f"{name}({', '.join(arguments)})"


def _condensed_arguments(network: CondenseNet, block: Block) -> list[str]:
    arguments = [] if block.searched or not _has_two_cells(network) else ["cell=StartCell"]
    if network.is_converted:
        kept = len(_bottleneck_of(network, block.name).index)
        arguments = [f"kept={kept}", *arguments]
    return arguments


def _texts(*numbers: int) -> list[str]:
    return [str(number) for number in numbers]
