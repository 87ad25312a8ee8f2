"""Cells as JSON.

    {"version": 1, "root": {"merge": "add", "allocation": "replicate", "branches": [
        {"operation": "conv_1x1"}, {"operation": "identity", "node": {…}}]}}

A branch without `node` ends in a leaf.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal, NotRequired, TypeVar

import pydantic
from typing_extensions import TypedDict  # pydantic wants this one before Python 3.12

from search_engine.spec.cell import LEAF, MAX_EDGES, MAX_HEIGHT, Branch, Cell, Node, check_motif
from search_engine.spec.declared import Codec
from search_engine.spec.documents import Document, describe, parse_document
from search_engine.spec.errors import InvalidArchitecture
from search_engine.spec.operations import Operation
from search_engine.spec.schemes import Allocation, Merge

CELL_VERSION = 1

E = TypeVar("E", bound=StrEnum)


def cell_to_json(cell: Cell) -> Document:
    """The cell as plain values for `json.dumps`."""
    return {"version": CELL_VERSION, "root": _node_to_json(cell.root)}


def cell_from_json(document: object) -> Cell:
    """A cell from what `cell_to_json` made, or from what somebody wrote like it.

    Raises:
        InvalidArchitecture: malformed; the message names the place.
    """
    version, root = _fields(document, "cell", "version", "root")
    if not isinstance(version, int) or isinstance(version, bool):
        raise InvalidArchitecture(
            "cell.version", f"expected a whole number, got {describe(version)}"
        )
    if version != CELL_VERSION:
        raise InvalidArchitecture(
            "cell.version", f"expected {CELL_VERSION}, got {describe(version)}"
        )
    return Cell(_Tree().node(root, "root", 0))


_CLOSED = pydantic.with_config(pydantic.ConfigDict(extra="forbid"))


@_CLOSED
class BranchDocument(TypedDict):
    """A branch's JSON."""

    operation: Operation
    node: NotRequired["NodeDocument"]


@_CLOSED
class NodeDocument(TypedDict):
    """A node's JSON."""

    merge: Merge
    allocation: Allocation
    branches: Annotated[list[BranchDocument], pydantic.Field(min_length=1)]


@_CLOSED
class CellDocument(TypedDict):
    """A cell's JSON."""

    version: Literal[1]
    root: NodeDocument


CellField = Annotated[Cell, Codec(Cell, cell_from_json, cell_to_json, CellDocument)]
"""A cell as a field of what is declared."""


def cell_from_text(text: str | bytes) -> Cell:
    """A cell from JSON text.

    Raises:
        InvalidArchitecture: not JSON, too long, nested too deeply, or no cell.
    """
    return cell_from_json(parse_document(text, "cell", InvalidArchitecture))


def _node_to_json(node: Node) -> Document:
    return {
        "merge": node.merge.value,
        "allocation": node.allocation.value,
        "branches": [_branch_to_json(branch) for branch in node.branches],
    }


def _branch_to_json(branch: Branch) -> Document:
    document: Document = {"operation": branch.operation.value}
    if not branch.node.is_leaf:
        document["node"] = _node_to_json(branch.node)
    return document


class _Tree:
    """Reads nodes. Depth and edges are counted on the way down, so that a cycle among Python
    objects, or one object in many places, ends here too."""

    def __init__(self) -> None:
        self._edges = 0

    def node(self, document: object, where: str, depth: int) -> Node:
        if depth >= MAX_HEIGHT:
            raise InvalidArchitecture(
                where, f"expected at most {MAX_HEIGHT} edges deep; is there a cycle?"
            )
        merged, allocated, branches = _fields(document, where, "merge", "allocation", "branches")
        merge = _choice(merged, f"{where}.merge", Merge)
        allocation = _choice(allocated, f"{where}.allocation", Allocation)
        if not isinstance(branches, list | tuple):
            raise InvalidArchitecture(
                f"{where}.branches", f"expected an array, got {describe(branches)}"
            )
        if not branches:
            raise InvalidArchitecture(
                where, "expected at least one branch; leave `node` out for a leaf"
            )
        check_motif(where, merge, allocation, len(branches))
        self._edges += len(branches)
        if self._edges > MAX_EDGES:
            raise InvalidArchitecture(
                where, f"expected at most {MAX_EDGES} edges in all, here is one too many"
            )
        read = (
            self._branch(branch, f"{where}.branches[{index}]", depth)
            for index, branch in enumerate(branches)
        )
        return Node(tuple(read), merge, allocation)

    def _branch(self, document: object, where: str, depth: int) -> Branch:
        ends = not isinstance(document, Mapping) or "node" not in document
        names = ("operation",) if ends else ("operation", "node")
        operated, *below = _fields(document, where, *names)
        operation = _choice(operated, f"{where}.operation", Operation)
        node = self.node(below[0], f"{where}.node", depth + 1) if below else LEAF
        return Branch(operation, node)


def _fields(document: object, where: str, *names: str) -> list[object]:
    """The fields of an object that has just these."""
    if not isinstance(document, Mapping):
        raise InvalidArchitecture(where, f"expected an object, got {describe(document)}")
    for name in names:
        if name not in document:
            raise InvalidArchitecture(where, f"{name!r} is missing")
    for name in document:
        if name not in names:
            raise InvalidArchitecture(where, f"unknown field {str(name)[:60]!r}")
    return [document[name] for name in names]


def _choice(value: object, place: str, kind: type[E]) -> E:
    if not isinstance(value, str) or value not in list(kind):
        expected = ", ".join(kind)
        raise InvalidArchitecture(place, f"expected one of {expected}, got {describe(value)}")
    return kind(value)
