"""A cell as a class: one module for each edge, and a forward pass that reads like the tree.

The edge at path (0, 1), branch 1 of the node below branch 0 of the root, is `edge_0_1`; its value
is `y_0_1`. Widths are expressions, so one class serves every place where the cell stands.
"""

import re
import textwrap
from dataclasses import dataclass, field

from search_engine.export.plain.text import bracketed
from search_engine.spec import Cell, Merge, Node, Operation, Path, format_cell
from search_engine.spec.schemes import Allocation
from search_engine.spec.shapes import OwnConv

_POOLS = {
    Operation.AVG_POOL_3X3: "nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)",
    Operation.MAX_POOL_3X3: "nn.MaxPool2d(3, stride=1, padding=1)",
}
_INDENT = 8
_EDGE = re.compile(r"root((?:\.branches\.\d+\.node)*)\.branches\.(\d+)\.(operation|norm)\.")


def edge_name(name: str) -> str:
    """A tensor's name with that of an edge of a cell as it stands in the generated file."""
    return _EDGE.sub(_edge, name)


def _edge(found: re.Match[str]) -> str:
    path = [*re.findall(r"\d+", found[1]), found[2]]
    kind = "edge" if found[3] == "operation" else "norm"
    return f"{kind}_{'_'.join(path)}."


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an edge is: names of widths and of what it reads, as source.

    Its grouped convolution has the cell's groups divided by `parts`.
    """

    path: Path
    into: str
    out: str
    source: str
    parts: int


@dataclass
class CellWriter:
    """Writes the class of a cell.

    Args:
        about: first sentence of its docstring.
        groups: of its grouped convolutions, before any split; None for an argument.
        strided: at some places its first edges have a stride.
        norm_before_add: its branches under `add` end in a batch norm.
        own_bias: whether 3x3 convolutions at its root, which are an adopted network's own, have a
            bias: `bias` for an argument, or `False`; empty where the network was not adopted.
    """

    cell: Cell
    name: str
    about: str
    groups: int | None
    strided: bool
    norm_before_add: bool
    own_bias: str = ""
    helpers: set[str] = field(default_factory=set)
    """Functions that the class uses; filled by `write`."""
    _modules: list[str] = field(default_factory=list)
    _steps: list[str] = field(default_factory=list)

    def write(self) -> str:
        """The class's source."""
        result = self._node(self.cell.root, (), "in_channels", "out_channels", "x", 1)
        self._return(result)
        self._drop_unused_widths()
        return f'''
class {self.name}(nn.Module):
    """{self.about}

{_notation(self.cell)}
    """

{self._signature()}
        super().__init__()
{chr(10).join(self._modules)}

    def forward(self, x: Tensor) -> Tensor:
{chr(10).join(self._steps)}
'''

    def _signature(self) -> str:
        parameters = ["self", "in_channels: int", "out_channels: int"]
        parameters += ["stride: int = 1"] if self.strided else []
        parameters += ["groups: int = 1"] if self.groups is None else []
        parameters += ["bias: bool = False"] if self.own_bias == "bias" else []
        return bracketed("def __init__(", parameters, indent=4, close=") -> None:")

    def _return(self, result: str) -> None:
        last = self._steps[-1].lstrip() if self._steps else ""
        if last.startswith(f"{result} = "):
            self._steps[-1] = self._steps[-1].replace(f"{result} = ", "return ", 1)
        else:
            self._steps.append(f"{' ' * _INDENT}return {result}")

    def _drop_unused_widths(self) -> None:
        """Leave out widths that no module takes: pools and identities need none."""
        for line in reversed(self._modules.copy()):
            name, equals, rest = line.strip().partition(" = ")
            if equals and rest.startswith("split_widths("):
                others = "".join(other for other in self._modules if other is not line)
                if f"{name}[" not in others:
                    self._modules.remove(line)

    def _node(self, node: Node, path: Path, into: str, out: str, source: str, parts: int) -> str:
        """Write a node that is no leaf.

        Returns:
            The name of its value.
        """
        if len(node.branches) > 1:
            note = f"{' ' * _INDENT}# {_node_place(path)}: {_describe(node)}"
            self._modules.append(note)
            self._steps.append(note)
        places = self._places(node, path, into, out, source, parts)
        values = [self._branch(node, index, place) for index, place in enumerate(places)]
        if node.merge is Merge.NONE:
            return values[0]
        name = f"y{_suffix(path)}" if path else "y"
        function = "mean" if node.merge is Merge.ADD else "concat"
        self.helpers.add(function)
        self._steps.append(bracketed(f"{name} = {function}(", values, indent=_INDENT))
        return name

    def _places(
        self, node: Node, path: Path, into: str, out: str, source: str, above: int
    ) -> list[_Place]:
        """Widths and input of each branch, as `architecture.shapes.branch_shapes` gives them."""
        parts = len(node.branches)
        inputs, outputs, sources = [into] * parts, [out] * parts, [source] * parts
        if node.allocation is Allocation.SPLIT:
            same = into == out
            inputs = self._parts(into, path, parts, "widths" if same else "inputs")
            piece = f"z{_suffix(path)}"
            self.helpers |= {"split", "split_widths"}
            self._steps.append(" " * _INDENT + f"{piece} = split({source}, {parts})")
            sources = [f"{piece}[{index}]" for index in range(parts)]
            above *= parts
        if node.merge is Merge.CONCAT:
            shared = node.allocation is Allocation.SPLIT and into == out
            outputs = inputs if shared else self._parts(out, path, parts, "outputs")
        return [
            _Place((*path, index), inputs[index], outputs[index], sources[index], above)
            for index in range(parts)
        ]

    def _parts(self, width: str, path: Path, parts: int, noun: str) -> list[str]:
        """Widths of the parts of a width: a variable, so that the lines stay short."""
        name = f"{noun}{_suffix(path)}"
        self.helpers.add("split_widths")
        self._modules.append(" " * _INDENT + f"{name} = split_widths({width}, {parts})")
        return [f"{name}[{index}]" for index in range(parts)]

    def _branch(self, node: Node, index: int, place: _Place) -> str:
        branch, name = node.branches[index], _suffix(place.path)
        module = self._module(branch.operation, place)
        value = place.source
        if module is not None:
            self._modules.append(bracketed(f"self.edge{name} = {module[0]}", module[1], indent=8))
            self._steps.append(" " * _INDENT + f"y{name} = self.edge{name}({place.source})")
            value = f"y{name}"
        if not branch.node.is_leaf:
            value = self._node(branch.node, place.path, place.out, place.out, value, place.parts)
        if self.norm_before_add and node.merge is Merge.ADD:
            self._modules.append(" " * _INDENT + f"self.norm{name} = nn.BatchNorm2d({place.out})")
            self._steps.append(" " * _INDENT + f"y{name} = self.norm{name}({value})")
            value = f"y{name}"
        return value

    def _module(self, operation: Operation, place: _Place) -> tuple[str, list[str]] | None:
        """Class and arguments of an edge's module; None for the identity."""
        if operation is Operation.IDENTITY:
            return None
        if operation in _POOLS:
            head, _, rest = _POOLS[operation].partition("(")
            return f"{head}(", rest.removesuffix(")").split(", ")
        stride = ["stride=stride"] if self.strided and len(place.path) == 1 else []
        groups = self._groups(place) if operation is Operation.GROUP_CONV_3X3 else []
        if self.own_bias and OwnConv(bias=False).stands_at(place.path, operation):
            settings = [*stride, "padding=1", *groups, f"bias={self.own_bias}"]
            return "nn.Conv2d(", [place.into, place.out, "3", *settings]
        arguments = [place.into, place.out, f"kernel={operation.kernel}", *stride, *groups]
        return "SepConv(" if operation.is_separable else "Conv(", arguments

    def _groups(self, place: _Place) -> list[str]:
        """The argument of a grouped convolution; a split hands out its groups as its channels."""
        if self.groups is None:
            return ["groups=groups" if place.parts == 1 else f"groups=groups // {place.parts}"]
        groups = self.groups // place.parts
        return [f"groups={groups}"] if groups > 1 else []


def _suffix(path: Path) -> str:
    """What names of an edge and its value end in."""
    return "".join(f"_{index}" for index in path)


def _node_place(path: Path) -> str:
    """Where a node is."""
    return f"after edge{_suffix(path)}" if path else "root"


def _describe(node: Node) -> str:
    """How a node hands out its input and joins its branches."""
    split = node.allocation is Allocation.SPLIT
    handed = "the channels are split among" if split else "all channels to"
    return f"{handed} {len(node.branches)} branches, then {node.merge}"


def _notation(cell: Cell) -> str:
    """The tree, in lines of a docstring."""
    lines = textwrap.wrap(format_cell(cell), 92, break_long_words=False, break_on_hyphens=False)
    return textwrap.indent("\n".join(lines), "    ")
