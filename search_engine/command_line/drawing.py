"""Cells and adopted networks drawn with characters.

A cell is drawn as in the paper: paths open at an allocation and close at a merge.

─●┬─ G3x3 ─┃┬─ avg3 ─┬≡─┬⊕─
  │         └─ sep7 ─┘  │
  └─ G3x3 ──────────────┘

An adopted network is a column of layers, with the sites marked.

  layer1.0
●   layer1.0.conv1    3x3 conv    64 → 64    56 x 56
"""

from collections.abc import Container

from search_engine.spec import Allocation, Branch, Cell, Merge, Node, Operation, Outline
from search_engine.spec.skeletons import OutlineLayer

_ALLOCATION = {Allocation.REPLICATE: "●", Allocation.SPLIT: "┃"}
_MERGE = {Merge.ADD: "⊕", Merge.CONCAT: "≡"}

_Picture = list[str]
"""Lines of equal length; the wire enters and leaves in the first."""


def draw_cell(cell: Cell) -> str:
    """The cell as lines of text: ● replicate, ┃ split, ⊕ add (the mean), ≡ concat."""
    picture = _beside(_beside(["─"], _draw_node(cell.root)), ["─"])
    return "\n".join(line.rstrip() for line in picture)


def _draw_node(node: Node) -> _Picture:
    if len(node.branches) == 1:
        return _draw_branch(node.branches[0])
    drawn = [_draw_branch(branch) for branch in node.branches]
    width = max(len(picture[0]) for picture in drawn)
    lines: list[str] = []
    rows: list[int] = []
    for picture in drawn:
        rows.append(len(lines))
        lines.append(picture[0].ljust(width, "─"))
        lines += (line.ljust(width) for line in picture[1:])
    fork = _bracket(len(lines), rows, ("┬", "├", "└"))
    join = _bracket(len(lines), rows, ("┬", "┤", "┘"))
    opens = [_ALLOCATION[node.allocation], *" " * (len(lines) - 1)]
    closes = [_MERGE[node.merge], *" " * (len(lines) - 1)]
    return ["".join(row) for row in zip(opens, fork, lines, join, closes, strict=True)]


def _draw_branch(branch: Branch) -> _Picture:
    symbol = "─" if branch.operation is Operation.IDENTITY else f" {branch.operation.symbol} "
    edge = [f"─{symbol}─"]
    return edge if branch.node.is_leaf else _beside(edge, _draw_node(branch.node))


def _beside(left: _Picture, right: _Picture) -> _Picture:
    """Two pictures on the same wire."""
    height = max(len(left), len(right))
    padded = [
        picture + [" " * len(picture[0])] * (height - len(picture)) for picture in (left, right)
    ]
    return [a + b for a, b in zip(*padded, strict=True)]


def _bracket(height: int, rows: list[int], corners: tuple[str, str, str]) -> list[str]:
    """A column that ties the branches' rows together."""
    first, middle, last = corners
    column = []
    for row in range(height):
        if row == rows[0]:
            column.append(first)
        elif row == rows[-1]:
            column.append(last)
        elif row in rows:
            column.append(middle)
        else:
            column.append("│" if rows[0] < row < rows[-1] else " ")
    return column


def draw_outline(outline: Outline, chosen: Container[str]) -> str:
    """The network as lines of text: ● a chosen site, ○ another site.

    Args:
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
