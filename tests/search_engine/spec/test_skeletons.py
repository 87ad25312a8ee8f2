"""Skeletons: layouts, limits, JSON."""

import json
from dataclasses import replace
from typing import Any

import pytest

from search_engine.spec import (
    FAMILIES,
    GROUPED_START_CELL,
    START_CELL,
    ChainNetConfig,
    CondenseNetConfig,
    DenseNetConfig,
    ImageShape,
    Order,
    PyramidNetConfig,
    Shape,
    SkeletonConfig,
    parse_cell,
    skeleton_from_json,
)
from search_engine.spec.errors import InvalidConfig

IMAGE = ImageShape(1, 8, 16)
SHARED: dict[str, Any] = {
    "image": IMAGE,
    "classes": 7,
    "order": Order.ACT_WEIGHT_BN,
    "drop_path": 0.25,
}
BOTTLENECK = "stage2_block1.bottleneck"
CONFIGS: dict[str, SkeletonConfig] = {
    "densenet": DenseNetConfig(
        blocks=2,
        growth=12,
        groups=4,
        widths=((BOTTLENECK, 60), ("stage1_block2.bottleneck", 52)),
        extra_layers=((BOTTLENECK, 2),),
        **SHARED,
    ),
    "pyramidnet": PyramidNetConfig(
        blocks=3,
        alpha=30,
        groups=3,
        widths=((BOTTLENECK, 60), ("stage3_block3.cell", 63)),
        extra_layers=(("stage1_block1.cell", 8),),
        **SHARED,
    ),
    "chainnet": ChainNetConfig(
        blocks=1,
        channels=5,
        widths=(("stage1_block1.cell", 9),),
        extra_layers=(("stage3_block1.cell", 1),),
        **SHARED,
    ),
    "condensenet": CondenseNetConfig(
        blocks=(1, 2),
        growths=(4, 8),
        searched=(0, 1),
        groups=2,
        learned_groups=2,
        condense_factor=2,
        **SHARED,
    ),
}
FAMILY = pytest.mark.parametrize("family", FAMILIES)


@FAMILY
def test_json_reads_back(family: str) -> None:
    for config in (CONFIGS[family], FAMILIES[family]()):
        document = config.to_json()
        assert skeleton_from_json(json.loads(json.dumps(document))) == config
        assert json.loads(json.dumps(document)) == document


@FAMILY
def test_no_field_may_be_missing_or_unknown(family: str) -> None:
    document = CONFIGS[family].to_json()
    later = CONFIGS[family].may_lack or ()
    for name in document.keys() - set(later):
        fewer = {key: value for key, value in document.items() if key != name}
        with pytest.raises(InvalidConfig, match=f"skeleton: '{name}' is missing"):
            skeleton_from_json(fewer)
    with pytest.raises(InvalidConfig, match="skeleton: unknown field 'depth'"):
        skeleton_from_json(document | {"depth": 100})


@FAMILY
def test_no_field_may_have_another_type(family: str) -> None:
    document = CONFIGS[family].to_json()
    for name in document:
        for wrong in (None, {"a": "b"}, ["x"], True):
            with pytest.raises(InvalidConfig, match=rf"skeleton\.{name}[.:a0]*.* expected"):
                skeleton_from_json(document | {name: wrong})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"family": "resnet"},
            "expected one of densenet, pyramidnet, chainnet, condensenet, adopted, got",
        ),
        ({"image": [1, 8]}, "skeleton.image: expected channels, height, width"),
        ({"image": [1, 8, 10]}, "image.width: densenet halves its feature maps: expected a multi"),
        ({"order": "bn-weight"}, "skeleton.order: expected one of weight-bn-act, act-weight-bn"),
        ({"widths": {"trunk": 8}}, "widths: densenet has no hidden layer 'trunk'"),
        ({"widths": {BOTTLENECK: 8.5}}, f"skeleton.widths.{BOTTLENECK}: expected a whole number"),
        (
            {"drop_path": 10**400},
            "skeleton.drop_path: expected a number 0 to below 1, got a huge number",
        ),
        (
            {"blocks": 10**30},
            "skeleton.blocks: expected a whole number 1 to 256, got a huge number",
        ),
    ],
)
def test_malformed_json_names_the_field(change: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidConfig) as caught:
        skeleton_from_json(CONFIGS["densenet"].to_json() | change)
    assert message in str(caught.value)


