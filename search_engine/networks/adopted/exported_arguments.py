"""Arguments of a graph's nodes, as torch.export writes them."""

from collections.abc import Mapping
from typing import Any

from search_engine.errors import InvalidConfig


def tensor_name(argument: Any) -> str:
    """Name of the tensor that an argument is; empty where it is none."""
    if not isinstance(argument, Mapping) or "as_tensor" not in argument:
        return ""
    return str(argument["as_tensor"]["name"])


def tensor_names(argument: Mapping[str, Any]) -> list[str]:
    """Names of all tensors in an argument."""
    listed = [item["name"] for item in argument.get("as_tensors", ())]
    return [*listed, tensor_name(argument)] if "as_tensor" in argument else listed


def output_names(outputs: list[Mapping[str, Any]]) -> list[str]:
    """Names of the values that a node makes, those of lists one by one."""
    names = []
    for output in outputs:
        ((kind, value),) = output.items()
        if kind == "as_tensors":
            names += [item["name"] for item in value]
        elif kind == "as_sym_int":
            names.append(value["as_name"])
        else:
            names.append(value["name"])
    return names


def without_writing(target: str) -> tuple[str, bool]:
    """An operator that does the same without writing into its input, and whether it was one."""
    name, _, overload = target.rpartition(".")
    if name.endswith("_") and not name.endswith("__"):
        return f"{name.removesuffix('_')}.{overload}", True
    return target, False


def plain(argument: Any, default: Any) -> Any:
    """A number, a list of numbers or a word; the default where the argument is left out."""
    if argument is None or "as_none" in argument:
        return default
    ((kind, value),) = argument.items()
    if kind == "as_sym_ints":
        return [item["as_int"] for item in value]
    return value


def pair(value: Any) -> list[int]:
    """One number for both directions, or one for each."""
    numbers = list(value) if isinstance(value, list) else [value]
    return numbers * 2 if len(numbers) == 1 else numbers


def same(padding: str, kernel: list[int], dilation: list[int]) -> list[int]:
    """Pixels of padding for `same` and `valid`.

    Raises:
        InvalidConfig: it would not be the same on both sides.
    """
    if padding == "valid":
        return [0, 0]
    if padding != "same" or any(side % 2 == 0 for side in kernel):
        raise InvalidConfig("program", "expected padding the same on both sides")
    return [d * (side - 1) // 2 for side, d in zip(kernel, dilation, strict=True)]
