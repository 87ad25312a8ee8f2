"""Adopted networks as data: sites, outlines and configs, all without torch."""

import json
from dataclasses import replace
from typing import Any

import pytest

from search_engine.spec import (
    AdoptedConfig,
    Architecture,
    Cost,
    Deepen,
    ImageShape,
    InsertNode,
    Lineage,
    Merge,
    Morph,
    MorphKind,
    Operation,
    Order,
    Outline,
    ReplaceIdentity,
    SetMerge,
    SiteKind,
    Source,
    Widen,
    format_cell,
    parse_cell,
    search_space_of,
    skeleton_from_json,
)
from search_engine.spec.errors import IllegalTransformation, InvalidConfig
from search_engine.spec.search_config import SearchConfig
from search_engine.spec.skeletons import Classifier, LayerKind, OutlineLayer


def conv(name: str, into: int, out: int, groups: int = 1, **settings: Any) -> OutlineLayer:
    given = {"kernel": 3, "stride": 1, "bias": False, "size": (8, 8), "why_not": "", **settings}
    kind, text = LayerKind.CONV, "3x3 conv"
    return OutlineLayer(name, "", kind, text, into, out, groups=groups, **given)


LAYERS = (
    conv("stem", 3, 16, kernel=7, why_not="its kernel is 7x7"),
    conv("a", 16, 16),
    conv("b", 16, 32, stride=2, bias=True, size=(4, 4)),
    conv("depthwise", 32, 32, 32, size=(4, 4)),
    conv("grouped", 48, 48, 12, size=(4, 4)),
    conv("c", 32, 32, size=(4, 4)),
)
HEAD = Classifier("fc", 32)
REST = Cost(1_000, 50_000)
WHOLE = sum(
    (layer.site.cost for layer in LAYERS if layer.site), REST + HEAD.cost(10)
)  # stem and norms are in the rest


def outline(**settings: Any) -> Outline:
    given: dict[str, Any] = {
        "source": Source.TORCHVISION,
        "model": "resnet18",
        "image": ImageShape(3, 8, 8),
        "classes": 10,
        "cost": WHOLE,
        "head": HEAD,
        "layers": LAYERS,
        **settings,
    }
    return Outline(**given)


def test_an_outline_comes_back_from_json() -> None:
    given = outline()
    assert Outline.from_json(json.loads(json.dumps(given.to_json()))) == given


@pytest.mark.parametrize("names", [["a", "b"], ["depthwise", "grouped"], None])
def test_a_config_comes_back_from_json(names: list[str] | None) -> None:
    config = outline().config(names, order=Order.WEIGHT_BN_ACT, drop_path=0.25)
    assert skeleton_from_json(json.loads(json.dumps(config.to_json()))) == config


def test_sites_say_how_they_group_their_channels() -> None:
    kinds = {site.name: site.kind for site in outline().sites}
    assert kinds == {
        "a": SiteKind.PLAIN,
        "b": SiteKind.PLAIN,
        "depthwise": SiteKind.DEPTHWISE,
        "grouped": SiteKind.GROUPED,
        "c": SiteKind.PLAIN,
    }


def test_the_default_is_the_kind_that_there_is_most_of() -> None:
    assert outline().default_sites() == ("a", "b", "c")
    assert outline(layers=LAYERS[3:5]).default_sites() == ("grouped",)  # the first sees the image
    assert outline(layers=LAYERS[3:4]).default_sites() == ("depthwise",)


def test_sites_stand_in_network_order_however_they_are_named() -> None:
    assert [site.name for site in outline().config(["c", "a"]).chosen] == ["a", "c"]


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["a", "depthwise"], "a, which is plain, and depthwise, which is depthwise"),
        (["stem"], "stem is no site: its kernel is 7x7"),
        (["z"], "resnet18 has no layer 'z'"),
        ([], "at least one of resnet18's sites"),
    ],
)
def test_sites_that_do_not_fit_are_refused(names: list[str], reason: str) -> None:
    with pytest.raises(InvalidConfig, match=reason):
        outline().config(names)


def test_the_start_cell_is_the_networks_own_convolution() -> None:
    plain, grouped = outline().config(["a", "b"]), outline().config(["depthwise", "grouped"])
    assert format_cell(plain.start_cell) == "[conv3x3]"
    assert format_cell(grouped.start_cell) == "[G3x3]"
    # The branches of a concat share the groups everywhere: 32 and 12 have 4 in common.
    assert (plain.groups, grouped.groups) == (1, 4)
    assert search_space_of(grouped).start_cell == grouped.start_cell


