"""An ONNX graph while it becomes a `Program`: its values, layers and steps so far.

What depends on constants and shapes alone is reckoned out with numpy. Of several outputs the first
is taken.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor

from search_engine.networks.adopted.operators import find_operator
from search_engine.networks.adopted.program import Program, Step
from search_engine.networks.adopted.program_module import make_layer
from search_engine.networks.adopted.torchvision_nets import State
from search_engine.spec import ImageShape
from search_engine.spec.documents import Document
from search_engine.spec.errors import CheckpointError, InvalidConfig

BATCH = 2
"""Images in the shapes that are followed through the graph."""
UNKNOWN = -1
"""Stands for the number of images among numbers that the graph reckons with."""

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Value:
    """What a step makes.

    Args:
        name: as steps call it, such as `%3`.
        meta: without numbers, for `BATCH` images.
    """

    name: str
    meta: Tensor


class Graph:
    """A graph while it is translated, node by node."""

    def __init__(self, graph: onnx.GraphProto, path: Path) -> None:
        self._graph = graph
        self._steps: list[Step] = []
        self._count = 1
        self._layers: dict[str, Document] = {}
        self._by_weight: dict[tuple[str, ...], str] = {}
        self._tensors: dict[str, Document] = {}
        self.state: State = {}
        self.values: dict[str, Value | Array] = {}
        for tensor in graph.initializer:
            if tensor.data_location == onnx.TensorProto.EXTERNAL:
                raise CheckpointError(
                    str(path), "its weights lie in another file: save it as one file"
                )
            self.values[tensor.name] = numpy_helper.to_array(tensor)
        self.output = graph.output[0].name
        self.image = self._read_input()
        self.readers = Counter(name for node in graph.node for name in node.input)

    def program(self) -> Program:
        """The program, once all nodes have been written.

        Raises:
            InvalidConfig: its output does not depend on the images.
        """
        result = self.values[self.output]
        if not isinstance(result, Value):
            raise InvalidConfig("program", "what it gives does not depend on the images")
        output = int(result.name.removeprefix("%"))
        program = Program(self._layers, self._tensors, {}, tuple(self._steps), output)
        return Program.from_text(program.to_text())

    def following(self, name: str) -> onnx.NodeProto | None:
        """The only node that reads a value, where there is one."""
        if self.readers[name] != 1 or name == self.output:
            return None
        return next(node for node in self._graph.node if name in node.input)

    def call(self, weights: Sequence[str], node_name: str, settings: Document, x: Value) -> Value:
        """A layer's call.

        Args:
            weights: names in the file of what the layer learns; of a layer that is used again the
                same.
            settings: as programs have them.
        """
        key = tuple(weights)
        layer = self._by_weight.get(key)
        if layer is None:
            layer = self._by_weight[key] = self._name(weights[0], node_name)
            self._layers[layer] = settings
        with torch.device("meta"):
            made = make_layer(settings, f"program.layers.{layer}").eval()(x.meta)
        return self._add(Step(layer, "", (x.name,), {}), [made])[0]

    def layer_of(self, weights: Sequence[str]) -> str:
        """The name of a layer that has been called."""
        return self._by_weight[tuple(weights)]

    def operator(self, name: str, *arguments: Any) -> Value:
        """An operator's call; arrays among the arguments become tensors of the program."""
        return self.operators(name, *arguments)[0]

    def operators(self, name: str, *arguments: Any) -> list[Value]:
        """The same, of one that may make several values."""
        full = f"aten.{name}"
        made = find_operator(full)(*(_meta(argument) for argument in arguments))
        several = list(made) if isinstance(made, list | tuple) else [made]
        given = tuple(_named(argument) for argument in arguments)
        return self._add(Step("", full, given, {}, len(several)), several)

    def dropout(self, x: Value, probability: float) -> Value:
        """A dropout, which is one in training."""
        return self._add(Step("", "dropout", (x.name, probability), {}), [x.meta])[0]

    def tensor(self, name: str, numbers: Array, *, learned: bool) -> Value:
        """A tensor that operators read."""
        own = self._name(name, f"tensor{len(self._tensors)}")
        kept = torch.from_numpy(np.array(numbers, dtype=np.float32))
        self._tensors[own] = {"shape": list(kept.shape), "type": "float32", "learned": learned}
        self.state[own] = kept
        return Value(f"@{own}", kept.to("meta"))

    def _add(self, step: Step, made: Sequence[Tensor]) -> list[Value]:
        self._steps.append(step)
        values = [Value(f"%{self._count + place}", meta) for place, meta in enumerate(made)]
        self._count += len(values)
        return values

    def _read_input(self) -> ImageShape:
        given = [entry for entry in self._graph.input if entry.name not in self.values]
        if len(given) != 1:
            raise InvalidConfig("program", f"expected one input, the images, got {len(given)}")
        sizes = [d.dim_value for d in given[0].type.tensor_type.shape.dim]
        if len(sizes) != 4 or not all(sizes[1:]):
            raise InvalidConfig(
                "program",
                "expected images of one size, (N, channels, height, width), got"
                f" {tuple(size or '?' for size in sizes)}: export it for images of one size",
            )
        self.fixed_batch = sizes[0] if sizes[0] > 0 else None
        image = ImageShape(*sizes[1:])
        meta = torch.empty(BATCH, *sizes[1:], device="meta")
        self.values[given[0].name] = Value("%0", meta)
        return image

    def _name(self, weight: str, node_name: str) -> str:
        """A path of modules for a layer, from its weight's name or that of its node."""
        named = weight if weight.endswith(".weight") else node_name
        if "/" in named.strip("/"):
            named = named.rpartition("/")[0]  # the last part says only which operator it is
        parts: list[str] = []
        for part in named.removesuffix(".weight").strip("/").split("/"):
            nested = parts and part.startswith(f"{parts[-1]}.")
            parts = [*parts[:-1], part] if nested else [*parts, part]
        own = "".join(c if c.isalnum() or c in "_-." else "_" for c in ".".join(parts))
        own = ".".join(filter(None, own.split("."))) or "layer"
        taken = {*self._layers, *self._tensors}
        free = own
        number = 2
        while free in taken:
            free, number = f"{own}_{number}", number + 1
        return free


