"""The source of one class of a written network."""

from dataclasses import dataclass
from itertools import groupby

from search_engine.export.plain.constants import Constants
from search_engine.export.plain.expressions import (
    Argument,
    Call,
    Expression,
    Slot,
    Value,
    changed,
    flat,
    laid_out,
)
from search_engine.export.plain.statements import statements
from search_engine.export.plain.text import WIDTH
from search_engine.export.plain.traced import Forward

ABOUT_NETWORK = "The network: normalised images (N, C, H, W) to logits (N, classes)."
_FEWEST = 3
"""Equal modules in a row from which on they are written as a loop."""


@dataclass(frozen=True)
class WrittenClass:
    """A class to be written.

    Args:
        name: of the class.
        about: its docstring.
        members: what its constructor makes, by name.
        forward: its forward pass; None for a row of modules.
        constants: of its members and its forward pass, in this order.
        blocks: names of members that have modules of their own.
        is_root: it is the network itself.
    """

    name: str
    about: str
    members: list[tuple[str, Expression]]
    forward: Forward | None
    constants: Constants
    blocks: frozenset[str]
    is_root: bool

    def source(self) -> str:
        """The class's source."""
        texts = iter(self.constants.texts)

        def fill(leaf: Slot | Value) -> Expression | None:
            return next(texts) if isinstance(leaf, Slot) else leaf

        members = [(name, changed(made, fill)) for name, made in self.members]
        lines = [f"class {self.name}({self._base}):", f'    """{self.about}"""']
        lines += self._constructor([(name, _shortened(made)) for name, made in members])
        if self.forward is not None:
            nodes = (*self.forward.nodes, self.forward.result)
            *filled, result = [changed(node, fill) or "" for node in nodes]
            lines += self._forward_pass(tuple(filled), result)
        return "\n".join(lines) + "\n"

    @property
    def _base(self) -> str:
        return "nn.Module" if self.forward is not None else "nn.Sequential"

    def _constructor(self, members: list[tuple[str, Expression]]) -> list[str]:
        if not members and not self.constants.kept:
            return []
        signature = ["self", *(parameter.signature for parameter in self.constants.parameters)]
        head = Call("__init__", tuple(map(Argument, signature)))
        lines = ["", laid_out("def ", head, 4, " -> None:")]
        if self.forward is None and all(name.isdecimal() for name, _ in members):
            row = Call("super().__init__", tuple(Argument(made) for _, made in members))
            return [*lines, laid_out("", _shortened(row), 8)]
        lines.append("        super().__init__()")
        lines += [f"        self.{name} = {name}" for name in self.constants.kept]
        return lines + [_member(name, made) for name, made in members]

    def _forward_pass(self, nodes: tuple[Expression, ...], result: Expression) -> list[str]:
        assert self.forward is not None
        (_, kind), *others = self.forward.parameters
        first = "images" if self.is_root else "features" if kind.startswith("list") else "x"
        parameters = [(first, kind), *others]
        signature = ["self", *(f"{name}: {kind}" for name, kind in parameters)]
        head = Call("forward", tuple(map(Argument, signature)))
        names = tuple(name for name, _ in parameters)
        return [
            "",
            laid_out("def ", head, 4, " -> Tensor:"),
            *statements(names, nodes, result, self._is_block),
        ]

    def _is_block(self, function: str) -> bool:
        return function.removeprefix("self.").split("[")[0] in self.blocks


def _member(name: str, made: Expression) -> str:
    registered = isinstance(made, Call) and made.function == "self.register_buffer"
    return laid_out("" if registered else f"self.{name} = ", made, 8)


def _shortened(expression: Expression | None) -> Expression:
    """The expression with loops for equal modules in a row, and for those that grow steadily."""
    assert expression is not None
    if not isinstance(expression, Call):
        return expression
    arguments = [Argument(_shortened(a.value), a.name) for a in expression.arguments]
    return Call(expression.function, tuple(_growing(_repeated(arguments))))


def _repeated(arguments: list[Argument]) -> list[Argument]:
    found: list[Argument] = []
    for text, run in groupby(arguments, key=lambda argument: flat(argument.value)):
        equal = list(run)
        loop = f"*({text} for _ in range({len(equal)}))"
        makes = isinstance(equal[0].value, Call) and not equal[0].name
        found += [Argument(loop)] if makes and _pays(equal, loop) else equal
    return found


def _growing(arguments: list[Argument]) -> list[Argument]:
    """Calls with one number each, such as `Layer(64), Layer(96), …`, as one loop."""
    numbers = [_number(argument) for argument in arguments]
    found, start = [], 0
    while start < len(arguments):
        end, (function, first) = start + 1, numbers[start]
        step = numbers[end][1] - first if end < len(numbers) else 0
        while end < len(numbers) and numbers[end] == (function, first + (end - start) * step):
            end += 1
        run = arguments[start:end]
        loop = (
            f"*({function}(width) for width in range({first}, {first + len(run) * step}, {step}))"
        )
        found += [Argument(loop)] if function and step and _pays(run, loop) else run
        start = end
    return found


def _number(argument: Argument) -> tuple[str, int]:
    match argument:
        case Argument(Call(str(function), (Argument(str(number), ""),)), "") if number.isdecimal():
            return function, int(number)
    return "", 0


def _pays(run: list[Argument], loop: str) -> bool:
    return len(run) >= _FEWEST and len(loop) < WIDTH - 20
