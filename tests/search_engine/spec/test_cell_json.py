"""Cells as JSON: what is written, and every way in which it can be malformed."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_engine.spec import (
    Cell,
    cell_from_json,
    cell_from_text,
    cell_to_json,
    parse_cell,
)
from search_engine.spec.errors import InvalidArchitecture
from tests.strategies import cells, json_values

VALID = cell_to_json(parse_cell("add[sep3, max3 -> concat/split[avg3, sep7]]"))
ROOT = VALID["root"]
DEEP = "root" + ".branches[0].node" * 8


def with_root(**fields: object) -> dict[str, object]:
    return {"version": 1, "root": {**ROOT, **fields}}


def with_node(**fields: object) -> dict[str, object]:
    """The valid document with other fields in its second branch's node."""
    branches = copy.deepcopy(ROOT["branches"])
    branches[1]["node"] |= fields
    return with_root(branches=branches)


def cyclic() -> dict[str, Any]:
    node: dict[str, Any] = {"merge": "none", "allocation": "replicate"}
    node["branches"] = [{"operation": "identity", "node": node}]
    return {"version": 1, "root": node}


def shared(width: int, height: int) -> dict[str, Any]:
    """One object in many places: small in memory, `width ** height` leaves as a tree."""
    branch: dict[str, Any] = {"operation": "identity"}
    node: dict[str, Any] = {}
    for _ in range(height):
        node = {"merge": "add", "allocation": "replicate", "branches": [branch] * width}
        branch = {"operation": "identity", "node": node}
    return {"version": 1, "root": node}


def self_containing_list() -> dict[str, object]:
    branches: list[object] = [{"operation": "identity"}]
    branches.append(branches)
    return with_root(branches=branches)


def test_a_cell_is_written_with_its_version() -> None:
    assert VALID == {
        "version": 1,
        "root": {
            "merge": "add",
            "allocation": "replicate",
            "branches": [
                {"operation": "sep_conv_3x3"},
                {
                    "operation": "max_pool_3x3",
                    "node": {
                        "merge": "concat",
                        "allocation": "split",
                        "branches": [{"operation": "avg_pool_3x3"}, {"operation": "sep_conv_7x7"}],
                    },
                },
            ],
        },
    }


LEAF_BRANCH = {"operation": "identity"}
NODE = "root.branches[1].node"


