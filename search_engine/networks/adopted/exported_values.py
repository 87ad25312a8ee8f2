"""The values of a graph of torch.export: arguments of nodes, tensors of the file, shared memory."""

from collections.abc import Iterable, Mapping
from typing import Any

from search_engine.spec import ImageShape
from search_engine.spec.documents import Document
from search_engine.spec.errors import InvalidConfig

_TYPES = {5: "int64", 6: "float32", 7: "float32", 8: "float32", 12: "bool", 13: "float32"}
"""torch.export's numbers of the types; all floating-point ones become float32."""

_IN_EVAL = "export the network in eval mode: `torch.export.export(model.eval(), …)`"


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


class GraphTensors:
    """The tensors of a graph.

    Args:
        module: the `graph_module` that `torch.export.save` wrote.

    Raises:
        InvalidConfig: its only input is no batch of images, or its only output no tensor.
    """

    def __init__(self, module: Mapping[str, Any]) -> None:
        self._described = module["graph"]["tensor_values"]
        self._sources: dict[str, str] = {}
        self._learned: set[str] = set()
        self.images = self._read_inputs(module["signature"]["input_specs"])
        shape = self.shape(self.images)
        if len(shape) != 4:
            raise InvalidConfig("program", "expected images, (N, C, height, width), as its input")
        self.image = ImageShape(*shape[1:])
        self.output = _read_output(module["signature"]["output_specs"])

    def shape(self, name: str) -> list[int]:
        """Sizes of a tensor; of those that vary, what they were in the export."""
        return [
            int(size["as_int"] if "as_int" in size else size["as_expr"]["hint"]["as_int"])
            for size in self._described[name]["sizes"]
        ]

    def source(self, name: str) -> str:
        """The name in the file of a parameter, buffer or constant."""
        return self._sources[name]

    def weight(self, argument: Any, what: str = "a layer whose weights are computed") -> str:
        """The tensor that an argument is, where it comes from the file.

        Raises:
            InvalidConfig: it does not; the message says `what` is not allowed.
        """
        name = tensor_name(argument)
        if name not in self._sources:
            raise InvalidConfig("program", f"{what} is not allowed")
        return name

    def describe(self, name: str) -> Document:
        """A tensor that operators read, as a program describes it."""
        return {
            "shape": self.shape(name),
            "type": _TYPES[self._described[name]["dtype"]],
            "learned": name in self._learned,
        }

    def is_matrix(self, argument: Any) -> bool:
        """A parameter of two dimensions."""
        name = tensor_name(argument)
        return name in self._learned and len(self.shape(name)) == 2

    def is_counter(self, argument: Any) -> bool:
        """A batch norm's count of batches."""
        return self._sources.get(tensor_name(argument), "").endswith("num_batches_tracked")

    def _read_inputs(self, specs: list[Mapping[str, Any]]) -> str:
        images = []
        for spec in specs:
            ((kind, entry),) = spec.items()
            if kind == "user_input":
                images.append(tensor_name(entry["arg"]))
            elif kind in ("parameter", "buffer", "tensor_constant"):
                self._sources[entry["arg"]["name"]] = entry[f"{kind}_name"]
                if kind == "parameter":
                    self._learned.add(entry["arg"]["name"])
            else:
                raise InvalidConfig("program", f"expected images as its only input, got a {kind}")
        if len(images) != 1 or not images[0]:
            raise InvalidConfig("program", f"expected one input, images, got {len(images)} inputs")
        return images[0]


def _read_output(specs: list[Mapping[str, Any]]) -> str:
    name = tensor_name(specs[0]["user_output"]["arg"]) if "user_output" in specs[0] else ""
    if len(specs) != 1 or not name:
        raise InvalidConfig(
            "program", f"expected logits as its only output, got {len(specs)} outputs; {_IN_EVAL}"
        )
    return name


class Memory:
    """Which values of a graph may share memory, so that an operator that writes is understood.

    Args:
        output: name of the value that the graph returns.
    """

    def __init__(self, nodes: list[Mapping[str, Any]], output: str) -> None:
        self._last_read = {output: len(nodes)}
        for number, node in enumerate(nodes):
            for entry in node["inputs"]:
                for name in tensor_names(entry["arg"]):
                    self._last_read[name] = max(number, self._last_read.get(name, 0))
        self._shared: dict[str, set[str]] = {}

    def share(self, names: Iterable[str]) -> None:
        """These values may share memory, with each other and with what shares it already."""
        together: set[str] = set()
        for name in names:
            together |= self._shared.get(name, {name})
        for name in together:
            self._shared[name] = together

    def check_write(self, name: str, node: int, target: str) -> None:
        """Check that nobody reads by another name what a node writes.

        Raises:
            InvalidConfig: a later node does.
        """
        for other in self._shared.get(name, {name}) - {name}:
            if self._last_read.get(other, -1) > node:
                raise InvalidConfig("program", f"{target} writes into memory that {other} shares")
