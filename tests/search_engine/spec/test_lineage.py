"""Lineages and transformations as JSON, and architectures after transformations."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_engine.spec import (
    START_CELL,
    TREE_CELL_A,
    Architecture,
    ChainNetConfig,
    CondenseNetConfig,
    Deepen,
    DenseNetConfig,
    Growth,
    InsertNode,
    Lineage,
    Merge,
    Morph,
    MorphKind,
    Operation,
    Order,
    ReplaceIdentity,
    SetMerge,
    Transformation,
    Widen,
    Widening,
    parse_cell,
    transformations_from_json,
    transformations_to_json,
)
from search_engine.spec.errors import IllegalTransformation, InvalidArchitecture, InvalidConfig
from tests.strategies import growths

DENSENET = DenseNetConfig(blocks=1, growth=8)
START = Architecture.start(DENSENET)
BOTTLENECK = "stage1_block1.bottleneck"
AS_JSON: dict[Transformation, dict[str, object]] = {
    SetMerge((0, 1), Merge.ADD, 2): {
        **{"type": "set_merge", "node": [0, 1], "merge": "add", "branches": 2}
    },
    InsertNode((0,)): {"type": "insert_node", "branch": [0]},
    ReplaceIdentity((0, 0), Operation.SEP_CONV_5X5): {
        **{"type": "replace_identity", "branch": [0, 0], "operation": "sep_conv_5x5"}
    },
    Widen(BOTTLENECK, 40): {"type": "widen", "layer": BOTTLENECK, "width": 40},
    Deepen(BOTTLENECK): {"type": "deepen", "layer": BOTTLENECK},
}
VALID = Lineage(tuple(AS_JSON), seed=3, morph=Morph(MorphKind.DISTILLED, 0.01)).to_json()


@pytest.mark.parametrize("transformation", AS_JSON, ids=lambda value: type(value).__name__)
def test_every_transformation_has_a_form_in_json(transformation: Transformation) -> None:
    document = AS_JSON[transformation]
    assert transformations_to_json([transformation]) == [document]
    assert transformations_from_json(json.loads(json.dumps([document]))) == (transformation,)


@given(growths(), st.integers(0, 2**63 - 1), st.sampled_from(MorphKind), st.floats(0, 1))
def test_a_lineage_reads_back(growth: Growth, seed: int, kind: MorphKind, noise: float) -> None:
    lineage = Lineage(growth.transformations, seed, Morph(kind, noise))
    longer = lineage.then(Widen(BOTTLENECK, 40), Deepen(BOTTLENECK))
    for each in (lineage, longer):
        document = each.to_json()
        assert Lineage.from_json(json.loads(json.dumps(document))) == each
        assert json.loads(json.dumps(document)) == document


@pytest.mark.parametrize("widening", Widening)
def test_a_morph_says_how_layers_become_wider(widening: Widening) -> None:
    morph = Morph(widening=widening)
    assert Morph.from_json(json.loads(json.dumps(morph.to_json()))) == morph


def test_a_morph_of_before_there_was_a_choice_made_copies() -> None:
    document = {"kind": "annealed", "noise": 0.006}
    before = Morph.from_json(document)
    assert before == Morph(widening=Widening.COPIES) != Morph()
    assert before.to_json() == document


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 0}, "lineage.version: expected 1, got 0"),
        ({"seed": 1.5}, "lineage.seed: expected a whole number, got 1.5"),
        ({"seed": 2**64}, "lineage.seed: expected a whole number, got a huge number"),
        ({"transformations": {}}, "transformations: expected an array, got an object"),
        ({"transformations": [5]}, "transformations.0: expected an object, got 5"),
        ({"transformations": [{}]}, "transformations.0: 'type' is missing"),
        ({"morph": "exact"}, "lineage.morph: expected an object, got a string 'exact'"),
        ({"morph": {"kind": "slow", "noise": 0}}, "lineage.morph.kind: expected one of exact"),
        ({"morph": {"kind": "exact"}}, "lineage.morph: 'noise' is missing"),
        (
            {"morph": {"kind": "exact", "noise": 0, "widening": "thick"}},
            "lineage.morph.widening: expected one of copies, fresh",
        ),
        ({"morph": {"kind": "exact", "noise": "0"}}, "lineage.morph.noise: expected a number"),
        ({"morph": {"kind": "exact", "noise": True}}, "expected a number 0 to 1, got true"),
        (
            {"morph": {"kind": "exact", "noise": -0.1}},
            "morph.noise: expected a number 0 to 1, got -0.1",
        ),
        ({"morph": {"kind": "exact", "noise": 10**400}}, "lineage.morph.noise: expected"),
        ({"morph": {"kind": "exact", "noise": float("nan")}}, "expected a number 0 to 1, got NaN"),
        ({"morph": {"kind": "exact", "noise": 0, "x": 1}}, "lineage.morph: unknown field 'x'"),
        ({"parents": 3}, "lineage: unknown field 'parents'"),
    ],
)
def test_a_malformed_lineage_names_the_field(change: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidConfig) as caught:
        Lineage.from_json(VALID | change)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"type": "prune"}, ".0.type: expected one of set_merge, insert_node, replace_identity"),
        ({"type": "x" * 9000}, "got a string '" + "x" * 40 + "'"),
        ({"type": 1}, "transformations.0.type: expected one of set_merge"),
        ({"type": "insert_node"}, "transformations.0: 'branch' is missing"),
        ({"type": "insert_node", "branch": [0.5]}, ".0.branch.0: expected a whole number"),
        ({"type": "insert_node", "branch": [0] * 9}, ".0.branch: expected at most 8, got 9"),
        ({"type": "deepen", "layer": None}, ".0.layer: expected a string, got null"),
        ({"type": "deepen", "layer": "a", "width": 1}, ".0: unknown field 'width'"),
    ],
)
def test_a_malformed_transformation_names_the_item(
    document: dict[str, object], message: str
) -> None:
    with pytest.raises(InvalidConfig) as caught:
        transformations_from_json([document])
    assert message in str(caught.value)
    assert len(str(caught.value)) < 200


@given(growths())
def test_a_lineage_makes_the_architecture_that_its_growth_made(growth: Growth) -> None:
    wide = DenseNetConfig(blocks=1, growth=64)
    start = Architecture.start(wide)
    if growth.cell.root.branches[0].operation is not Operation.GROUP_CONV_3X3:
        start = Architecture(wide, START_CELL)
    assert Lineage(growth.transformations).architecture(start).cell == growth.cell


def test_layers_are_changed_in_the_skeleton() -> None:
    lineage = Lineage((Widen(BOTTLENECK, 40), Deepen(BOTTLENECK), Deepen(BOTTLENECK)))
    layer = lineage.architecture(START).skeleton.hidden_layers()[BOTTLENECK]
    assert (layer.width, layer.extra) == (40, 2)
    assert START.skeleton.hidden_layers()[BOTTLENECK].width == 32


@pytest.mark.parametrize(
    ("skeleton", "transformation", "reason"),
    [
        (DENSENET, Widen(BOTTLENECK, 32), "expected a width above 32, got 32"),
        (DENSENET, Widen(BOTTLENECK, 33), "expected widths that 2 groups divide"),
        (DENSENET, Widen(BOTTLENECK, 65_538), "expected a whole number 1 to 65,536"),
        (DENSENET, Widen("trunk", 40), "no hidden layer 'trunk' (such as stem)"),
        (DENSENET, Deepen("stage9"), "there is no hidden layer 'stage9'"),
        (CondenseNetConfig(), Widen("stem", 17), "expected a divisor of the 17 channels"),
        (CondenseNetConfig(), Widen("stage1_block1.bottleneck", 40), "the 4 learned groups"),
        (DENSENET, SetMerge((), Merge.CONCAT, 3), "groups cannot be divided"),
        (ChainNetConfig(channels=2), SetMerge((), Merge.CONCAT, 3), "divide 2 channels among 3"),
    ],
)
def test_what_does_not_fit_the_network_is_refused(
    skeleton: Any, transformation: Transformation, reason: str
) -> None:
    before = Architecture.start(skeleton)
    with pytest.raises(IllegalTransformation) as caught:
        before.after(transformation)
    assert reason in str(caught.value)
    assert before == Architecture.start(skeleton)


def test_a_layer_is_deepened_eight_times_at_most() -> None:
    deep = Lineage((Deepen(BOTTLENECK),) * 8).architecture(START)
    with pytest.raises(IllegalTransformation, match="expected a whole number 1 to 8, got 9"):
        deep.after(Deepen(BOTTLENECK))


@pytest.mark.parametrize(
    ("order", "transformation", "reason"),
    [
        (Order.WEIGHT_BN_ACT, ReplaceIdentity((0, 0), Operation.CONV_1X1), ""),
        (Order.WEIGHT_BN_ACT, ReplaceIdentity((0, 0), Operation.MAX_POOL_3X3), "cannot be the"),
        (Order.BN_ACT_WEIGHT, ReplaceIdentity((0, 0), Operation.SEP_CONV_3X3), "cuts negative"),
        (Order.ACT_WEIGHT_BN, Deepen(BOTTLENECK), "cuts negative values"),
        (Order.BN_ACT_WEIGHT, SetMerge((0,), Merge.ADD, 2), ""),
        (Order.BN_ACT_WEIGHT, Widen(BOTTLENECK, 40), ""),
    ],
)
def test_an_exact_morph_refuses_what_cannot_be_exact(
    order: Order, transformation: Transformation, reason: str
) -> None:
    start = Architecture.start(DenseNetConfig(blocks=1, growth=8, order=order))
    steps = (InsertNode((0,)), transformation)
    Lineage(steps).architecture(start)
    exact = Lineage(steps, morph=Morph(MorphKind.EXACT))
    if not reason:
        exact.architecture(start)
        return
    with pytest.raises(IllegalTransformation, match=f"{reason}.*choose annealed"):
        exact.architecture(start)


def test_an_architecture_reads_back() -> None:
    architecture = Architecture(DENSENET, TREE_CELL_A).after(Widen(BOTTLENECK, 40))
    document = architecture.to_json()
    assert Architecture.from_json(json.loads(json.dumps(document))) == architecture
    with pytest.raises(InvalidConfig, match=r"architecture\.version: expected 1, got 3"):
        Architecture.from_json(document | {"version": 3})
    with pytest.raises(InvalidConfig, match="architecture: unknown field 'weights'"):
        Architecture.from_json(document | {"weights": []})


def test_a_cell_that_does_not_fit_names_block_and_branch() -> None:
    with pytest.raises(InvalidArchitecture) as caught:
        Architecture(DENSENET, parse_cell("add[G3x3, max3]"))
    assert caught.value.place == "stage1_block1: root.branches[1]"
    assert "must map 32 to 8 channels with stride 1" in caught.value.reason
