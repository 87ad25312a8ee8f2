"""Regions of a layer that is made wider, worked out by hand."""

import pytest

from search_engine.spec import (
    TREE_CELL_A,
    Architecture,
    ChainNetConfig,
    DenseNetConfig,
    ImageShape,
    PyramidNetConfig,
    SkeletonConfig,
    Widen,
    parse_cell,
)
from search_engine.spec.errors import IllegalTransformation, InvalidArchitecture
from search_engine.spec.regions import Region, widened_regions

IMAGE = ImageShape(1, 8, 8)
BOTTLENECK, CHAIN = "stage1_block1.bottleneck", "stage1_block1.cell"


def densenet(width: int, groups: int) -> DenseNetConfig:
    """The cells of its first block map `width` to 4 channels."""
    widths = ((BOTTLENECK, width),)
    return DenseNetConfig(blocks=1, growth=4, groups=groups, image=IMAGE, widths=widths)


def chainnet(width: int) -> ChainNetConfig:
    """Its first cell maps 7 to `width` channels, its second `width` to 14."""
    return ChainNetConfig(blocks=1, channels=7, image=IMAGE, widths=((CHAIN, width),))


def regions(
    notation: str, old: SkeletonConfig, new: SkeletonConfig, layer: str
) -> list[tuple[int, int, int]]:
    found = widened_regions(parse_cell(notation), old, new, layer)
    return [(region.start, region.stop, region.width) for region in found]


@pytest.mark.parametrize(
    ("notation", "groups", "widths", "expected"),
    [
        ("[conv3x3]", 1, (7, 9), [(0, 7, 9)]),
        ("add[conv3x3, sep3]", 1, (7, 9), [(0, 7, 9)]),
        ("concat/replicate[conv3x3, sep3]", 1, (7, 9), [(0, 7, 9)]),
        # 7 channels in 2 parts are 4 + 3; 8 are 4 + 4; 9 are 5 + 4.
        ("concat/split[conv3x3, sep3]", 1, (7, 8), [(0, 4, 4), (4, 7, 4)]),
        ("concat/split[conv3x3, sep3]", 1, (7, 9), [(0, 4, 5), (4, 7, 4)]),
        # 7 in 3 parts are 3 + 2 + 2; 11 are 4 + 4 + 3.
        ("concat/split[sep3, sep3, sep3]", 1, (7, 11), [(0, 3, 4), (3, 5, 4), (5, 7, 3)]),
        # Two groups of 8 are 4 + 4, of 12 are 6 + 6, whoever else reads all channels.
        ("[G3x3]", 2, (8, 12), [(0, 4, 6), (4, 8, 6)]),
        ("add[sep3, G3x3]", 2, (8, 12), [(0, 4, 6), (4, 8, 6)]),
        # Four groups shared by two parts: two in each.
        (
            "concat/split[G3x3, sep3]",
            4,
            (16, 24),
            [(0, 4, 6), (4, 8, 6), (8, 16, 12)],
        ),
        # What is deeper in the cell does not see the channels that enter it.
        ("[conv3x3 -> concat/split[max3, max3]]", 1, (7, 9), [(0, 7, 9)]),
    ],
)
def test_channels_that_enter_a_cell(
    notation: str, groups: int, widths: tuple[int, int], expected: list[tuple[int, int, int]]
) -> None:
    old, new = (densenet(width, groups) for width in widths)
    assert regions(notation, old, new, BOTTLENECK) == expected


@pytest.mark.parametrize(
    ("notation", "wider", "expected"),
    [
        ("[conv3x3]", 9, [(0, 7, 9)]),
        ("concat/replicate[conv3x3, sep3]", 9, [(0, 4, 5), (4, 7, 4)]),
        ("[conv3x3 -> concat/split[max3, avg3]]", 9, [(0, 4, 5), (4, 7, 4)]),
        ("[conv3x3 -> concat/replicate[sep3, sep3]]", 9, [(0, 4, 5), (4, 7, 4)]),
        # The first part's 4 channels are cut again in 2 + 2, its 5 in 3 + 2.
        (
            "concat/replicate[conv3x3 -> concat/split[max3, avg3], conv3x3]",
            9,
            [(0, 2, 3), (2, 4, 2), (4, 7, 4)],
        ),
        # Two branches cut in different ways: 7 = 4 + 3 = 3 + 2 + 2, 9 = 5 + 4 = 3 + 3 + 3.
        (
            "add[sep3 -> concat/split[max3, max3], sep3 -> concat/split[max3, max3, max3]]",
            9,
            [(0, 3, 3), (3, 4, 2), (4, 5, 1), (5, 7, 3)],
        ),
    ],
)
def test_channels_that_leave_a_cell(
    notation: str, wider: int, expected: list[tuple[int, int, int]]
) -> None:
    assert regions(notation, chainnet(7), chainnet(wider), CHAIN) == expected


def test_a_layer_between_two_cells_is_cut_by_both() -> None:
    # Leaving the first: 8 = 4 + 4. Entering the second: the same 4 + 4, and 12 = 6 + 6.
    found = regions("concat/split[sep3, sep3]", chainnet(8), chainnet(12), CHAIN)
    assert found == [(0, 4, 6), (4, 8, 6)]


def test_grouped_convolutions_inside_a_cell_cut_their_inputs_too() -> None:
    def pyramidnet(width: int) -> PyramidNetConfig:
        names = ("stage1_block1", "stage2_block1", "stage3_block1")
        widths = {f"{name}.{layer}": 12 for name in names for layer in ("bottleneck", "cell")}
        widths[CHAIN] = width
        return PyramidNetConfig(blocks=1, alpha=0, image=IMAGE, widths=tuple(widths.items()))

    # 12 = 4 + 4 + 4 in parts, the first in groups of 2; it reads groups of 6 channels.
    notation = "[conv3x3 -> concat/replicate[G3x3, conv1x1, conv1x1]]"
    found = regions(notation, pyramidnet(12), pyramidnet(18), CHAIN)
    assert found == [(0, 2, 3), (2, 4, 3), (4, 6, 3), (6, 8, 3), (8, 12, 6)]


def test_cuts_that_leave_no_room_are_refused() -> None:
    # 6 = 3 + 3 = 2 + 2 + 1 + 1, but 7 = 4 + 3 = 2 + 2 + 2 + 1: channel 3 would vanish.
    notation = "add[sep3 -> concat/split[max3, max3], sep3 -> concat/split[max3, max3, max3, max3]]"
    with pytest.raises(InvalidArchitecture, match="choose another width") as caught:
        regions(notation, chainnet(6), chainnet(7), CHAIN)
    assert caught.value.place == CHAIN
    before = Architecture(chainnet(6), parse_cell(notation))
    with pytest.raises(IllegalTransformation, match="cuts channels 3 to 4"):
        before.after(Widen(CHAIN, 7))


@pytest.mark.parametrize("wider", range(34, 48, 2))
def test_regions_cover_all_channels_and_none_shrinks(wider: int) -> None:
    skeleton = DenseNetConfig(blocks=1, growth=8, image=IMAGE)
    found = widened_regions(
        TREE_CELL_A, skeleton, skeleton.with_width(BOTTLENECK, wider), BOTTLENECK
    )
    assert [region.stop for region in found] == [16, 32]
    assert found[0] == Region(0, 16, wider // 2)
    assert sum(region.width for region in found) == wider
