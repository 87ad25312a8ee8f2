"""Cells drawn with characters, as in the paper: paths open at an allocation, close at a merge.

─●┬─ G3x3 ─┃┬─ avg3 ─┬≡─┬⊕─
  │         └─ sep7 ─┘  │
  └─ G3x3 ──────────────┘
"""

from dataclasses import dataclass

from search_engine.architecture import Allocation, Branch, Cell, Merge, Node, Operation

_ALLOCATION = {Allocation.REPLICATE: "●", Allocation.SPLIT: "┃"}
_MERGE = {Merge.ADD: "⊕", Merge.CONCAT: "≡"}


@dataclass(frozen=True, slots=True)
class _Picture:
    """Lines of equal length; the wire enters and leaves in line `row`."""

    lines: tuple[str, ...]
    row: int

    @property
    def width(self) -> int:
        return len(self.lines[0])

    def beside(self, other: "_Picture") -> "_Picture":
        """This one, and the other to its right on the same wire."""
        row = max(self.row, other.row)
        left, right = self._lowered(row - self.row), other._lowered(row - other.row)
        height = max(len(left), len(right))
        left += [" " * self.width] * (height - len(left))
        right += [" " * other.width] * (height - len(right))
        return _Picture(tuple(a + b for a, b in zip(left, right, strict=True)), row)

    def wired_to(self, width: int) -> "_Picture":
        """This one with its wire drawn out to a width."""
        extra = width - self.width
        return _Picture(
            tuple(
                line + ("─" if index == self.row else " ") * extra
                for index, line in enumerate(self.lines)
            ),
            self.row,
        )

    def _lowered(self, lines: int) -> list[str]:
        return [" " * self.width] * lines + list(self.lines)


def draw_cell(cell: Cell) -> str:
    """The cell as lines of text: ● replicate, ┃ split, ⊕ add (the mean), ≡ concat."""
    wire = _Picture(("─",), 0)
    picture = wire.beside(_draw_node(cell.root)).beside(wire)
    return "\n".join(line.rstrip() for line in picture.lines)


def _draw_node(node: Node) -> _Picture:
    if len(node.branches) == 1:
        return _draw_branch(node.branches[0])
    drawn = [_draw_branch(branch) for branch in node.branches]
    width = max(picture.width for picture in drawn)
    lines: list[str] = []
    rows: list[int] = []
    for picture in drawn:
        rows.append(len(lines) + picture.row)
        lines += picture.wired_to(width).lines
    fork = _bracket(len(lines), rows, ("┬", "├", "└"))
    join = _bracket(len(lines), rows, ("┬", "┤", "┘"))
    marks = [(" ", " ")] * len(lines)
    marks[rows[0]] = (_ALLOCATION[node.allocation], _MERGE[node.merge])
    return _Picture(
        tuple(
            f"{left}{f}{line}{j}{right}"
            for (left, right), f, line, j in zip(marks, fork, lines, join, strict=True)
        ),
        rows[0],
    )


def _draw_branch(branch: Branch) -> _Picture:
    symbol = "─" if branch.operation is Operation.IDENTITY else f" {branch.operation.symbol} "
    edge = _Picture((f"─{symbol}─",), 0)
    return edge if branch.node.is_leaf else edge.beside(_draw_node(branch.node))


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
