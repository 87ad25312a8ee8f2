"""A picture brought to its size in ONNX, stretched, cropped or padded: as by Pillow, to the bit.

ONNX's own `Resize` rounds otherwise, each runtime in its way. So the shares that each new pixel has
of the old ones are computed here, in float64 and then whole numbers as Pillow has them, and added
up in whole numbers.
"""

from dataclasses import dataclass

import numpy as np

from search_engine.export.onnx_nodes import Nodes
from search_engine.spec import ImageShape
from search_engine.spec.pictures import Fit

BITS = 22
"""Bits after the point in Pillow's whole numbers."""
_TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Line:
    """What becomes of one side of a picture; names of int64 of shape (1,).

    Args:
        start: the first of the old pixels that count.
        length: how many count.
        offset: where the first pixel lies that is made of them.
        inner: how many are made.
        target: how many there are in the end.
    """

    start: str
    length: str
    offset: str
    inner: str
    target: int


def placed(nodes: Nodes, picture: str, image: ImageShape, fit: Fit) -> tuple[str, str]:
    """A picture, uint8, `(N, H, W, C)`, in the size of an image.

    Returns:
        It, and which of its pixels it fills, bool, `(H, W, 1)`: the others are 0.
    """
    height, width = (nodes.add("Shape", picture, start=axis, end=axis + 1) for axis in (1, 2))
    rows, columns = _LINES[fit](nodes, height, width, image)
    narrow = _along(nodes, picture, 2, columns)
    made = _along(nodes, narrow, 1, rows)
    return made, _filled(nodes, rows, columns)


def _stretched(nodes: Nodes, height: str, width: str, image: ImageShape) -> tuple[Line, Line]:
    sides = ((height, image.height), (width, image.width))
    none = nodes.whole(0)
    rows, columns = (Line(none, side, none, nodes.whole(to), to) for side, to in sides)
    return rows, columns


def _cropped(nodes: Nodes, height: str, width: str, image: ImageShape) -> tuple[Line, Line]:
    """The same as `search_engine.pictures.sizes.crop_box`."""
    is_wider = _is_wider(nodes, height, width, image)
    to_width, to_height = image.width, image.height
    fitting = _share(nodes, height, to_width, to_height)
    taller = _share(nodes, width, to_height, to_width)
    lines = []
    for side, inner, to in (
        (height, nodes.add("Where", is_wider, height, taller), to_height),
        (width, nodes.add("Where", is_wider, fitting, width), to_width),
    ):
        start = nodes.add("Div", nodes.add("Sub", side, inner), nodes.whole(2))
        lines.append(Line(start, inner, nodes.whole(0), nodes.whole(to), to))
    return lines[0], lines[1]


def _padded(nodes: Nodes, height: str, width: str, image: ImageShape) -> tuple[Line, Line]:
    """The same as `search_engine.pictures.sizes.pad_size`."""
    is_wider = _is_wider(nodes, height, width, image)
    to_height, to_width = nodes.whole(image.height), nodes.whole(image.width)
    lower = _share(nodes, height, image.width, width)
    narrower = _share(nodes, width, image.height, height)
    lines = []
    for side, inner, to in (
        (height, nodes.add("Where", is_wider, lower, to_height), image.height),
        (width, nodes.add("Where", is_wider, to_width, narrower), image.width),
    ):
        left = nodes.add("Sub", nodes.whole(to), inner)
        offset = nodes.add("Div", left, nodes.whole(2))
        lines.append(Line(nodes.whole(0), side, offset, inner, to))
    return lines[0], lines[1]


_LINES = {Fit.STRETCH: _stretched, Fit.CROP: _cropped, Fit.PAD: _padded}


def _is_wider(nodes: Nodes, height: str, width: str, image: ImageShape) -> str:
    """Whether a picture is wider than an image, for its height."""
    sides = ((width, image.height), (height, image.width))
    return nodes.add("Greater", *(nodes.add("Mul", side, nodes.whole(by)) for side, by in sides))


def _share(nodes: Nodes, side: str, by: int, of: int | str) -> str:
    """`max(1, (side * by + of // 2) // of)`."""
    whole = nodes.whole(of) if isinstance(of, int) else of
    half = nodes.add("Div", whole, nodes.whole(2))
    product = nodes.add("Mul", side, nodes.whole(by))
    share = nodes.add("Div", nodes.add("Add", product, half), whole)
    return nodes.add("Max", share, nodes.whole(1))