@pytest.mark.parametrize("document", [None, [], "densenet", 5])
def test_what_is_no_object_is_no_skeleton(document: object) -> None:
    with pytest.raises(InvalidConfig, match="skeleton: expected an object"):
        skeleton_from_json(document)


LIMITS: list[tuple[str, str, Any, str]] = [
    *((family, "classes", 1, "classes: expected a whole number 2 to") for family in FAMILIES),
    *((family, "groups", 0, "groups: expected a whole number 1 to 64") for family in FAMILIES),
    *((family, "groups", 65, "groups: expected a whole number 1 to 64") for family in FAMILIES),
    *(
        (family, "drop_path", 1.0, "drop_path: expected a number 0 to below 1")
        for family in FAMILIES
    ),
    *((family, "drop_path", float("nan"), "drop_path: expected a number 0") for family in FAMILIES),
    *((family, "image", [0, 8, 8], "image.channels: expected") for family in FAMILIES),
    *((family, "image", [3, 8, 10], "image.width: .*multiple of 4") for family in FAMILIES),
    *((family, "image", [3, 0, 8], "image.height: .*got 0") for family in FAMILIES),
    *((family, "image", [3, 8192, 8], "image.height: .*4096") for family in FAMILIES),
    *((family, "widths", (("trunk", 3),), "has no hidden layer 'trunk'") for family in FAMILIES),
    *((family, "extra_layers", (("x", 1),), "has no hidden layer 'x'") for family in FAMILIES),
    ("densenet", "blocks", 0, "blocks: expected a whole number 1 to 256"),
    ("densenet", "growth", 0, "growth: expected a whole number 1 to 1024"),
    ("densenet", "growth", 13, "groups: the start cell does not fit: stage1_block1: root"),
    ("densenet", "groups", 5, "groups: the start cell does not fit: .*5 groups divide, got 48 to"),
    ("densenet", "widths", ((BOTTLENECK, 61),), "groups: the start cell does not fit: stage2_b"),
    ("densenet", "widths", ((BOTTLENECK, 0),), f"widths.{BOTTLENECK}: expected a whole number"),
    ("densenet", "extra_layers", ((BOTTLENECK, 9),), "expected a whole number 1 to 8, got 9"),
    ("densenet", "blocks", 2.0, "blocks: expected a whole number 1 to 256, got 2.0"),
    ("pyramidnet", "blocks", 257, "blocks: expected a whole number 1 to 256"),
    ("pyramidnet", "alpha", -1, "alpha: expected a whole number 0 to 4096"),
    ("chainnet", "blocks", 0, "blocks: expected a whole number 1 to 256"),
    ("chainnet", "channels", 0, "channels: expected a whole number 1 to 4096"),
    ("chainnet", "groups", 3, "groups: the start cell does not fit"),
    ("condensenet", "blocks", (1,), "blocks: expected 1 to 8 stages, and as many growths and"),
    ("condensenet", "blocks", (), "blocks: expected 1 to 8 stages"),
    ("condensenet", "blocks", (0, 2), "blocks.0: expected a whole number 1 to 256, got 0"),
    ("condensenet", "growths", (4, 0), "growths.1: expected a whole number 1 to 4096"),
    ("condensenet", "searched", (2, 1), "searched: expected 0 to 1, got 2"),
    ("condensenet", "learned_groups", 5, "learned_groups: expected a divisor of the 16 channels"),
    ("condensenet", "condense_factor", 3, "condense_factor: expected a divisor of the 16 channel"),
    ("condensenet", "groups", 8, "start cell does not fit: stage1_block1: .*got 16 to 4"),
]