def test_the_start_network_costs_what_the_network_did() -> None:
    config = outline().config(["a", "b"])
    assert config.cost(config.start_cell) == WHOLE
    # Own convolutions have no batch norm: 16 x 16 x 9, and 16 x 32 x 9 with 32 constants.
    site_a, site_b = config.chosen
    assert site_a.cost == Cost(2_304, 2_304 * 64)
    assert site_b.cost == Cost(4_608 + 32, 4_608 * 16)


def test_other_classes_change_the_last_layer_only() -> None:
    config = outline().config(["a"])
    more = replace(config, classes=30)
    assert more.cost(more.start_cell) == WHOLE + Cost(20 * 33, 20 * 32)


def test_new_operations_cost_what_they_cost_elsewhere() -> None:
    config = outline().config(["a"])
    grown = parse_cell("add[conv3x3 -> [conv1x1], conv3x3]")
    extra = config.cost(grown).parameters - WHOLE.parameters
    assert extra == 2_304 + (256 + 32)  # a second convolution; a 1x1 one with its batch norm


def test_concat_at_the_root_needs_groups_in_common() -> None:
    grouped = Architecture.start(outline().config(["depthwise", "grouped"]))
    assert grouped.after(SetMerge((), Merge.CONCAT, 2))
    with pytest.raises(IllegalTransformation, match="groups cannot be divided"):
        grouped.after(SetMerge((), Merge.CONCAT, 3))


@pytest.mark.parametrize("transformation", [Widen("a", 32), Deepen("a")])
def test_layers_that_others_depend_on_keep_their_widths(transformation: Widen | Deepen) -> None:
    with pytest.raises(IllegalTransformation, match="go from one convolution to the next"):
        Architecture.start(outline().config()).after(transformation)


@pytest.mark.parametrize("order", list(Order))
def test_exact_morphs_bring_copies_but_no_new_operation(order: Order) -> None:
    start = Architecture.start(outline().config(order=order))
    exact = Lineage((SetMerge((), Merge.ADD, 2), InsertNode((0,))), 0, Morph(MorphKind.EXACT))
    assert exact.architecture(start)
    new = exact.then(ReplaceIdentity((0, 0), Operation.CONV_1X1))
    with pytest.raises(IllegalTransformation, match="cuts negative values"):
        new.architecture(start)


def test_a_config_is_refused_for_another_image() -> None:
    with pytest.raises(InvalidConfig, match="the sites' sizes are of another image"):
        replace(outline().config(), image=ImageShape(3, 4, 4))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"groups": 3}, "groups: expected 1, which the sites have in common, got 3"),
        ({"program": "{}"}, "expected no program for a network of source torchvision"),
        ({"source": "exported"}, "expected a program for a network of source exported"),
        ({"source": "exported", "program": "x" * 10**6}, "at most 180,000 bytes of JSON"),
        ({"model": ""}, "model: expected 1 to 200 characters"),
        ({"widths": {"a": 3}}, "adopted has no hidden layer 'a'"),
        ({"sites": []}, "expected 1 to 150 sites, got 0"),
        ({"unknown": 1}, "unknown field 'unknown'"),
    ],
)
def test_malformed_configs_are_refused(change: dict[str, object], reason: str) -> None:
    document = {**outline().config().to_json(), **change}
    with pytest.raises(InvalidConfig, match=reason):
        skeleton_from_json(document)


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("stride", 3, "sites.0.stride: expected a whole number 1 to 2"),
        ("groups", 5, "sites.0.groups: expected a divisor of both widths"),
        ("size", [8], "sites.0.size: expected an array of 2"),
        ("in_channels", 0, "sites.0.in_channels: expected a whole number 1"),
    ],
)
def test_malformed_sites_are_refused(field: str, value: object, reason: str) -> None:
    document = outline().config(["a"]).to_json()
    document["sites"][0][field] = value
    with pytest.raises(InvalidConfig, match=reason):
        skeleton_from_json(document)


def test_children_of_an_exported_network_must_inherit() -> None:
    skeleton = outline(source=Source.EXPORTED, program="{}").config()
    assert isinstance(skeleton, AdoptedConfig)
    space = search_space_of(skeleton)
    assert SearchConfig(skeleton=skeleton, space=space)
    with pytest.raises(InvalidConfig, match="inherit: a network that was exported has no fresh"):
        SearchConfig(skeleton=skeleton, space=space, inherit=False)
