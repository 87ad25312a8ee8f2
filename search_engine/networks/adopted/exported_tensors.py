"""What a graph of torch.export says of its tensors: shapes, and where they come from."""

from collections.abc import Mapping
from typing import Any

from search_engine.architecture import ImageShape
from search_engine.architecture.documents import Document
from search_engine.errors import InvalidConfig
from search_engine.networks.adopted.exported_arguments import tensor_name

_TYPES = {5: "int64", 6: "float32", 7: "float32", 8: "float32", 12: "bool", 13: "float32"}
"""torch.export's numbers of the types; all floating-point ones become float32."""

_IN_EVAL = "export the network in eval mode: `torch.export.export(model.eval(), …)`"


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
