"""The outer networks as classes: blocks, stages, and the network itself."""

from collections.abc import Sequence
from itertools import groupby
from typing import cast

from search_engine.architecture import PyramidNetConfig, SkeletonConfig
from search_engine.architecture.operations import Order
from search_engine.architecture.skeletons import Block
from search_engine.export.plain.text import bracketed, item_lines
from search_engine.networks import CondenseNet, DenseNet, Network, PyramidNet
from search_engine.networks.condensenet import CondenseBlock
from search_engine.networks.learned_groups import CondensedConv
from search_engine.networks.operations import Conv


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


def network_class(network: Network, name: str) -> str:
    """The class of the network.

    Args:
        network: that is written out.
        name: of the class.
    """
    skeleton = network.architecture.skeleton
    layout = skeleton.layout()
    stages = [list(blocks) for _, blocks in groupby(layout, key=lambda block: block.stage)]
    lines = [f"        self.stem = Stem({skeleton.image.channels}, {skeleton.stem_channels})"]
    steps = ["        x = self.stem(images)"]
    for number, blocks in enumerate(stages, start=1):
        if number > 1:
            lines += _transition(network, number)
        items = [_block_call(network, block) for block in blocks]
        lines.append(item_lines(f"self.stage{number} = nn.Sequential(", items, indent=8))
        steps.append(f"        x = self.stage{number}({_between(network, number)})")
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


def _between(network: Network, stage: int) -> str:
    """What enters a stage."""
    if stage == 1 or not isinstance(network, DenseNet | CondenseNet):
        return "x"
    inner = f"self.transition{stage - 1}(x)" if isinstance(network, DenseNet) else "x"
    return f"F.avg_pool2d({inner}, 2)"


def _block_call(network: Network, block: Block) -> str:
    """The expression that makes a block."""
    site, extras = block.site, [layer.extra for layer in block.hidden]
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
    names = _extra_names(network.architecture.skeleton)
    arguments += [f"{n}={e}" for n, e in zip(names, extras, strict=False) if e]
    return f"{name}({', '.join(arguments)})"


def _condensed_arguments(network: CondenseNet, block: Block) -> list[str]:
    arguments = [] if block.searched or not _has_two_cells(network) else ["cell=StartCell"]
    if network.is_converted:
        kept = len(_bottleneck(network, block.name).index)
        arguments = [f"kept={kept}", *arguments]
    return arguments


def _bottleneck(network: CondenseNet, name: str) -> CondensedConv:
    """The converted 1x1 convolution of a block."""
    return cast(CondensedConv, cast(CondenseBlock, network.blocks[name]).bottleneck)


def _texts(*numbers: int) -> list[str]:
    return [str(number) for number in numbers]


def _has_two_cells(network: Network) -> bool:
    return len({block.searched for block in network.architecture.skeleton.layout()}) > 1


def _extra_names(skeleton: SkeletonConfig) -> Sequence[str]:
    """Names of the arguments that say how many layers were added after each hidden layer."""
    layers = [layer for block in skeleton.layout() for layer in block.hidden]
    if not any(layer.extra for layer in layers):
        return ()
    if isinstance(skeleton, PyramidNetConfig):
        return "bottleneck_extra", "cell_extra"
    return (f"{layers[0].name.rpartition('.')[2]}_extra",)


def _extra(network: Network) -> tuple[str, dict[str, str]]:
    """Source for added layers: further parameters, and by name the line that makes them."""
    names = _extra_names(network.architecture.skeleton)
    kernels = {"bottleneck_extra": ("width", 1), "cell_extra": ("out_channels", 3)}
    if isinstance(network, PyramidNet):
        kernels["cell_extra"] = ("planes", 3)
    lines = {}
    for name in names:
        width, kernel = kernels[name]
        layers = f"*(Conv({width}, {width}, kernel={kernel}) for _ in range({name}))"
        lines[name] = "\n" + bracketed(f"self.{name} = nn.Sequential(", [layers], indent=8)
    return "".join(f", {name}: int = 0" for name in names), lines


def _wrapped(inner: str, name: str, lines: dict[str, str]) -> str:
    return f"self.{name}({inner})" if name in lines else inner


def _dense_block(network: Network) -> str:
    parameters, lines = _extra(network)
    inner = _wrapped("self.bottleneck(x)", "bottleneck_extra", lines)
    added = ", further layers" if lines else ""
    return f'''
class DenseBlock(nn.Module):
    """A 1x1 convolution{added} and the cell; the result is joined to the input."""

{_init(f"in_channels: int, width: int, growth: int{parameters}")}
        self.bottleneck = Conv(in_channels, width, kernel=1){lines.get("bottleneck_extra", "")}
        self.cell = Cell(width, growth)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat((x, self.cell({inner})), dim=1)
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
        groups = _bottleneck(network, skeleton.layout()[0].name).groups
        bottleneck, kept = f"CondensedConv(in_channels, width, kept, {groups})", ", kept: int"
    two = _has_two_cells(network)
    cell = ", cell: type[nn.Module] = Cell" if two else ""
    only = "Cell" if any(block.searched for block in skeleton.layout()) else "StartCell"
    return f'''
class CondenseBlock(nn.Module):
    """A 1x1 convolution on the inputs that were kept, and a cell; joined to the input."""

{_init(f"in_channels: int, width: int, growth: int{kept}{cell}")}
        self.bottleneck = {bottleneck}
        self.cell = {"cell" if two else only}(width, growth)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat((x, self.cell(self.bottleneck(x))), dim=1)
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
