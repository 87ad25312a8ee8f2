"""Translates a graph of torch.export into a `Program`.

Convolutions, linear layers and batch norms become layers; operators that write into their input
become those that do not. What is not on the list of `operators` is refused by name.
"""

from collections.abc import Callable, Mapping
from typing import Any

from search_engine.networks.adopted.exported_values import (
    GraphTensors,
    Memory,
    output_names,
    pair,
    plain,
    same,
    tensor_name,
    tensor_names,
    without_writing,
)
from search_engine.networks.adopted.operators import ALLOWED, VIEWING
from search_engine.networks.adopted.program import Program, Step, check_name
from search_engine.spec import ImageShape
from search_engine.spec.documents import Document
from search_engine.spec.errors import InvalidConfig

_CHECKS = ("_assert", "sym_constrain_range")
_VIEWS = frozenset(f"aten.{name}" for name in VIEWING)
_TRANSPOSING = ("aten.t.default", "aten.permute.default", "aten.transpose.int")
_RESHAPING = ("aten.view.default", "aten._unsafe_view.default")
_DROPOUT = {"aten.dropout.default": "dropout", "aten.feature_dropout.default": "feature_dropout"}
_PLAIN = ("as_int", "as_float", "as_bool", "as_string", "as_ints", "as_floats", "as_bools")


def translate(document: Mapping[str, Any]) -> tuple[Program, ImageShape]:
    """Translate an exported graph; returns also the shape of the images that it takes.

    Args:
        document: what `torch.export.save` wrote as `model.json`.

    Raises:
        InvalidConfig: malformed, or it computes what is not allowed.
    """
    try:
        module = document["graph_module"]
        tensors = GraphTensors(module)
        translation = _Translation(tensors, module["graph"]["nodes"])
        return translation.program(), tensors.image
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise InvalidConfig("program", f"the graph is damaged: {error!r}") from None


