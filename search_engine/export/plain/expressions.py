"""Python expressions as data: of what makes a module, and of what a forward pass computes.

An expression is source text, the value of a node (`Value`), a constant (`Slot`), or a `Call`. How a
call is written follows from its function: `+` stands between its operands, `.mean` behind its
first, `@shape` is an attribute, `[]` looks something up, `(` and `[` are a tuple and a list.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from search_engine.export.plain.text import WIDTH

INFIX = ("+", "-", "*", "/", "//")
CONSTANT = "constant"
"""Name of constants that are no argument of a module: of a forward pass, and sizes of tensors."""

_BRACKETS = {"(": ")", "[": "]"}


class ClassName(str):
    """Name of a class that is handed over as an argument."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Slot:
    """A constant, which may be another one where the same class stands elsewhere.

    Args:
        name: of the argument that it is.
        value: a number, a text, a tuple of them, or a class.
        default: what the argument is where nobody gives it; itself a tuple of one, or empty.
    """

    name: str
    value: Any
    default: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Value:
    """What a node of a forward pass gives, by its number."""

    number: int


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a call; one without a name goes by its place."""

    value: "Expression"
    name: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """A call, an operation, a look-up or a list; see the top of this module."""

    function: str | Slot
    arguments: tuple[Argument, ...] = ()


Expression = str | Slot | Value | Call
Change = Callable[[Slot | Value], Expression | None]
"""What stands in place of a constant or value; None leaves its argument out."""


def call(function: str | Slot, /, *arguments: Expression, **named: Expression) -> Call:
    """A call of these arguments."""
    by_name = (Argument(value, name) for name, value in named.items())
    return Call(function, (*(Argument(value) for value in arguments), *by_name))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a constant stands.

    Args:
        slot: the constant.
        path: of the call whose argument it is, from the class that is written.
        function: of that call.
    """

    slot: Slot
    path: tuple[str, ...]
    function: str


def slots(expression: Expression, path: tuple[str, ...], function: str = "") -> Iterator[Place]:
    """Every constant with its place, in the order in which `changed` meets them."""
    if isinstance(expression, Slot):
        yield Place(expression, path, function)
    if isinstance(expression, Call):
        name = expression.function if isinstance(expression.function, str) else ""
        yield from slots(expression.function, path, name)
        for index, argument in enumerate(expression.arguments):
            inner = isinstance(argument.value, Call)
            below = (*path, argument.name or str(index)) if inner else path
            yield from slots(argument.value, below, name)


def values(expression: Expression) -> Iterator[int]:
    """Numbers of the nodes whose values an expression reads, each as often as it does."""
    if isinstance(expression, Value):
        yield expression.number
    if isinstance(expression, Call):
        for argument in expression.arguments:
            yield from values(argument.value)


def changed(expression: Expression, change: Change) -> Expression | None:
    """The expression with other things in place of its constants and values."""
    if isinstance(expression, Slot | Value):
        return change(expression)
    if isinstance(expression, str):
        return expression
    function = expression.function
    if isinstance(function, Slot):
        other = change(function)
        assert isinstance(other, str | Slot)
        function = other
    kept = []
    for argument in expression.arguments:
        value = changed(argument.value, change)
        if value is not None:
            kept.append(replace(argument, value=value))
    return Call(function, tuple(kept))


def blank(expression: Expression) -> Expression | None:
    """The expression without what its constants are: the same for the same structure."""
    return changed(expression, lambda leaf: Slot("", 0) if isinstance(leaf, Slot) else leaf)


def flat(expression: Expression | None) -> str:
    """The source of an expression without constants and values, on one line."""
    if not isinstance(expression, Call):
        assert isinstance(expression, str)
        return expression
    texts = [flat(argument.value) for argument in expression.arguments]
    function = expression.function
    if function in INFIX:
        return f" {function} ".join(map(_operand, expression.arguments))
    if function == "[]":
        return f"{texts[0]}[{texts[1]}]"
    if isinstance(function, str) and function.startswith("@"):
        return f"{texts[0]}.{function[1:]}"
    head, items, close = _parts(expression)
    inner = ", ".join(name + flat(item) for name, item in items)
    comma = "," if function == "(" and len(items) == 1 else ""
    return f"{head}{inner}{comma}{close}"


def laid_out(before: str, expression: Expression, indent: int, after: str = "") -> str:
    """Source in ruff's layout: on one line, on three, or with a line for each argument.

    Args:
        before: what stands before it on its first line.
        expression: without constants and values.
        indent: spaces before it.
        after: what stands behind it on its last line.
    """
    line = f"{' ' * indent}{before}{flat(expression)}{after}"
    if len(line) <= WIDTH or not isinstance(expression, Call) or not expression.arguments:
        return line
    head, items, close = _parts(expression)
    inner = " " * (indent + 4) + ", ".join(name + flat(item) for name, item in items)
    if len(inner) > WIDTH or (expression.function in _BRACKETS and len(items) > 1):
        comma = "," if len(items) > 1 else ""  # as Black has it
        inner = "\n".join(laid_out(name, item, indent + 4, comma) for name, item in items)
    return f"{' ' * indent}{before}{head}\n{inner}\n{' ' * indent}{close}{after}"


def _operand(argument: Argument) -> str:
    text, inner = flat(argument.value), argument.value
    return f"({text})" if isinstance(inner, Call) and inner.function in INFIX else text


def _parts(expression: Call) -> tuple[str, list[tuple[str, Expression]], str]:
    """What stands before the arguments, the arguments with `name=`, and what closes them."""
    function, arguments = str(expression.function), list(expression.arguments)
    if function in _BRACKETS:
        return function, [("", argument.value) for argument in arguments], _BRACKETS[function]
    if function.startswith("."):
        receiver, *arguments = arguments
        text = flat(receiver.value)
        infix = isinstance(receiver.value, Call) and receiver.value.function in INFIX
        function = f"({text}){function}" if infix else f"{text}{function}"
    items = [(f"{a.name}=" if a.name else "", a.value) for a in arguments]
    return f"{function}(", items, ")"
