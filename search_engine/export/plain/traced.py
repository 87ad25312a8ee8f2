"""A module's forward pass as nodes, traced with torch.fx one level deep: its children are calls."""

import inspect
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import fx, nn
from torch.nn import functional as F

from search_engine.export.plain.expressions import (
    CONSTANT,
    Argument,
    Call,
    Expression,
    Slot,
    Value,
    call,
)
from search_engine.export.plain.names import child_name, identifier
from search_engine.export.plain.refusal import cannot_write

# Writing into a value that nobody else reads is the same as making a new one.
_OPERATORS: Mapping[Any, str] = {
    operator.add: "+",
    operator.iadd: "+",
    operator.sub: "-",
    operator.mul: "*",
    operator.imul: "*",
    operator.truediv: "/",
    operator.floordiv: "//",
    operator.getitem: "[]",
}
_USUAL = {"padding": 0, "dilation": 1, "ceil_mode": False, "return_indices": False, "dtype": None}
_NEVER = ("inplace", "_stacklevel")
"""Arguments that change nothing of what is computed."""


@dataclass(frozen=True, slots=True)
class Forward:
    """A forward pass.

    Args:
        parameters: names and types of what enters; the first values, from 0.
        nodes: one expression for each further value.
        result: what it returns.
    """

    parameters: tuple[tuple[str, str], ...]
    nodes: tuple[Expression, ...]
    result: Expression


def trace(module: nn.Module) -> Forward:
    """The forward pass of a module.

    Raises:
        ExportError: it depends on what is computed, or has what cannot be written.
    """
    try:
        graph = _OneLevel().trace(module)
    except (fx.proxy.TraceError, TypeError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise cannot_write(f"{type(module).__name__}, which torch.fx refuses ({reason})") from None
    return _Reader(module).read(graph)


class _OneLevel(fx.Tracer):
    proxy_buffer_attributes = True

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return True


class _Reader:
    """Makes expressions of a graph's nodes."""

    def __init__(self, module: nn.Module) -> None:
        self._module = module
        self._numbers: dict[fx.Node, int] = {}

    def read(self, graph: fx.Graph) -> Forward:
        parameters: list[tuple[str, str]] = []
        nodes: list[Expression] = []
        for node in graph.nodes:
            if node.op == "output":
                return Forward(tuple(parameters), tuple(nodes), self._expression(node.args[0]))
            self._numbers[node] = len(self._numbers)
            if node.op == "placeholder":
                parameters.append((identifier(node.target.lower()), _type(node)))
            else:
                nodes.append(self._node(node))
        raise cannot_write(f"{type(self._module).__name__}, which returns nothing")

    def _node(self, node: fx.Node) -> Expression:
        match node.op:
            case "get_attr":
                return f"self.{node.target}"
            case "call_module":
                return Call(self._path(str(node.target)), self._arguments(node, {}))
            case "call_method" if node.target == "size" and len(node.args) == 1:
                return call("@shape", self._expression(node.args[0]))
            case "call_method":
                return Call(f".{node.target}", self._arguments(node, {}))
        assert callable(node.target)
        if node.target is getattr:
            return call(f"@{node.args[1]}", self._expression(node.args[0]))
        if node.target in _OPERATORS:
            return Call(_OPERATORS[node.target], self._arguments(node, {}))
        return Call(_function(node.target), self._arguments(node, _defaults(node.target)))

    def _path(self, target: str) -> str:
        text, parent = "self", self._module
        for part in target.split("."):
            name = child_name(parent, part)
            text += f"[{name}]" if name.isdecimal() else f".{name}"
            parent = parent.get_submodule(part)
        return text

    def _arguments(self, node: fx.Node, defaults: Mapping[str, Any]) -> tuple[Argument, ...]:
        found = [Argument(self._expression(value)) for value in node.args]
        for name, value in node.kwargs.items():
            if name not in _NEVER and (name not in defaults or defaults[name] != value):
                found.append(Argument(self._expression(value), name))
        return tuple(found)

    def _expression(self, value: Any) -> Expression:
        if isinstance(value, fx.Node):
            return Value(self._numbers[value])
        if isinstance(value, list | tuple):
            bracket = "[" if isinstance(value, list) else "("
            return call(bracket, *(self._expression(item) for item in value))
        if value is None or isinstance(value, bool | int | float | str):
            return Slot(CONSTANT, value)
        raise cannot_write(f"a constant of type {type(value).__name__} in its forward pass")


def _type(node: fx.Node) -> str:
    if node.type is int:
        return "int"
    joined = any(
        user.target is torch.cat and user.args[:1] == (node,) for user in node.users
    )  # as torchvision's dense layers do
    return "list[Tensor]" if joined else "Tensor"


def _function(target: Callable[..., Any]) -> str:
    for module, name in ((F, "F"), (torch, "torch")):
        found = next((key for key, value in _public(module) if value is target), None)
        if found is not None:
            return f"{name}.{found}"
    name = getattr(target, "__name__", str(target))
    raise cannot_write(f"the function {name} in its forward pass")


def _public(module: Any) -> Iterator[tuple[str, Any]]:
    return ((key, value) for key, value in vars(module).items() if not key.startswith("_"))


def _defaults(target: Callable[..., Any]) -> Mapping[str, Any]:
    try:
        parameters = inspect.signature(target).parameters
    except ValueError:  # written in C++
        return _USUAL
    return _USUAL | {name: parameter.default for name, parameter in parameters.items()}
