"""Draws a cell as a path-level diagram: paths open at an allocation and close at a merge.

It places what `layout` has measured. Two sizes from one layout: full, with labels on the chips, and
glyph. Elements have classes only; colours are the style sheet's.
"""

from search_engine.architecture import (
    Allocation,
    Branch,
    Cell,
    Merge,
    Node,
    Operation,
    Path,
    format_cell,
)
from search_engine.report.layout import FULL, Measured, Size
from search_engine.report.markup import Markup, element, joined, number
from search_engine.report.operations import KINDS


class _Drawing:
    """Wires, marked wires and shapes of a cell; shapes come last, so that they lie on the wires."""

    def __init__(self, size: Size, marked: frozenset[Path]) -> None:
        self.size = size
        self.marked = marked
        self.wires: dict[bool, list[str]] = {False: [], True: []}
        self.shapes: list[Markup] = []

    def wire(self, start: tuple[float, float], end: tuple[float, float], *, new: bool) -> None:
        (x1, y1), (x2, y2) = start, end
        bend = (x2 - x1) / 2
        ends = [number(value) for value in (x1, y1, x1 + bend, y1, x2 - bend, y2, x2, y2)]
        line = f"H{ends[6]}" if y1 == y2 else "C" + " ".join(ends[2:])
        self.wires[new].append(f"M{ends[0]} {ends[1]}{line}")

    def node(self, measured: Measured, path: Path, x: float, top: float) -> None:
        if not measured.branches:
            return
        fork, y = (self.size.fork if measured.many else 0.0), top + measured.middle
        start, end = x + fork, x + fork + max(measured.lengths)
        close = end + self.size.merge - self.size.ring
        for index, (branch, row) in enumerate(
            zip(measured.node.branches, measured.rows, strict=True)
        ):
            below, at = (*path, index), (start, top + row)
            new = below in self.marked
            self._path(branch, measured.branches[index], below, at)
            self.wire((start + measured.lengths[index], at[1]), (end, at[1]), new=new)
            if measured.many:
                self.wire((x, y), at, new=new)
                self.wire((end, at[1]), (close, y), new=new)
        if measured.many:
            self._allocation(measured.node, x, y)
            self._merge(measured.node, close, y)

    def _path(self, branch: Branch, below: Measured, path: Path, at: tuple[float, float]) -> None:
        (x, y), gap, new = at, self.size.gap, path in self.marked
        width = self.size.chip_width(branch.operation)
        if branch.operation is Operation.IDENTITY:
            self.wire((x, y), (x + width + 2 * gap, y), new=new)
        else:
            self.wire((x, y), (x + gap, y), new=new)
            self.wire((x + gap + width, y), (x + width + 2 * gap, y), new=new)
            self._chip(branch.operation, x + gap, y, new=new)
        self.node(below, path, x + width + 2 * gap, y - below.middle)

    def _chip(self, operation: Operation, x: float, y: float, *, new: bool) -> None:
        kind, size = KINDS[operation], self.size
        width, height = size.chip_width(operation), size.height(operation)
        box = element(
            "rect", x=x, y=y - height / 2, width=width, height=height, rx=5 if size.labels else 1.5
        )
        names = ["op", f"op-{kind.hue}", *(["hollow"] if kind.hollow else [])]
        names += ["new"] if new else []
        inside = (
            (element("title", kind.name), box, element("text", kind.label, x=x + width / 2, y=y))
            if size.labels
            else (box,)
        )
        self.shapes.append(element("g", *inside, class_=" ".join(names)))

    def _allocation(self, node: Node, x: float, y: float) -> None:
        ring = self.size.ring
        if node.allocation is Allocation.SPLIT:
            width = self.size.dot * 0.9
            shape = element(
                "rect",
                x=x - width / 2,
                y=y - ring,
                width=width,
                height=2.0 * ring,
                class_="allocation",
            )
        else:
            shape = element("circle", cx=x, cy=y, r=self.size.dot, class_="allocation")
        self.shapes.append(shape)

    def _merge(self, node: Node, x: float, y: float) -> None:
        ring, half = self.size.ring, self.size.ring / 2
        self.shapes.append(element("circle", cx=x, cy=y, r=float(ring), class_="merge"))
        if not self.size.labels:
            return
        lines = (y - 0.6 * half, y, y + 0.6 * half) if node.merge is Merge.CONCAT else (y,)
        sign = "".join(f"M{number(x - half)} {number(line)}h{number(2 * half)}" for line in lines)
        if node.merge is Merge.ADD:
            sign += f"M{number(x)} {number(y - half)}v{number(2 * half)}"
        self.shapes.append(element("path", d=sign, class_="sign"))


def draw_cell(cell: Cell, size: Size = FULL, marked: frozenset[Path] = frozenset()) -> Markup:
    """An `<svg>` of the cell; its accessible name is the notation.

    Args:
        cell: what is drawn.
        size: `FULL` or `GLYPH`.
        marked: paths of branches that are drawn as new.
    """
    measured, drawing = Measured(cell.root, size), _Drawing(size, marked)
    width, margin = measured.width + 2 * size.pad, size.row * 0.13
    height, y = measured.height + 2 * margin, margin + measured.middle
    drawing.wire((1, y), (size.pad, y), new=False)
    drawing.wire((size.pad + measured.width, y), (width - 1, y), new=False)
    drawing.node(measured, (), size.pad, margin)
    wires = [
        element("path", d="".join(lines), class_="wire new" if new else "wire")
        for new, lines in drawing.wires.items()
        if lines
    ]
    return element(
        "svg",
        joined([*wires, *drawing.shapes]),
        class_="cell full" if size.labels else "cell glyph",
        viewBox=f"0 0 {number(width)} {number(height)}",
        width=width,
        height=height,
        role="img",
        aria_label=format_cell(cell),
    )
