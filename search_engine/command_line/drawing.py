"""Cells drawn with characters, as in the paper: paths open at an allocation, close at a merge.

─●┬─ G3x3 ─┃┬─ avg3 ─┬≡─┬⊕─
  │         └─ sep7 ─┘  │
  └─ G3x3 ──────────────┘
"""

from search_engine.architecture import Allocation, Branch, Cell, Merge, Node, Operation

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
