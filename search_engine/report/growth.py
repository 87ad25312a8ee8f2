"""How a cell grew: a film strip of glyphs from the start cell to the last transformation."""

from collections.abc import Iterator, Sequence

from search_engine.architecture import (
    Cell,
    CellTransformation,
    Path,
    ReplaceIdentity,
    SetMerge,
    grow_cell,
)
from search_engine.report.diagram import draw_cell
from search_engine.report.layout import GLYPH
from search_engine.report.markup import Markup, element


def stages(transformations: Sequence[CellTransformation]) -> list[int]:
    """After how many transformations the strip shows the cell: 0; after each merge, once the
    operations of its branches are chosen; after all."""
    ends = {0, len(transformations)}
    merged = False
    for index, transformation in enumerate(transformations):
        if merged and not isinstance(transformation, ReplaceIdentity):
            ends.add(index)
            merged = False
        merged = merged or isinstance(transformation, SetMerge)
    return sorted(ends)


def film_strip(start: Cell, transformations: Sequence[CellTransformation]) -> Markup:
    """An ordered list of glyphs; what is new in each is drawn as new.

    Args:
        start: the start cell.
        transformations: that make the cell from it.
    """
    return element(
        "ol",
        *_frames(start, transformations),
        class_="film",
        tabindex=0,
        aria_label="Growth, from the start cell on",
    )


def _frames(start: Cell, transformations: Sequence[CellTransformation]) -> Iterator[Markup]:
    before = start
    for end in stages(transformations):
        cell = grow_cell(start, transformations[:end])
        caption = f"+{end}" if end else "start"
        yield element("li", draw_cell(cell, GLYPH, _new(before, cell)), element("span", caption))
        before = cell


def _new(before: Cell, after: Cell) -> frozenset[Path]:
    """Branches that were not there, or carried another operation."""
    known = {path: branch.operation for path, branch in before.branches()}
    return frozenset(
        path for path, branch in after.branches() if known.get(path) is not branch.operation
    )
