"""The path-level diagram, and how a cell's growth is shown."""

from xml.etree import ElementTree

import pytest
from hypothesis import given

from search_engine.architecture import (
    GROUPED_START_CELL,
    TREE_CELL_A,
    Cell,
    Growth,
    Merge,
    Operation,
    SetMerge,
    format_cell,
    parse_cell,
)
from search_engine.report.diagram import draw_cell
from search_engine.report.growth import film_strip, stages
from search_engine.report.layout import FULL, GLYPH, Size
from tests.strategies import cells, growths


def drawn(cell: Cell, size: Size = FULL) -> ElementTree.Element:
    return ElementTree.fromstring(draw_cell(cell, size))


def count(svg: ElementTree.Element, class_: str) -> int:
    return sum(class_ in element.get("class", "").split() for element in svg.iter())


@given(cells())
def test_every_operation_is_a_chip_but_the_identity_a_wire(cell: Cell) -> None:
    chips = [b.operation for _, b in cell.branches() if b.operation is not Operation.IDENTITY]
    assert count(drawn(cell), "op") == count(drawn(cell, GLYPH), "op") == len(chips)


@given(cells())
def test_every_node_of_several_branches_opens_and_closes(cell: Cell) -> None:
    nodes = [node for _, node in cell.nodes() if len(node.branches) > 1]
    svg = drawn(cell)
    assert count(svg, "allocation") == count(svg, "merge") == count(svg, "sign") == len(nodes)


@given(cells())
def test_everything_lies_within_the_drawing(cell: Cell) -> None:
    svg = drawn(cell)
    width, height = float(svg.get("width", 0)), float(svg.get("height", 0))
    for box in svg.iter("rect"):
        x, y, w, h = (float(box.get(name, 0)) for name in ("x", "y", "width", "height"))
        assert x >= 0
        assert y >= 0
        assert x + w <= width
        assert y + h <= height


@pytest.mark.parametrize("size", [FULL, GLYPH])
def test_the_accessible_name_is_the_notation(size: Size) -> None:
    svg = drawn(TREE_CELL_A, size)
    assert svg.get("role") == "img"
    assert svg.get("aria-label") == format_cell(TREE_CELL_A)


def test_pools_are_hollow_and_a_split_is_a_bar() -> None:
    svg = drawn(parse_cell("concat/split[avg3, sep7]"))
    assert [e.get("class") for e in svg.iter("g")] == ["op op-avg hollow", "op op-sep"]
    assert [e.tag for e in svg.iter() if e.get("class") == "allocation"] == ["rect"]


def test_the_largest_usual_cell_is_small() -> None:
    assert len(draw_cell(TREE_CELL_A, GLYPH)) < 5_000


@given(growths())
def test_the_strip_shows_the_start_each_merge_and_the_end(growth: Growth) -> None:
    ends = stages(growth.transformations)
    merges = sum(isinstance(t, SetMerge) for t in growth.transformations)
    assert ends[0] == 0
    assert ends[-1] == len(growth.transformations)
    assert len(ends) in (merges + 1, merges + 2)


def test_the_strip_ends_with_the_cell_and_marks_what_is_new() -> None:
    markup = film_strip(GROUPED_START_CELL, [SetMerge((), Merge.ADD, 2)])
    strip = ElementTree.fromstring(markup)
    first, last = strip.iter("svg")
    assert first.get("aria-label") == "[G3x3]"
    assert last.get("aria-label") == "add[G3x3, G3x3]"
    assert (count(first, "new"), count(last, "new")) == (0, 2)
