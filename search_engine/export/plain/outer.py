"""The network itself as a class: stem, stages of blocks, head."""

from itertools import groupby
from typing import cast

from search_engine.architecture.skeletons import Block
from search_engine.export.plain.blocks import bottleneck_of, extra_names, has_two_cells
from search_engine.export.plain.text import item_lines
from search_engine.networks import CondenseNet, DenseNet, Network, PyramidNet
from search_engine.networks.operations import Conv


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
    names = extra_names(network.architecture.skeleton)
    arguments += [f"{n}={e}" for n, e in zip(names, extras, strict=False) if e]
    return f"{name}({', '.join(arguments)})"


def _condensed_arguments(network: CondenseNet, block: Block) -> list[str]:
    arguments = [] if block.searched or not has_two_cells(network) else ["cell=StartCell"]
    if network.is_converted:
        kept = len(bottleneck_of(network, block.name).index)
        arguments = [f"kept={kept}", *arguments]
    return arguments


def _texts(*numbers: int) -> list[str]:
    return [str(number) for number in numbers]