@pytest.mark.parametrize(("family", "field", "value", "message"), LIMITS)
def test_a_setting_outside_its_limits_is_refused(
    family: str, field: str, value: Any, message: str
) -> None:
    with pytest.raises(InvalidConfig, match=message):
        replace(CONFIGS[family], **{field: value})


def test_condensenet_halves_the_image_once_a_stage() -> None:
    with pytest.raises(InvalidConfig, match=r"image.height: 5 stages .*a multiple of 32 pixels"):
        CondenseNetConfig(image=ImageShape(3, 48, 64))


@FAMILY
def test_the_start_cell_follows_the_groups(family: str) -> None:
    config = replace(FAMILIES[family](), groups=2)
    assert config.start_cell == GROUPED_START_CELL
    assert replace(config, groups=1).start_cell == START_CELL


def test_densenet_concatenates_and_halves() -> None:
    config = DenseNetConfig(blocks=2, growth=4, image=IMAGE)
    blocks = [(b.name, b.in_channels, b.out_channels, b.size) for b in config.layout()]
    assert blocks == [
        ("stage1_block1", 8, 12, (8, 16)),
        ("stage1_block2", 12, 16, (8, 16)),
        ("stage2_block1", 8, 12, (4, 8)),
        ("stage2_block2", 12, 16, (4, 8)),
        ("stage3_block1", 8, 12, (2, 4)),
        ("stage3_block2", 12, 16, (2, 4)),
    ]
    assert config.sites() == (Shape(16, 4, 1, 2),) * 6
    assert [(t.in_channels, t.out_channels) for t in config.transitions()] == [(16, 8), (16, 8)]


def test_pyramidnet_grows_with_every_block() -> None:
    config = PyramidNetConfig(blocks=1, alpha=11, groups=2, image=IMAGE)
    # 16 + 11/3 = 19.7, + 22/3 = 23.3, + 11 = 27; rounded 20, 23, 27; in twos 20, 22, 26.
    assert config.sites() == (Shape(20, 20, 1, 2), Shape(22, 22, 2, 2), Shape(26, 26, 2, 2))
    assert [block.out_channels for block in config.layout()] == [80, 88, 104]
    assert [layer.size for layer in config.layout()[1].hidden] == [(8, 16), (4, 8)]


def test_chainnet_doubles_and_halves() -> None:
    config = ChainNetConfig(blocks=2, channels=3, image=IMAGE)
    pairs = [(site.in_channels, site.out_channels, site.stride) for site in config.sites()]
    assert pairs == [(3, 3, 1), (3, 3, 1), (3, 6, 2), (6, 6, 1), (6, 12, 2), (12, 12, 1)]


def test_a_stem_with_a_stride_halves_all_sizes_rounded_up() -> None:
    config = ChainNetConfig(blocks=1, channels=3, stem_stride=2, image=ImageShape(1, 28, 28))
    # 28 / 2 = 14, / 2 = 7, / 2 = 3.5: a convolution of stride 2 makes 4 of 7.
    assert [block.size for block in config.layout()] == [(14, 14), (7, 7), (4, 4)]


def test_condensenet_has_the_cell_in_its_last_blocks_only() -> None:
    searched = [block.name for block in CONFIGS["condensenet"].layout() if block.searched]
    assert searched == ["stage2_block2"]
    assert len(CondenseNetConfig().sites()) == 6 + 7 + 6


def test_a_cell_need_not_fit_the_blocks_that_are_not_searched() -> None:
    config = CONFIGS["condensenet"]
    assert [block.site.out_channels for block in config.layout()] == [4, 8, 8]
    config.check_cell(parse_cell("[G3x3 -> concat/split[max3, max3, max3, max3, max3]]"))
