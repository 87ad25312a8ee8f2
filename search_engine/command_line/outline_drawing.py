"""An adopted network as a column of layers, with the sites marked.

  layer1.0
●   layer1.0.conv1    3x3 conv    64 → 64    56 x 56
"""

from collections.abc import Container

from search_engine.architecture import Outline
from search_engine.architecture.skeletons import OutlineLayer


def draw_outline(outline: Outline, chosen: Container[str]) -> str:
    """The network as lines of text: ● a chosen site, ○ another site.

    Args:
        outline: of the network.
        chosen: names of the sites where the cell stands.
    """
    width = max((len(layer.name) for layer in outline.layers), default=0)
    lines, block = [], ""
    for layer in outline.layers:
        if layer.block != block and layer.block != layer.name:
            lines.append(f"   {layer.block}")
        block = layer.block
        lines.append(
            f" {_mark(layer, chosen)}   {layer.name:<{width}}  {_describe(layer)}".rstrip()
        )
    return "\n".join(lines)


def _mark(layer: OutlineLayer, chosen: Container[str]) -> str:
    if layer.why_not:
        return " "
    return "●" if layer.name in chosen else "○"


def _describe(layer: OutlineLayer) -> str:
    details = [] if layer.stride == 1 else [f"stride {layer.stride}"]
    if layer.groups > 1:
        depthwise = layer.groups == layer.in_channels
        details.append("depthwise" if depthwise else f"{layer.groups} groups")
    widths = f"{layer.in_channels} → {layer.out_channels}"
    size = f"{layer.size[0]} x {layer.size[1]}"
    return f"{layer.text:<20} {widths:<13} {size:<9} {', '.join(details)}"
