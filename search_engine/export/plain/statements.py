"""Statements of a forward pass: nested as a person would nest them, and names for what stays.

A value that one later node reads, with nothing written between, is nested there; a module that has
modules of its own keeps its line. A name is given again once its value has been read for the last
time, so a chain of layers reads `x = self.layer(x)`.
"""

from collections.abc import Callable
from itertools import chain, count

from search_engine.export.plain.expressions import (
    INFIX,
    Call,
    Expression,
    Slot,
    Value,
    changed,
    flat,
    laid_out,
    values,
)
from search_engine.export.plain.text import WIDTH

_INDENT = 8
_DEPTH = 4
_LETTERS = ("x", "y", "z", "u", "v", "w")
_SIZES = ("//", "*", "+", "-")


def statements(
    parameters: tuple[str, ...],
    nodes: tuple[Expression, ...],
    result: Expression,
    is_block: Callable[[str], bool],
) -> list[str]:
    """The lines of a forward pass.

    Args:
        parameters: names of what enters, which are the first values.
        nodes: an expression for each further value, without constants; empty ones are left out.
        result: what is returned.
        is_block: whether a call such as `self.layer1` is of a module with modules of its own.
    """
    return _Writer(parameters, nodes, result, is_block).write()


class _Writer:
    def __init__(
        self,
        parameters: tuple[str, ...],
        nodes: tuple[Expression, ...],
        result: Expression,
        is_block: Callable[[str], bool],
    ) -> None:
        self._is_block = is_block
        self._parameters = parameters
        self._nodes = dict(enumerate((*nodes, result), start=len(parameters)))
        self._last = len(parameters) + len(nodes)
        self._copied = self._sizes()
        self._statement_of: dict[int, int] = {}
        self._depth: dict[int, int] = {}
        self._nest()

    def write(self) -> list[str]:
        reads = {
            number: list(values(self._whole(number)))
            for number in self._nodes
            if self._statement_of.get(number) == number
        }
        last_read = {value: number for number, read in reads.items() for value in read}
        names = dict(enumerate(self._parameters))
        lines = []
        for number, read in reads.items():
            text = changed(self._whole(number), lambda v: names[v.number])  # type: ignore[union-attr]
            assert text is not None
            if number == self._last:
                lines.append(laid_out("return ", text, _INDENT))
                break
            free = [value for value in dict.fromkeys(read) if last_read[value] == number]
            gone = [names.pop(value) for value in free]
            names[number] = self._name(gone, set(names.values()))
            lines.append(laid_out(f"{names[number]} = ", text, _INDENT))
        return lines

    def _sizes(self) -> set[int]:
        """Values that are written out wherever they are read: sizes, parts, own tensors."""
        found: set[int] = set()
        for number, node in self._nodes.items():
            if number < self._last and node and self._is_size(node, found):
                found.add(number)
        return found

    def _is_size(self, node: Expression, sizes: set[int]) -> bool:
        if not isinstance(node, Call):
            return isinstance(node, str)
        if node.function == "[]":
            return isinstance(node.arguments[1].value, str)
        if node.function not in _SIZES:
            return node.function == "@shape"
        read = set(values(node))
        return bool(read) and read <= sizes | set(range(1, len(self._parameters)))

    def _nest(self) -> None:
        """Find the statement of which each node is a part, from the last node to the first."""
        users: dict[int, list[int]] = {number: [] for number in range(self._last + 1)}
        for number in self._nodes:
            if number not in self._copied:
                for value in values(self._expanded(number)):
                    users[value].append(number)
        for number in sorted(self._nodes, reverse=True):
            if number in self._copied or self._nodes[number] == "":
                continue
            if self._can_nest(number, users[number]):
                user = users[number][0]
                self._statement_of[number] = self._statement_of[user]
                self._depth[number] = self._depth[user] + 1
                if self._nodes[user] == Value(number) or self._fits(self._statement_of[user]):
                    continue
            self._statement_of[number], self._depth[number] = number, 1

    def _can_nest(self, number: int, users: list[int]) -> bool:
        if len(users) != 1 or number == self._last:
            return False
        (user,) = users
        statement = self._statement_of[user]
        between = (n for n in range(number + 1, statement) if n in self._statement_of)
        if self._depth[user] >= _DEPTH or any(self._statement_of[n] != statement for n in between):
            return False
        inner, outer = self._function(number), self._function(user)
        joins = outer in (*INFIX, "(", "[", "torch.cat") or user == self._last
        return joins or not (self._is_block(inner) or self._is_block(outer))

    def _fits(self, statement: int) -> bool:
        text = flat(changed(self._whole(statement), lambda _: "xx"))
        return len(text) + _INDENT + len("return ") <= WIDTH

    def _function(self, number: int) -> str:
        node = self._nodes[number]
        return str(node.function) if isinstance(node, Call) else ""

    def _expanded(self, number: int) -> Expression:
        """A node with its sizes written out."""
        return self._filled(number, lambda value: value in self._copied)

    def _whole(self, statement: int) -> Expression:
        """A statement with all that is nested in it."""

        def inside(value: int) -> bool:
            nested = value != statement and self._statement_of.get(value) == statement
            return nested or value in self._copied

        return self._filled(statement, inside)

    def _filled(self, number: int, inside: Callable[[int], bool]) -> Expression:
        def fill(leaf: Slot | Value) -> Expression:
            assert isinstance(leaf, Value)
            return self._filled(leaf.number, inside) if inside(leaf.number) else leaf

        found = changed(self._nodes[number], fill)
        assert found is not None
        return found

    def _name(self, gone: list[str], used: set[str]) -> str:
        """A name for a value: that of one which is read no more, or a new one."""
        again = [name for name in gone if name == "x" or name not in self._parameters]
        fresh = (name for name in chain(_LETTERS, map("x{}".format, count())) if name not in used)
        return again[0] if again else next(fresh)
