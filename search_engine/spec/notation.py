"""One-line notation of cells, to be read and typed by people.

    add[G3x3 -> concat/split[avg3, sep7], conv1x1]

A node is its merge (`add`, `concat/split`, `concat/replicate`, nothing for a chain) and its
branches in brackets; a branch is an operation and, after an arrow, the node below it where that is
not a leaf.
"""

import re
from dataclasses import dataclass

from search_engine.spec.cell import LEAF, MAX_HEIGHT, Branch, Cell, Node, check_motif
from search_engine.spec.errors import InvalidArchitecture
from search_engine.spec.operations import Operation
from search_engine.spec.schemes import Allocation, Merge

MAX_NOTATION_CHARACTERS = 16_384

_TOKEN = re.compile(r"\s*(->|[\[\],]|[A-Za-z0-9_/]+|$|.)", re.DOTALL)
_OPERATIONS = {operation.symbol: operation for operation in Operation} | {
    operation.value: operation for operation in Operation
}
_MOTIFS = {
    "add": (Merge.ADD, Allocation.REPLICATE),
    "concat/replicate": (Merge.CONCAT, Allocation.REPLICATE),
    "concat/split": (Merge.CONCAT, Allocation.SPLIT),
}


def format_cell(cell: Cell) -> str:
    """The cell in one line; `parse_cell` reads it back."""
    return _format_node(cell.root)


def parse_cell(text: str) -> Cell:
    """Read a cell from one-line notation.

    Args:
        text: such as `add[G3x3, G3x3 -> add[sep3, max3]]`; operations by symbol or JSON name.

    Raises:
        InvalidArchitecture: the text is malformed; the message names the column.
    """
    if len(text) > MAX_NOTATION_CHARACTERS:
        raise InvalidArchitecture(
            "notation", f"expected at most {MAX_NOTATION_CHARACTERS} characters, got {len(text)}"
        )
    reader = _Reader(_tokens(text))
    root = _read_node(reader, depth=0)
    reader.expect("")
    return Cell(root)


def _format_node(node: Node) -> str:
    motif = {Merge.NONE: "", Merge.ADD: "add", Merge.CONCAT: f"concat/{node.allocation}"}[
        node.merge
    ]
    return f"{motif}[{', '.join(map(_format_branch, node.branches))}]"


def _format_branch(branch: Branch) -> str:
    below = "" if branch.node.is_leaf else f" -> {_format_node(branch.node)}"
    return branch.operation.symbol + below


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    column: int

    def __str__(self) -> str:
        return repr(self.text[:40] or "the end")

    @property
    def place(self) -> str:
        return f"column {self.column}"


def _tokens(text: str) -> list[_Token]:
    found = [_Token(m.group(1), m.start(1) + 1) for m in _TOKEN.finditer(text)]
    return found if found and not found[-1].text else [*found, _Token("", len(text) + 1)]


class _Reader:
    """The tokens that are still to be read."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._position = 0

    @property
    def next(self) -> _Token:
        return self._tokens[self._position]

    def take(self) -> _Token:
        token = self.next
        self._position = min(self._position + 1, len(self._tokens) - 1)
        return token

    def expect(self, text: str) -> None:
        token = self.take()
        if token.text != text:
            raise InvalidArchitecture(token.place, f"expected {text or 'the end'!r}, got {token}")


def _read_node(reader: _Reader, depth: int) -> Node:
    first = reader.next
    if depth >= MAX_HEIGHT:
        raise InvalidArchitecture(first.place, f"expected at most {MAX_HEIGHT} edges deep")
    merge, allocation = Merge.NONE, Allocation.REPLICATE
    if first.text != "[":
        reader.take()
        if first.text not in _MOTIFS:
            raise InvalidArchitecture(
                first.place, f"expected [ or one of {', '.join(_MOTIFS)}, got {first}"
            )
        merge, allocation = _MOTIFS[first.text]
    reader.expect("[")
    branches = [_read_branch(reader, depth)]
    while reader.next.text == ",":
        reader.take()
        branches.append(_read_branch(reader, depth))
    reader.expect("]")
    check_motif(first.place, merge, allocation, len(branches))
    return Node(tuple(branches), merge, allocation)


def _read_branch(reader: _Reader, depth: int) -> Branch:
    token = reader.take()
    operation = _OPERATIONS.get(token.text)
    if operation is None:
        known = ", ".join(operation.symbol for operation in Operation)
        raise InvalidArchitecture(token.place, f"expected an operation ({known}), got {token}")
    if reader.next.text != "->":
        return Branch(operation, LEAF)
    reader.take()
    return Branch(operation, _read_node(reader, depth + 1))
