"""A cell's nodes and edges in words, and its tree in notation, for the generated file."""

import textwrap

from search_engine.architecture import Cell, Node, Path, format_cell
from search_engine.architecture.schemes import Allocation


def suffix(path: Path) -> str:
    """What names of an edge and its value end in."""
    return "".join(f"_{index}" for index in path)


def node_place(path: Path) -> str:
    """Where a node is."""
    return f"after edge{suffix(path)}" if path else "root"


def describe(node: Node) -> str:
    """How a node hands out its input and joins its branches."""
    split = node.allocation is Allocation.SPLIT
    handed = "the channels are split among" if split else "all channels to"
    return f"{handed} {len(node.branches)} branches, then {node.merge}"


def notation(cell: Cell) -> str:
    """The tree, in lines of a docstring."""
    lines = textwrap.wrap(format_cell(cell), 92, break_long_words=False, break_on_hyphens=False)
    return textwrap.indent("\n".join(lines), "    ")