def _along(nodes: Nodes, picture: str, axis: int, line: Line) -> str:
    """A picture brought to its size along one axis: each old pixel's share, added up in turn."""
    pixels, shares, terms = _terms(nodes, line)
    shape = [
        nodes.add("Shape", picture, start=0, end=axis),
        nodes.whole(line.target),
        nodes.add("Shape", picture, start=axis + 1, end=4),
    ]
    shares = nodes.add("Unsqueeze", shares, nodes.whole(*range(2, 5 - axis)))
    start = nodes.add(
        "Expand",
        nodes.constant(2 ** (BITS - 1), np.int32),
        nodes.add("Concat", *shape, axis=0),
    )

    def term(inner: Nodes, place: str) -> str:
        which = inner.add("Gather", pixels, place, axis=0)
        share = inner.add("Gather", shares, place, axis=0)
        levels = inner.cast(inner.add("Gather", picture, which, axis=axis), np.int32)
        return inner.add("Mul", levels, share)

    total = nodes.summed(terms, start, term)
    whole = nodes.add("Div", total, nodes.constant(2**BITS, np.int32))
    return nodes.cast(whole, np.uint8)


def _terms(nodes: Nodes, line: Line) -> tuple[str, str, str]:
    """Which old pixels each new one is made of, and by how much.

    Returns:
        The pixels, int64, and their shares in 2^22, int32, both `(terms, target)`; the number of
        terms, int64.
    """

    number = nodes.constant

    def double(value: float) -> str:
        return number(value, np.float64)

    scale = nodes.add("Div", *(nodes.cast(n, np.float64) for n in (line.length, line.inner)))
    support = nodes.add("Max", scale, double(1))
    inverse = nodes.add("Div", double(1), support)  # as Pillow: a quotient may end in another bit
    targets = nodes.whole(*range(line.target))
    places = nodes.cast(nodes.add("Sub", targets, line.offset), np.float64)
    centres = nodes.add("Mul", nodes.add("Add", places, double(0.5)), scale)
    below, above = (nodes.add(way, centres, support) for way in ("Sub", "Add"))
    first, last = (
        nodes.cast(nodes.add("Add", end, double(0.5)), np.int64) for end in (below, above)
    )
    first = nodes.add("Max", first, nodes.whole(0))
    last = nodes.add("Min", last, line.length)
    terms = nodes.add("ReduceMax", nodes.add("Sub", last, first), keepdims=0)
    steps = nodes.add("Range", number(0, np.int64), terms, number(1, np.int64))
    pixels = nodes.add("Add", first, nodes.add("Unsqueeze", steps, nodes.whole(1)))

    far = nodes.add("Sub", nodes.cast(pixels, np.float64), centres)
    far = nodes.add("Mul", nodes.add("Add", far, double(0.5)), inverse)
    near = nodes.add("Max", nodes.add("Sub", double(1), nodes.add("Abs", far)), double(0))
    near = nodes.add("Where", nodes.add("Less", pixels, last), near, double(0))
    total = nodes.add("ReduceSum", near, nodes.whole(0), keepdims=1)
    share = nodes.add("Div", near, nodes.add("Max", total, double(_TINY)))
    share = nodes.add("Add", nodes.add("Mul", share, double(2**BITS)), double(0.5))
    whole = nodes.add("Where", _made(nodes, line), nodes.cast(share, np.int32), number(0, np.int32))

    within = nodes.add("Sub", line.length, nodes.whole(1))
    pixels = nodes.add("Max", nodes.add("Min", pixels, within), nodes.whole(0))
    return nodes.add("Add", pixels, line.start), whole, terms


def _made(nodes: Nodes, line: Line) -> str:
    """Which of the new pixels are made of old ones: bool, `(target,)`."""
    places = nodes.add("Sub", nodes.whole(*range(line.target)), line.offset)
    not_before = nodes.add("GreaterOrEqual", places, nodes.whole(0))
    return nodes.add("And", not_before, nodes.add("Less", places, line.inner))


def _filled(nodes: Nodes, rows: Line, columns: Line) -> str:
    axes = ((rows, nodes.whole(1, 2)), (columns, nodes.whole(1)))
    made = (nodes.add("Unsqueeze", _made(nodes, line), new) for line, new in axes)
    return nodes.add("And", *made)
