"""Path-level transformations on trees: what each makes, what each refuses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_engine.spec import (
    Cell,
    CellTransformation,
    InsertNode,
    Merge,
    Operation,
    ReplaceIdentity,
    SetMerge,
    format_cell,
    grow_cell,
    parse_cell,
)
from search_engine.spec.errors import IllegalTransformation
from tests.strategies import cells

ADD, CONCAT = Merge.ADD, Merge.CONCAT
SEP3, MAX3 = Operation.SEP_CONV_3X3, Operation.MAX_POOL_3X3
DEEP = "[sep3 -> " * 7 + "[sep3]" + "]" * 7
FULL = f"add[{', '.join(['max3 -> add[' + ', '.join(['max3'] * 8) + ']'] * 8)}]"  # 72 edges


@pytest.mark.parametrize(
    ("before", "transformation", "after"),
    [
        ("[conv3x3]", SetMerge((), ADD, 2), "add[conv3x3, conv3x3]"),
        ("[G3x3]", SetMerge((), ADD, 3), "add[G3x3, G3x3, G3x3]"),
        ("[conv3x3]", SetMerge((), CONCAT, 2), "concat/replicate[conv3x3, conv3x3]"),
        ("[conv1x1]", SetMerge((), CONCAT, 2), "concat/replicate[conv1x1, conv1x1]"),
        ("[sep5]", SetMerge((), CONCAT, 3), "concat/replicate[sep5, sep5, sep5]"),
        ("[G3x3]", SetMerge((), CONCAT, 2), "concat/split[G3x3, G3x3]"),
        ("[max3]", SetMerge((), CONCAT, 2), "concat/split[max3, max3]"),
        ("[avg3]", SetMerge((), CONCAT, 2), "concat/split[avg3, avg3]"),
        ("[identity]", SetMerge((), CONCAT, 2), "concat/split[identity, identity]"),
        (
            "add[sep3, sep3 -> [identity]]",
            SetMerge((1,), ADD, 2),
            "add[sep3, sep3 -> add[identity, identity]]",
        ),
        ("[conv3x3]", InsertNode((0,)), "[conv3x3 -> [identity]]"),
        ("[sep3 -> [max3]]", InsertNode((0,)), "[sep3 -> [identity -> [max3]]]"),
        (
            "[sep3 -> concat/split[max3, avg3]]",
            InsertNode((0,)),
            "[sep3 -> [identity -> concat/split[max3, avg3]]]",
        ),
        ("add[sep3, sep3]", InsertNode((1,)), "add[sep3, sep3 -> [identity]]"),
        ("[sep3 -> [identity]]", ReplaceIdentity((0, 0), MAX3), "[sep3 -> [max3]]"),
        (
            "add[identity -> [sep3], sep3]",
            ReplaceIdentity((0,), Operation.CONV_1X1),
            "add[conv1x1 -> [sep3], sep3]",
        ),
    ],
)
def test_what_a_transformation_makes(
    before: str, transformation: CellTransformation, after: str
) -> None:
    cell = parse_cell(before)
    assert format_cell(transformation.apply(cell)) == after
    assert cell == parse_cell(before)


@pytest.mark.parametrize(
    ("notation", "transformation", "message"),
    [
        (
            "[sep3]",
            SetMerge((0, 1), ADD, 2),
            "SetMerge(root.branches[0].node.branches[1].node, add, 2) is illegal:"
            " there is no root.branches[0].node.branches[1].node",
        ),
        ("[sep3]", SetMerge((-1,), ADD, 2), "there is no root.branches[-1].node"),
        ("[sep3]", SetMerge((0,), ADD, 2), "expected a node with one branch, it has 0"),
        ("add[sep3, sep3]", SetMerge((), ADD, 2), "expected a node with one branch, it has 2"),
        ("[sep3 -> [max3]]", SetMerge((), ADD, 2), "the node's branch does not end in a leaf"),
        ("[sep3]", SetMerge((), Merge.NONE, 2), "expected merge add or concat, got none"),
        ("[sep3]", SetMerge((), ADD, 1), "expected 2 to 8 branches"),
        ("[sep3]", SetMerge((), ADD, 0), "expected 2 to 8 branches"),
        ("[sep3]", SetMerge((), CONCAT, -2), "expected 2 to 8 branches"),
        ("[sep3]", SetMerge((), CONCAT, 9), "expected 2 to 8 branches"),
        ("[sep3]", SetMerge((), ADD, 10**12), "expected 2 to 8 branches"),
        ("[sep3]", InsertNode(()), "InsertNode(branch above the root) is illegal: there is no"),
        ("[sep3]", InsertNode((1,)), "there is no root.branches[1]"),
        (DEEP, InsertNode((0,)), "expected at most 8 edges deep"),
        (DEEP, InsertNode((0,) * 8), "expected at most 8 edges deep"),
        ("[sep3]", ReplaceIdentity((0, 0), MAX3), "there is no root.branches[0].node.branches[0]"),
        ("[sep3]", ReplaceIdentity((), MAX3), "there is no branch above the root"),
        (
            "[sep3]",
            ReplaceIdentity((0,), MAX3),
            "ReplaceIdentity(root.branches[0], max_pool_3x3) is illegal: expected an identity"
            " edge, it is sep_conv_3x3",
        ),
        ("[identity]", ReplaceIdentity((0,), Operation.IDENTITY), "the identity is already there"),
    ],
)
def test_what_is_illegal_is_refused_with_its_reason(
    notation: str, transformation: CellTransformation, message: str
) -> None:
    cell = parse_cell(notation)
    with pytest.raises(IllegalTransformation) as caught:
        transformation.apply(cell)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{transformation} is illegal: ")
    assert cell == parse_cell(notation)


def test_a_cell_cannot_grow_beyond_the_limit_of_edges() -> None:
    cell = parse_cell(FULL)
    leaves = [path for path, branch in cell.branches() if branch.node.is_leaf]
    grown = grow_cell(cell, [InsertNode(path) for path in leaves])  # 136 edges
    merges = [SetMerge(path, ADD, 8) for path in leaves]
    grown = grow_cell(grown, merges[:17])  # 136 + 17 x 7 = 255
    with pytest.raises(IllegalTransformation, match="root: expected at most 256 edges"):
        merges[17].apply(grown)
    assert len(list(SetMerge(leaves[17], ADD, 2).apply(grown).branches())) == 256


@given(cells(), st.data())
def test_a_transformation_changes_one_place_or_refuses(cell: Cell, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from([path for path, _ in cell.branches()]))
    node = data.draw(st.sampled_from([path for path, _ in cell.nodes()]))
    choices: list[CellTransformation] = [
        *(SetMerge(node, ADD, 3), SetMerge(node, CONCAT, 2)),
        *(InsertNode(path), ReplaceIdentity(path, SEP3)),
    ]
    transformation = data.draw(st.sampled_from(choices))
    edges = len(list(cell.branches()))
    more = {"SetMerge": (1, 2), "InsertNode": (1,), "ReplaceIdentity": (0,)}
    try:
        grown = transformation.apply(cell)
    except IllegalTransformation:
        return
    assert grown != cell
    assert len(list(grown.branches())) - edges in more[type(transformation).__name__]


def test_a_list_of_transformations_stops_at_the_first_refusal() -> None:
    steps: list[CellTransformation] = [InsertNode((0,)), InsertNode((5,)), SetMerge((0,), ADD, 2)]
    with pytest.raises(IllegalTransformation, match=r"InsertNode\(root.branches\[5\]\)"):
        grow_cell(parse_cell("[sep3]"), steps)