@pytest.mark.parametrize(
    ("document", "place", "reason"),
    [
        (None, "cell", "expected an object, got null"),
        ([], "cell", "expected an object, got an array"),
        ("cell", "cell", "expected an object, got a string 'cell'"),
        ({}, "cell", "'version' is missing"),
        ({"root": ROOT}, "cell", "'version' is missing"),
        ({"version": 1}, "cell", "'root' is missing"),
        ({"version": 2, "root": ROOT}, "cell.version", "expected 1, got 2"),
        ({"version": "1", "root": ROOT}, "cell.version", "a whole number, got a string '1'"),
        ({"version": True, "root": ROOT}, "cell.version", "a whole number, got true"),
        ({"version": 1.0, "root": ROOT}, "cell.version", "a whole number, got 1.0"),
        ({"version": 10**5000, "root": ROOT}, "cell.version", "got a huge number"),
        ({**VALID, "name": "x"}, "cell", "unknown field 'name'"),
        (dict[object, object](VALID) | {7: "x"}, "cell", "unknown field '7'"),
        ({"version": 1, "root": None}, "root", "expected an object, got null"),
        ({"version": 1, "root": float("nan")}, "root", "expected an object, got NaN"),
        ({"version": 1, "root": {}}, "root", "'merge' is missing"),
        (with_root(merge="mul"), "root.merge", "one of none, add, concat, got a string 'mul'"),
        (with_root(merge=["add"]), "root.merge", "got an array"),
        (with_root(merge=10**5000), "root.merge", "got a huge number"),
        (with_root(allocation="half"), "root.allocation", "one of replicate, split, got"),
        (with_root(allocation="split"), "root", "allocation split does not go with merge add"),
        (with_root(merge="none"), "root", "expected merge add or concat for 2 branches"),
        (with_root(branches={}), "root.branches", "expected an array, got an object"),
        (with_root(branches=[]), "root", "expected at least one branch"),
        (with_root(branches=[LEAF_BRANCH] * 9), "root", "at most 8 branches, got 9"),
        (with_root(branches=[LEAF_BRANCH] * 10**6), "root", "got 1000000"),
        (with_root(branches=[LEAF_BRANCH, 5]), "root.branches[1]", "expected an object, got 5"),
        (with_root(branches=[LEAF_BRANCH, {}]), "root.branches[1]", "'operation' is missing"),
        (with_root(colour="red"), "root", "unknown field 'colour'"),
        (with_node(branches=[LEAF_BRANCH]), NODE, "at least 2 branches under concat, got 1"),
        (with_node(branches=[]), NODE, "expected at least one branch; leave `node` out"),
        (with_node(merge="none"), NODE, "expected merge add or concat for 2 branches"),
        (
            with_node(branches=[LEAF_BRANCH, {"operation": "conv_9x9"}]),
            f"{NODE}.branches[1].operation",
            "expected one of identity, conv_1x1,",
        ),
        (
            with_root(branches=[LEAF_BRANCH, {"operation": "identity", "node": None}]),
            NODE,
            "expected an object, got null",
        ),
        (
            with_root(branches=[LEAF_BRANCH, {"operation": "identity", "weight": 1}]),
            "root.branches[1]",
            "unknown field 'weight'",
        ),
        (cyclic(), DEEP, "expected at most 8 edges deep; is there a cycle?"),
        (self_containing_list(), "root.branches[1]", "expected an object, got an array"),
        (shared(2, 9), DEEP, "expected at most 8 edges deep"),
        (shared(8, 8), "root.branches[", "expected at most 256 edges in all"),
        (shared(8, 3), "root.branches[", "at most 256 edges in all"),
    ],
)
def test_malformed_json_names_the_place(document: object, place: str, reason: str) -> None:
    with pytest.raises(InvalidArchitecture) as caught:
        cell_from_json(document)
    assert caught.value.place.startswith(place)
    assert (caught.value.place == place) or "edges in all" in reason
    assert reason in caught.value.reason
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not JSON at line 1, column 1: Expecting value"),
        ('{"version": 1,\n "root": }', "not JSON at line 2, column 10"),
        ("{'version': 1}", "not JSON at line 1, column 2"),
        (b"\xff\xfe\x00", "not JSON: "),
        (b"\x80abc", "not JSON: "),
        ('{"version": ' + "9" * 5000 + "}", "not JSON: "),
        ("[" * 100_000, "nested too deeply"),
        ("[" * 100_000 + "]" * 100_000, "nested too deeply"),
        ('{"root":' * 25_000 + "1" + "}" * 25_000, "nested too deeply"),
        (b" " * 10_000_000, "expected at most 262,144 bytes of JSON, got 10,000,000"),
        ("[" * 10_000_000, "expected at most 262,144 bytes of JSON, got 10,000,000"),
        ("1", "expected an object, got 1"),
    ],
    ids=range(12),
)
def test_malformed_text_is_one_clear_error(text: str | bytes, reason: str) -> None:
    with pytest.raises(InvalidArchitecture) as caught:
        cell_from_text(text)
    assert caught.value.place == "cell"
    assert reason in caught.value.reason
    assert len(str(caught.value)) < 200


def test_text_is_read_in_every_encoding_of_json() -> None:
    text = json.dumps(VALID)
    for document in (text, text.encode(), text.encode("utf-16"), text.encode("utf-8-sig")):
        assert cell_to_json(cell_from_text(document)) == VALID


def reads_or_is_refused(document: object) -> None:
    try:
        cell = cell_from_json(document)
    except InvalidArchitecture:
        return
    assert cell_from_json(cell_to_json(cell)) == cell


@given(json_values())
def test_no_json_is_a_traceback(document: object) -> None:
    reads_or_is_refused(document)
    reads_or_is_refused({"version": 1, "root": document})


@given(st.one_of(st.text(), st.binary()))
def test_no_text_is_a_traceback(text: str | bytes) -> None:
    with pytest.raises(InvalidArchitecture):
        cell_from_text(text)


def containers(document: object) -> list[Any]:
    """Every object and array in a document."""
    if isinstance(document, dict):
        return [document, *(c for value in document.values() for c in containers(value))]
    if isinstance(document, list):
        return [document, *(c for value in document for c in containers(value))]
    return []


@given(cells(), json_values(), st.data())
def test_no_slip_in_valid_json_is_a_traceback(
    cell: Cell, value: object, data: st.DataObject
) -> None:
    document = cell_to_json(cell)
    container = data.draw(st.sampled_from(containers(document)))
    key = data.draw(st.sampled_from([*container] or ["x"])) if type(container) is dict else 0
    container[key] = value
    reads_or_is_refused(document)
