"""Cells as JSON.

    {"version": 1, "root": {"merge": "add", "allocation": "replicate", "branches": [
        {"operation": "conv_1x1"}, {"operation": "identity", "node": {…}}]}}

A branch without `node` ends in a leaf.
"""

from search_engine.architecture.cell import (
    LEAF,
    MAX_EDGES,
    MAX_HEIGHT,
    Branch,
    Cell,
    Node,
    check_motif,
)
from search_engine.architecture.documents import Document, Reader, parse_document
from search_engine.architecture.operations import Operation
from search_engine.architecture.schemes import Allocation, Merge
from search_engine.errors import InvalidArchitecture

CELL_VERSION = 1


def cell_to_json(cell: Cell) -> Document:
    """The cell as plain values for `json.dumps`."""
    return {"version": CELL_VERSION, "root": _node_to_json(cell.root)}


def cell_from_json(document: object) -> Cell:
    """A cell from what `cell_to_json` made, or from what somebody wrote like it.

    Args:
        document: the parsed JSON.

    Raises:
        InvalidArchitecture: malformed; the message names the place.
    """
    reader = Reader(document, "cell", InvalidArchitecture)
    reader.version(CELL_VERSION)
    root = _Tree().node(reader.take("root"), "root", 0)
    reader.done()
    return Cell(root)


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
        reader = Reader(document, where, InvalidArchitecture)
        if depth >= MAX_HEIGHT:
            reader.fail(where, f"expected at most {MAX_HEIGHT} edges deep; is there a cycle?")
        merge = reader.choice("merge", Merge)
        allocation = reader.choice("allocation", Allocation)
        branches = reader.sequence("branches")
        reader.done()
        if not branches:
            reader.fail(where, "expected at least one branch; leave `node` out for a leaf")
        check_motif(where, merge, allocation, len(branches))
        self._edges += len(branches)
        if self._edges > MAX_EDGES:
            reader.fail(where, f"expected at most {MAX_EDGES} edges in all, here is one too many")
        read = (
            self._branch(branch, f"{where}.branches[{index}]", depth)
            for index, branch in enumerate(branches)
        )
        return Node(tuple(read), merge, allocation)

    def _branch(self, document: object, where: str, depth: int) -> Branch:
        reader = Reader(document, where, InvalidArchitecture)
        operation = reader.choice("operation", Operation)
        below = LEAF
        if "node" in reader:
            below = self.node(reader.take("node"), f"{where}.node", depth + 1)
        reader.done()
        return Branch(operation, below)
