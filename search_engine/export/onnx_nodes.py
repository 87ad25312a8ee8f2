"""Nodes of an ONNX graph that is being written: each result is known by its name."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

PREFIX = "preprocessing"
"""What only this part has gets a name that no network's exporter gives."""


class Nodes:
    """Nodes in their order, and the constants that they take.

    Args:
        outside: those of the graph in which this one lies; constants are all the outermost's.
    """

    def __init__(self, outside: "Nodes | None" = None) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = outside.constants if outside else []
        self._names: list[None] = outside._names if outside else []

    def name(self) -> str:
        """One that nothing else has."""
        self._names.append(None)
        return f"{PREFIX}.{len(self._names)}"

    def constant(self, value: Any, kind: type[np.generic]) -> str:
        """A number, or an array of them."""
        from onnx import numpy_helper

        found: NDArray[Any] = np.asarray(value, kind)
        self.constants.append(numpy_helper.from_array(found, self.name()))
        return str(self.constants[-1].name)

    def whole(self, *values: int) -> str:
        """A list of whole numbers, as sizes and axes are given."""
        return self.constant(values, np.int64)

    def add(self, operator: str, *taken: str, given: str = "", **attributes: Any) -> str:
        """One node.

        Args:
            given: its result's name, where that matters.

        Returns:
            Its result's name.
        """
        from onnx import helper

        made = given or self.name()
        self.nodes.append(helper.make_node(operator, [*taken], [made], **attributes))
        return made

    def cast(self, taken: str, kind: type[np.generic], given: str = "") -> str:
        """The same numbers in another type; what is no whole number is cut off."""
        return self.add("Cast", taken, given=given, to=_kind(kind))

    def part(self, taken: str, axis: int, first: int, last: int) -> str:
        """Some of the places along an axis."""
        return self.add("Slice", taken, *map(self.whole, (first, last, axis)))

    def summed(self, terms: str, start: str, term: "Callable[[Nodes, str], str]") -> str:
        """What `start` is after so many terms, one by one, were added to it.

        Args:
            terms: their number, int64.
            term: writes one of them, given the place of it.
        """
        from onnx import TensorProto, helper

        inner = Nodes(self)
        place, going, so_far = inner.name(), inner.name(), inner.name()
        more = inner.add("Add", so_far, term(inner, place))
        goes_on = inner.add("Identity", going)
        body = helper.make_graph(
            inner.nodes,
            self.name(),
            [
                helper.make_tensor_value_info(place, TensorProto.INT64, []),
                helper.make_tensor_value_info(going, TensorProto.BOOL, []),
                helper.make_tensor_value_info(so_far, TensorProto.INT32, None),
            ],
            [
                helper.make_tensor_value_info(goes_on, TensorProto.BOOL, []),
                helper.make_tensor_value_info(more, TensorProto.INT32, None),
            ],
        )
        return self.add("Loop", terms, "", start, body=body)

    def either(self, condition: str, *ways: "Callable[[Nodes], str]") -> str:
        """What the first way gives where it is so, else what the second gives: uint8."""
        from onnx import TensorProto, helper

        graphs = []
        for way in ways:
            inner = Nodes(self)
            made = helper.make_tensor_value_info(way(inner), TensorProto.UINT8, None)
            graphs.append(helper.make_graph(inner.nodes, self.name(), [], [made]))
        return self.add("If", condition, then_branch=graphs[0], else_branch=graphs[1])


def _kind(kind: type[np.generic]) -> int:
    from onnx import helper

    return int(helper.np_dtype_to_tensor_dtype(np.dtype(kind)))
