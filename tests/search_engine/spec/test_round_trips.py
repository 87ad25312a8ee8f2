"""What holds for every cell: it reads as it was written, and its canonical form is one."""

import json
import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from search_engine.spec import (
    Cell,
    Merge,
    Node,
    cell_from_json,
    cell_from_text,
    cell_to_json,
    format_cell,
    parse_cell,
)
from tests.strategies import cells


@given(cells())
def test_notation_reads_back(cell: Cell) -> None:
    text = format_cell(cell)
    assert parse_cell(text) == cell
    assert "\n" not in text


@given(cells())
def test_json_reads_back(cell: Cell) -> None:
    document = cell_to_json(cell)
    text = json.dumps(document)
    assert cell_from_json(document) == cell_from_text(text) == cell_from_text(text.encode()) == cell
    assert json.loads(text) == document


@given(cells())
def test_canonical_form_is_its_own_canonical_form(cell: Cell) -> None:
    canonical = cell.canonical
    assert canonical.canonical == canonical
    assert canonical.digest == cell.digest
    assert (canonical.height, len(list(canonical.nodes()))) == (
        cell.height,
        len(list(cell.nodes())),
    )


def shuffled(node: Node, rng: random.Random) -> Node:
    """The branches of every `add` in another order."""
    branches = [replace(branch, node=shuffled(branch.node, rng)) for branch in node.branches]
    if node.merge is Merge.ADD:
        rng.shuffle(branches)
    return replace(node, branches=tuple(branches))


@given(cells(), st.randoms(use_true_random=False))
def test_order_under_add_does_not_matter(cell: Cell, rng: random.Random) -> None:
    other = Cell(shuffled(cell.root, rng))
    assert other.digest == cell.digest
    assert other.canonical == cell.canonical


@given(cells())
def test_order_under_concat_matters(cell: Cell) -> None:
    for path, node in cell.nodes():
        turned = replace(node, branches=node.branches[::-1])
        other = cell.with_node(path, turned)
        if node.merge is Merge.CONCAT and Cell(turned).canonical != Cell(node).canonical:
            assert other.digest != cell.digest
        elif node.merge is not Merge.CONCAT:
            assert other.digest == cell.digest


@given(cells(), cells())
def test_the_digest_tells_canonical_forms_apart(one: Cell, other: Cell) -> None:
    assert (one.digest == other.digest) == (one.canonical == other.canonical)


@given(cells())
def test_every_path_leads_to_its_node(cell: Cell) -> None:
    for path, node in cell.nodes():
        assert cell.node(path) == node
        assert cell.with_node(path, node) == cell
    depths = [len(path) for path, _ in cell.nodes()]
    assert max(depths) == cell.height
    assert len(depths) == 1 + len(list(cell.branches()))