class Node:
    """A node as operators read it."""

    def __init__(self, graph: Graph, node: onnx.NodeProto) -> None:
        self.graph = graph
        self.kind = node.op_type
        self.inputs = list(node.input)
        self.outputs = list(node.output)
        self._attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        self.name = node.name or f"{node.op_type}_{node.output[0]}"

    def attribute(self, name: str, usual: Any = None) -> Any:
        """An attribute; texts come as such."""
        found = self._attributes.get(name, usual)
        return found.decode() if isinstance(found, bytes) else found

    def given(self, place: int) -> Value | Array | None:
        """An input; None where it is left out."""
        if place >= len(self.inputs) or not self.inputs[place]:
            return None
        return self.graph.values[self.inputs[place]]

    def value(self, place: int = 0) -> Value:
        """An input that depends on the images.

        Raises:
            InvalidConfig: it does not.
        """
        found = self.given(place)
        if not isinstance(found, Value):
            raise self.refused("expected what depends on the images")
        return found

    def constant(self, place: int) -> Array:
        """An input that does not depend on the images.

        Raises:
            InvalidConfig: it does, or is missing.
        """
        found = self.given(place)
        if not isinstance(found, np.ndarray):
            raise self.refused(f"expected a constant as input {place}")
        return found

    def numbers(self, attribute: str, place: int) -> list[int] | None:
        """Whole numbers that older files have in an attribute and newer ones in an input."""
        if attribute in self._attributes:
            return [int(number) for number in self._attributes[attribute]]
        return None if self.given(place) is None else [int(n) for n in self.constant(place).ravel()]

    def refused(self, reason: str) -> InvalidConfig:
        """The error that says what is wrong with the node."""
        return InvalidConfig("program", f"{self.kind} ({self.name[:80]}): {reason}")


def _meta(argument: Any) -> Any:
    if isinstance(argument, list):
        return [_meta(item) for item in argument]
    return argument.meta if isinstance(argument, Value) else argument


def _named(argument: Any) -> Any:
    if isinstance(argument, list):
        return [_named(item) for item in argument]
    return argument.name if isinstance(argument, Value) else argument
