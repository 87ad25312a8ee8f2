"""Operators of an exported program, written as a person would call them where torch allows it."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from search_engine.export.plain.expressions import Argument, Call, Expression, Slot, call

_INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/", "floordiv": "//"}
_FUNCTIONAL = frozenset(
    {
        "adaptive_avg_pool2d",
        "adaptive_max_pool2d",
        "gelu",
        "hardsigmoid",
        "hardswish",
        "hardtanh",
        "leaky_relu",
        "mish",
        "pad",
        "relu",
        "relu6",
        "selu",
        "silu",
        "softplus",
    }
)
_METHODS = frozenset(
    {
        "chunk",
        "clone",
        "contiguous",
        "expand",
        "flatten",
        "mean",
        "permute",
        "reshape",
        "select",
        "split",
        "split_with_sizes",
        "squeeze",
        "t",
        "transpose",
        "unbind",
        "unflatten",
        "unsqueeze",
    }
)
_POOLS: Mapping[str, Mapping[str, Any]] = {
    "max_pool2d": {"stride": (), "padding": 0, "dilation": 1, "ceil_mode": False},
    "avg_pool2d": {
        "stride": (),
        "padding": 0,
        "ceil_mode": False,
        "count_include_pad": True,
        "divisor_override": None,
    },
}
"""Arguments after the kernel, and what they are where they are left out."""

_DROPOUT = {"dropout": "F.dropout", "feature_dropout": "F.dropout2d"}


def operator_call(
    operator: str, args: Sequence[Expression], named: Mapping[str, Expression]
) -> Expression:
    """The call of an operator.

    Args:
        operator: such as `aten.relu.default`, `operator.mul` or `dropout`.
        args: its arguments by their places.
        named: its arguments by name.
    """
    if operator in _DROPOUT:
        given = Argument("self.training", "training")
        arguments = (Argument(args[0]), Argument(args[1], "p"), given)
        return Call(_DROPOUT[operator], arguments)
    name = operator.split(".")[1]
    if name in _INFIX and len(args) == 2 and not named:
        return call(_INFIX[name], *args)
    if name == "sym_size":
        return call("[]", call("@shape", args[0]), _number(args[1]))
    if name == "alias":
        return args[0]
    if name in _POOLS and not named:
        return _pool(name, args)
    return call(_function(operator, name), *args, **named)


def _function(operator: str, name: str) -> str:
    if name in _FUNCTIONAL:
        return f"F.{name}"
    if name in _METHODS:
        return f".{name}"
    if not name.startswith("_") and hasattr(torch, name):
        return f"torch.{name}"
    return f"torch.ops.{operator}"


def _pool(name: str, args: Sequence[Expression]) -> Call:
    """A pool with one number where a pair is twice the same, and no defaults."""
    image, kernel, *others = (_single(argument) for argument in args)
    found = [Argument(image), Argument(kernel)]
    for (setting, default), value in zip(_POOLS[name].items(), others, strict=False):
        usual = kernel.value if isinstance(kernel, Slot) and setting == "stride" else default
        is_default = value == call("[") or (isinstance(value, Slot) and value.value == usual)
        if not is_default:
            found.append(Argument(value, setting))
    return Call(f"F.{name}", tuple(found))


def _single(argument: Expression) -> Expression:
    match argument:
        case Call("[", (Argument(Slot() as first), Argument(Slot() as second))) if first == second:
            return first
    return argument


def _number(argument: Expression) -> str:
    assert isinstance(argument, Slot)
    return str(argument.value)
