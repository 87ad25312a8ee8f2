"""Cells drawn with characters, compared line by line."""

import pytest
from hypothesis import given

from search_engine.command_line.drawing import draw_cell
from search_engine.spec import TREE_CELL_A, TREE_CELL_B, Cell, parse_cell
from tests.strategies import cells

DRAWN = {
    "[conv3x3]": "── conv3x3 ──",
    "[sep3 -> [max3]]": "── sep3 ── max3 ──",
    "[sep3 -> [identity]]": "── sep3 ─────",
    "add[G3x3, G3x3]": """\
─●┬─ G3x3 ─┬⊕─
  └─ G3x3 ─┘""",
    "concat/split[avg3, identity, sep7 -> [max3]]": """\
─┃┬─ avg3 ─────────┬≡─
  ├────────────────┤
  └─ sep7 ── max3 ─┘""",
    "concat/replicate[conv1x1 -> [identity -> add[max3, identity]], sep3]": """\
─●┬─ conv1x1 ────●┬─ max3 ─┬⊕┬≡─
  │               └────────┘ │
  └─ sep3 ───────────────────┘""",
    "add[conv3x3, conv3x3 -> add[sep3, sep5 -> concat/split[max3, avg3, identity]], sep3]": """\
─●┬─ conv3x3 ─────────────────────────┬⊕─
  ├─ conv3x3 ─●┬─ sep3 ─────────────┬⊕┤
  │            └─ sep5 ─┃┬─ max3 ─┬≡┘ │
  │                      ├─ avg3 ─┤   │
  │                      └────────┘   │
  └─ sep3 ────────────────────────────┘""",
}
TREE_CELL_A_DRAWN = """\
─●┬─ G3x3 ─●┬─ conv1x1 ─┃┬─ avg3 ─┬≡┬⊕┬⊕─
  │         │            └─ sep7 ─┘ │ │
  │         └─ max3 ─●┬─ sep3 ─┬⊕───┘ │
  │                   └─ sep5 ─┘      │
  └─ G3x3 ─●┬─ sep5 ─●┬─ sep5 ─┬⊕┬⊕───┘
            │         ├─ avg3 ─┤ │
            │         └─ avg3 ─┘ │
            └─ sep3 ─●┬─ avg3 ─┬⊕┘
                      └─ sep3 ─┘"""
TREE_CELL_B_DRAWN = """\
─●┬─ G3x3 ─●┬─ conv1x1 ── sep5 ─┬⊕────┬⊕─
  │         └─ sep7 ── avg3 ────┘     │
  └─ G3x3 ─●┬─ avg3 ─●┬─ sep7 ────┬⊕┬⊕┘
            │         └─ conv1x1 ─┘ │
            └─ sep7 ── avg3 ────────┘"""


@pytest.mark.parametrize("notation", DRAWN)
def test_a_cell_is_drawn_as_its_paths_run(notation: str) -> None:
    assert draw_cell(parse_cell(notation)) == DRAWN[notation]


def test_the_papers_cells_are_drawn() -> None:
    assert draw_cell(TREE_CELL_A) == TREE_CELL_A_DRAWN
    assert draw_cell(TREE_CELL_B) == TREE_CELL_B_DRAWN


@given(cells())
def test_every_operation_and_merge_is_in_the_drawing(cell: Cell) -> None:
    drawn = draw_cell(cell)
    symbols = [b.operation.symbol for _, b in cell.branches() if b.operation != "identity"]
    assert all(drawn.count(f" {symbol} ") == symbols.count(symbol) for symbol in symbols)
    merges = sum(len(node.branches) > 1 for _, node in cell.nodes())
    assert drawn.count("⊕") + drawn.count("≡") == merges
    lines = drawn.split("\n")
    assert max(map(len, lines)) == len(lines[0])
