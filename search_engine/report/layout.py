"""How much room a drawn cell needs: sizes of its parts, and of each node from the leaves up."""

from dataclasses import dataclass
from functools import cached_property

from search_engine.architecture import Node, Operation


@dataclass(frozen=True, slots=True)
class Size:
    """Proportions of a diagram, in pixels.

    Args:
        row: height of a path.
        chip: width of a chip; 0 for one that grows with the kernel.
        chip_height: of a chip; in a glyph that of a 1x1 kernel.
        gap: wire on each side of a chip.
        fork: from an allocation to its paths.
        merge: from the paths to the end of their merge.
        ring: radius of a merge.
        dot: radius of an allocation.
        pad: wire in front of and behind everything.
        labels: say kernel and kind on the chips.
    """

    row: float
    chip: float
    chip_height: float
    gap: float
    fork: float
    merge: float
    ring: float
    dot: float
    pad: float
    labels: bool

    def chip_width(self, operation: Operation) -> float:
        """Width of an operation's chip; the identity is a piece of wire."""
        if operation is Operation.IDENTITY:
            return self.gap * 2
        return self.chip or 5.0 + operation.kernel

    def height(self, operation: Operation) -> float:
        """Height of an operation's chip; in a glyph it says the kernel."""
        return self.chip_height if self.labels else self.chip_height + 0.6 * operation.kernel


FULL = Size(30, 54, 20, 10, 26, 30, 8, 3.5, 24, labels=True)
GLYPH = Size(9, 0, 3, 3, 7, 7, 2, 1.2, 6, labels=False)


@dataclass(frozen=True)
class Measured:
    """A node with the room it needs.

    Args:
        node: what is drawn.
        size: the proportions.
    """

    node: Node
    size: Size

    @cached_property
    def branches(self) -> tuple["Measured", ...]:
        """The nodes below, measured."""
        return tuple(Measured(branch.node, self.size) for branch in self.node.branches)

    @cached_property
    def lengths(self) -> tuple[float, ...]:
        """Of each path: its chip and what is below."""
        return tuple(
            2 * self.size.gap + self.size.chip_width(branch.operation) + below.width
            for branch, below in zip(self.node.branches, self.branches, strict=True)
        )

    @property
    def many(self) -> bool:
        """Whether paths open and close here; a chain only goes on."""
        return len(self.branches) > 1

    @cached_property
    def width(self) -> float:
        """From the allocation to the end of the merge."""
        around = self.size.fork + self.size.merge if self.many else 0.0
        return max(self.lengths, default=0.0) + around

    @cached_property
    def height(self) -> float:
        """Of all paths together."""
        return sum(below.height for below in self.branches) or self.size.row

    @cached_property
    def rows(self) -> tuple[float, ...]:
        """Where each path runs, from the top of the node."""
        tops = [sum(b.height for b in self.branches[:index]) for index in range(len(self.branches))]
        return tuple(top + b.middle for top, b in zip(tops, self.branches, strict=True))

    @cached_property
    def middle(self) -> float:
        """Where the wire enters and leaves, from the top of the node."""
        return (self.rows[0] + self.rows[-1]) / 2 if self.rows else self.size.row / 2
