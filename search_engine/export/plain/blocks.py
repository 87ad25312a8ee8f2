"""The blocks of the four families as classes."""

from collections.abc import Sequence
from typing import cast

from search_engine.architecture import PyramidNetConfig, SkeletonConfig
from search_engine.architecture.operations import Order
from search_engine.export.plain.text import bracketed
from search_engine.networks import CondenseNet, DenseNet, Network, PyramidNet
from search_engine.networks.condensenet import CondenseBlock
from search_engine.networks.learned_groups import CondensedConv


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


def bottleneck_of(network: CondenseNet, name: str) -> CondensedConv:
    """The converted 1x1 convolution of a block."""
    return cast(CondensedConv, cast(CondenseBlock, network.blocks[name]).bottleneck)


def has_two_cells(network: Network) -> bool:
    """Whether the start cell stands in some blocks and the searched cell in others."""
    return len({block.searched for block in network.architecture.skeleton.layout()}) > 1


def extra_names(skeleton: SkeletonConfig) -> Sequence[str]:
    """Names of the arguments that say how many layers were added after each hidden layer."""
    layers = [layer for block in skeleton.layout() for layer in block.hidden]
    if not any(layer.extra for layer in layers):
        return ()
    if isinstance(skeleton, PyramidNetConfig):
        return "bottleneck_extra", "cell_extra"
    return (f"{layers[0].name.rpartition('.')[2]}_extra",)


def _extra(network: Network) -> tuple[str, dict[str, str]]:
    """Source for added layers: further parameters, and by name the line that makes them."""
    names = extra_names(network.architecture.skeleton)
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
        groups = bottleneck_of(network, skeleton.layout()[0].name).groups
        bottleneck, kept = f"CondensedConv(in_channels, width, kept, {groups})", ", kept: int"
    two = has_two_cells(network)
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
