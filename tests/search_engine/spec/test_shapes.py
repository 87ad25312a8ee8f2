"""Widths inside a cell, and cells that do not fit."""

import pytest

from search_engine.spec import Shape, check_fits, edges, parse_cell
from search_engine.spec.errors import InvalidArchitecture
from search_engine.spec.schemes import split_ranges, split_widths


@pytest.mark.parametrize(
    ("channels", "parts", "widths"),
    [(7, 2, (4, 3)), (7, 3, (3, 2, 2)), (8, 3, (3, 3, 2)), (6, 3, (2, 2, 2)), (1, 2, (1, 0))],
)
def test_a_split_cuts_larger_parts_first(
    channels: int, parts: int, widths: tuple[int, ...]
) -> None:
    assert split_widths(channels, parts) == widths
    ranges = split_ranges(channels, parts)
    assert tuple(stop - start for start, stop in ranges) == widths
    assert (ranges[0][0], ranges[-1][1]) == (0, channels)


@pytest.mark.parametrize(
    ("notation", "site", "shapes"),
    [
        ("[conv3x3]", Shape(6, 4, 2), ["6>4/2"]),
        ("add[conv3x3, conv3x3]", Shape(6, 4, 2), ["6>4/2", "6>4/2"]),
        ("concat/replicate[conv3x3, sep3]", Shape(6, 7, 2), ["6>4/2", "6>3/2"]),
        ("concat/split[conv3x3, sep3]", Shape(5, 7), ["3>4", "2>3"]),
        ("[conv3x3 -> [sep3]]", Shape(6, 4, 2), ["6>4/2", "4>4"]),
        ("[conv3x3 -> concat/split[max3, sep3]]", Shape(6, 7), ["6>7", "4>4", "3>3"]),
        ("[conv3x3 -> concat/replicate[sep3, sep3]]", Shape(6, 7), ["6>7", "7>4", "7>3"]),
        (
            "concat/replicate[conv3x3 -> concat/split[max3, avg3], conv3x3]",
            Shape(6, 7),
            ["6>4", "2>2", "2>2", "6>3"],
        ),
        ("concat/split[G3x3, G3x3 -> [max3]]", Shape(8, 4, 1, 2), ["4>2", "4>2", "2>2"]),
        ("concat/split[max3, avg3]", Shape(7, 7), ["4>4", "3>3"]),
        ("concat/replicate[conv1x1, conv1x1]", Shape(1, 2), ["1>1", "1>1"]),
    ],
)
def test_every_edge_has_its_widths(notation: str, site: Shape, shapes: list[str]) -> None:
    found = [edge.shape for edge in edges(parse_cell(notation), site)]
    texts = [
        f"{shape.in_channels}>{shape.out_channels}" + ("/2" if shape.stride == 2 else "")
        for shape in found
    ]
    assert texts == shapes


def test_groups_are_shared_among_the_branches_of_a_split() -> None:
    cell = parse_cell("concat/split[G3x3 -> concat/split[G3x3, G3x3], G3x3]")
    groups = [edge.shape.groups for edge in edges(cell, Shape(16, 16, 1, 4))]
    assert groups == [2, 1, 1, 2]


ROOT_BRANCH = "root.branches[0]"


@pytest.mark.parametrize(
    ("notation", "site", "place", "reason"),
    [
        ("[identity]", Shape(4, 8), ROOT_BRANCH, "must map 4 to 8 channels with stride 1"),
        ("[max3]", Shape(4, 4, 2), ROOT_BRANCH, "must map 4 to 4 channels with stride 2"),
        ("concat/replicate[max3, max3]", Shape(4, 4), ROOT_BRANCH, "must map 4 to 2 channels"),
        ("concat/split[sep3, sep3, sep3]", Shape(2, 8), "root", "divide 2 channels among 3"),
        ("concat/split[sep3, sep3, sep3]", Shape(8, 2), "root", "divide 2 channels among 3"),
        ("concat/replicate[sep3, sep3, sep3]", Shape(8, 2), "root", "2 channels among 3 branches"),
        ("add[sep3, sep3 -> concat/split[max3, max3]]", Shape(8, 1), "root.branches[1].node", "1"),
        ("[G3x3]", Shape(6, 4, 1, 4), ROOT_BRANCH, "widths that 4 groups divide, got 6 to 4"),
        ("[G3x3]", Shape(8, 6, 1, 4), ROOT_BRANCH, "widths that 4 groups divide, got 8 to 6"),
        ("concat/split[G3x3, G3x3]", Shape(9, 9, 1, 3), ROOT_BRANCH, "groups cannot be divided"),
        (
            "concat/split[identity -> [max3 -> [G3x3]], identity]",
            Shape(9, 9, 1, 3),
            "root.branches[0].node.branches[0].node.branches[0]",
            "its groups cannot be divided among the branches of a split",
        ),
    ],
)
def test_a_cell_that_does_not_fit_names_the_place(
    notation: str, site: Shape, place: str, reason: str
) -> None:
    with pytest.raises(InvalidArchitecture) as caught:
        check_fits(parse_cell(notation), site)
    assert caught.value.place == place
    assert reason in caught.value.reason
