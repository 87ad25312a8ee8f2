"""Which values of a graph may share memory, so that an operator that writes is understood."""

from collections.abc import Iterable, Mapping
from typing import Any

from search_engine.errors import InvalidConfig
from search_engine.networks.adopted.exported_arguments import tensor_names


class Memory:
    """Follows a graph node by node.

    Args:
        nodes: of the graph, in order.
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
