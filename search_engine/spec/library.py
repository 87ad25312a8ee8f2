"""Cells that have a name: the start cells, and two that the authors found.

Reference: Cai et al. 2018, figure 6 (arXiv:1806.02639).
"""

from collections.abc import Mapping

from search_engine.spec.cell import Cell, chain
from search_engine.spec.notation import parse_cell
from search_engine.spec.operations import Operation

START_CELL = Cell(chain(Operation.CONV_3X3))
GROUPED_START_CELL = Cell(chain(Operation.GROUP_CONV_3X3))

TREE_CELL_A = parse_cell(
    "add[G3x3 -> add[conv1x1 -> concat/split[avg3, sep7], max3 -> add[sep3, sep5]],"
    " G3x3 -> add[sep5 -> add[sep5, avg3, avg3], sep3 -> add[avg3, sep3]]]"
)
TREE_CELL_B = parse_cell(
    "add[G3x3 -> add[conv1x1 -> [sep5], sep7 -> [avg3]],"
    " G3x3 -> add[avg3 -> add[sep7, conv1x1], sep7 -> [avg3]]]"
)

NAMED_CELLS: Mapping[str, Cell] = {"tree-cell-a": TREE_CELL_A, "tree-cell-b": TREE_CELL_B}


def start_cell(groups: int) -> Cell:
    """The cell of a start network: one 3x3 convolution, grouped where `groups` is above 1."""
    return GROUPED_START_CELL if groups > 1 else START_CELL