class _Translation:
    """A graph read node by node."""

    def __init__(self, tensors: GraphTensors, nodes: list[Mapping[str, Any]]) -> None:
        self._file = tensors
        self._memory = Memory(nodes, tensors.output)
        self._layers: dict[str, Document] = {}
        self._tensors: dict[str, Document] = {}
        self._renamed: dict[str, str] = {}
        self._steps: list[Step] = []
        self._values = {tensors.images: "%0"}
        self._transposed: dict[str, str] = {}
        self._count = 1
        for number, node in enumerate(nodes):
            self._node(number, node)

    def program(self) -> Program:
        """The translated program."""
        output = int(self._values[self._file.output].removeprefix("%"))
        return Program(self._layers, self._tensors, self._renamed, tuple(self._steps), output)

    def _node(self, number: int, node: Mapping[str, Any]) -> None:
        target = str(node["target"]).removeprefix("torch.ops.").removeprefix("_")
        if any(check in target for check in _CHECKS):
            return
        arguments = {entry["name"]: entry["arg"] for entry in node["inputs"]}
        if target in _LAYERS:
            _LAYERS[target](self, arguments, output_names(node["outputs"])[0])
        elif target in _TRANSPOSING and self._file.is_matrix(arguments["self"]):
            (output,) = output_names(node["outputs"])
            self._transposed[output] = tensor_name(arguments["self"])
        elif target == "aten.add_.Tensor" and self._file.is_counter(arguments["self"]):
            return  # a batch norm's count of batches, which the layer itself keeps
        else:
            self._function(number, target, node)

    def conv(self, arguments: Mapping[str, Any], output: str) -> None:
        """`conv2d` or `convolution`."""
        if plain(arguments.get("transposed"), False) or any(
            plain(arguments.get("output_padding"), [])
        ):
            raise InvalidConfig("program", "transposed convolutions are not allowed")
        weight = self._file.weight(arguments["weight"])
        out, per_group, *kernel = self._file.shape(weight)
        groups = plain(arguments.get("groups"), 1)
        if len(kernel) != 2:
            raise InvalidConfig("program", "expected convolutions of two dimensions")
        padding = plain(arguments.get("padding"), [0, 0])
        dilation = pair(plain(arguments.get("dilation"), [1, 1]))
        if isinstance(padding, str):
            padding = same(padding, kernel, dilation)
        settings = {
            "kind": "conv2d",
            "in": per_group * groups,
            "out": out,
            "kernel": kernel,
            "stride": pair(plain(arguments.get("stride"), [1, 1])),
            "padding": pair(padding),
            "dilation": dilation,
            "groups": groups,
        }
        self._call(weight, settings, arguments, output)

    def linear(self, arguments: Mapping[str, Any], output: str) -> None:
        """`linear`, or `addmm` with a transposed weight."""
        if "mat2" in arguments:
            name = tensor_name(arguments["mat2"])
            if name not in self._transposed:
                raise InvalidConfig("program", "expected addmm with a parameter for its matrix")
            arguments = {
                "input": arguments["mat1"],
                "weight": {"as_tensor": {"name": self._transposed[name]}},
                "bias": arguments["self"],
            }
        weight = self._file.weight(arguments["weight"])
        out, into = self._file.shape(weight)
        self._call(weight, {"kind": "linear", "in": into, "out": out}, arguments, output)

    def norm(self, arguments: Mapping[str, Any], output: str) -> None:
        """A batch norm, in whatever mode: it becomes a layer that has both."""
        mean = self._file.weight(
            arguments.get("running_mean"), "a batch norm without running statistics"
        )
        affine = bool(tensor_name(arguments.get("weight")))
        settings = {
            "kind": "batch_norm",
            "channels": self._file.shape(mean)[0],
            "eps": plain(arguments["eps"], 1e-5),
            "momentum": plain(arguments["momentum"], 0.0) or 0.1,
            "affine": affine,
            "dimensions": len(self._file.shape(tensor_name(arguments["input"]))),
        }
        layer = self._file.source(mean).rpartition(".")[0] or self._file.source(mean)
        self._own(layer, "running_mean", mean)
        self._own(layer, "running_var", self._file.weight(arguments["running_var"]))
        if affine:
            self._own(layer, "weight", self._file.weight(arguments["weight"]))
            self._own(layer, "bias", self._file.weight(arguments["bias"]))
        self._add_layer(layer, settings, arguments["input"], output)

    def _call(
        self, weight: str, settings: Document, arguments: Mapping[str, Any], output: str
    ) -> None:
        source = self._file.source(weight)
        layer = source.removesuffix(".weight") if source.endswith(".weight") else f"{source}_layer"
        bias = bool(tensor_name(arguments.get("bias")))
        self._own(layer, "weight", weight)
        if bias:
            self._own(layer, "bias", self._file.weight(arguments["bias"]))
        self._add_layer(layer, {**settings, "bias": bias}, arguments["input"], output)

    def _add_layer(
        self, layer: str, settings: Document, given: Mapping[str, Any], output: str
    ) -> None:
        check_name(layer, "program.layers")
        if self._layers.setdefault(layer, settings) != settings:
            raise InvalidConfig("program", f"{layer} is used in two ways")
        self._add(Step(layer, "", (self._argument(given),), {}), [output])

    def _own(self, layer: str, name: str, value: str) -> None:
        """Note which tensor of the file is which of a layer's."""
        if self._file.source(value) != f"{layer}.{name}":
            self._renamed[f"{layer}.{name}"] = self._file.source(value)

    def _function(self, number: int, target: str, node: Mapping[str, Any]) -> None:
        name, written = without_writing(target)
        outputs = output_names(node["outputs"])
        first = tensor_name(node["inputs"][0]["arg"])
        if written:
            self._memory.check_write(first, number, target)
        if name in _DROPOUT:
            step = self._dropout(_DROPOUT[name], node["inputs"])
        elif name in ALLOWED:
            step = self._operator(name, node["inputs"], len(outputs))
        else:
            raise InvalidConfig("program", f"the operator {target[:80]} is not allowed")
        self._add(step, outputs)
        if written or name in _VIEWS or name in _DROPOUT:
            read = [tensor for entry in node["inputs"] for tensor in tensor_names(entry["arg"])]
            self._memory.share([first, *outputs] if written else [*read, *outputs])
        if written:  # from here on the value that was written into is the new one
            self._values[first] = self._values[outputs[0]]

    def _dropout(self, kind: str, inputs: list[Mapping[str, Any]]) -> Step:
        given, probability = (entry["arg"] for entry in inputs[:2])
        return Step("", kind, (self._argument(given), plain(probability, 0.5)), {})

    def _operator(self, name: str, inputs: list[Mapping[str, Any]], outputs: int) -> Step:
        by_place = [self._argument(e["arg"]) for e in inputs if e.get("kind", 1) == 1]
        by_name = {e["name"]: self._argument(e["arg"]) for e in inputs if e.get("kind", 1) != 1}
        # In whatever memory order the values lie here, which need not be that of the export.
        by_name.pop("memory_format", None)
        if name in _RESHAPING:
            name = "aten.reshape.default"
        return Step("", name, tuple(by_place), by_name, outputs)

    def _add(self, step: Step, outputs: list[str]) -> None:
        self._steps.append(step)
        for name in outputs:
            self._values[name] = f"%{self._count}"
            self._count += 1

    def _argument(self, argument: Mapping[str, Any]) -> Any:
        ((kind, value),) = argument.items()
        if kind in _PLAIN:
            return value
        match kind:
            case "as_none":
                return None
            case "as_tensor":
                return self._tensor(value["name"])
            case "as_tensors":
                return [self._tensor(item["name"]) for item in value]
            case "as_sym_int":
                return self._number(value)
            case "as_sym_ints":
                return [self._number(item) for item in value]
            case "as_memory_format":
                return None
        raise InvalidConfig("program", f"an argument of kind {kind[:40]} is not allowed")

    def _number(self, value: Mapping[str, Any]) -> Any:
        return value["as_int"] if "as_int" in value else self._values[value["as_name"]]

    def _tensor(self, name: str) -> str:
        """A value, or a tensor of the file that an operator reads as it is."""
        if name not in self._values:
            source = self._file.source(name)
            check_name(source, "program.tensors")
            self._tensors[source] = self._file.describe(name)
            self._values[name] = f"@{source}"
        return self._values[name]


_Layer = Callable[[_Translation, Mapping[str, Any], str], None]
_LAYERS: Mapping[str, _Layer] = {
    "aten.conv2d.default": _Translation.conv,
    "aten.conv2d.padding": _Translation.conv,
    "aten.convolution.default": _Translation.conv,
    "aten.linear.default": _Translation.linear,
    "aten.addmm.default": _Translation.linear,
    "aten.batch_norm.default": _Translation.norm,
    "aten._native_batch_norm_legit_no_training.default": _Translation.norm,
}
