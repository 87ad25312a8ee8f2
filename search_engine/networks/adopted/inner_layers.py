"""Inner layers of a module, found in its graph: which modules share which channels.

Two values that an operation keeps channel by channel share them: the input and output of a norm, an
activation, a pool or a depthwise convolution, and both factors of a product, such as a
squeeze-excitation. What does anything else with its channels fixes their number.
"""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Size, fx, nn
from torch.nn import functional as F

from search_engine.spec.errors import InvalidConfig
from search_engine.spec.skeletons.inner import MAX_INNER, InnerLayer, OuterConv

_KEEPING_MODULES = (
    *(nn.ReLU, nn.ReLU6, nn.SiLU, nn.GELU, nn.ELU, nn.Hardswish, nn.Hardsigmoid, nn.Hardtanh),
    *(nn.Sigmoid, nn.Tanh, nn.Identity, nn.Dropout, nn.Dropout2d),
    *(nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d),
)
_KEEPING_FUNCTIONS = (
    *(F.relu, F.relu6, F.silu, F.gelu, F.elu, F.hardswish, F.hardsigmoid, F.hardtanh),
    *(torch.relu, torch.sigmoid, torch.tanh, F.dropout, F.dropout2d),
    *(F.max_pool2d, F.avg_pool2d, F.adaptive_avg_pool2d),
)
_KEEPING_OPERATORS = tuple(
    f"aten.{name}.default"
    for name in (
        *("relu", "relu6", "silu", "gelu", "elu", "hardswish", "hardsigmoid", "hardtanh"),
        *("sigmoid", "tanh", "clone", "max_pool2d", "avg_pool2d"),
        *("adaptive_avg_pool2d", "_adaptive_avg_pool2d"),
    )
)
_POOLED = (nn.AdaptiveAvgPool2d, F.adaptive_avg_pool2d, "aten.adaptive_avg_pool2d.default")
_UNTRACEABLE = (RuntimeError, ValueError, TypeError, AttributeError, KeyError, InvalidConfig)


@dataclass(slots=True)
class _Shared:
    """Values that share their channels, and the modules around them."""

    writers: list[str] = field(default_factory=list)
    carriers: list[str] = field(default_factory=list)
    readers: list[str] = field(default_factory=list)
    fixed: bool = False


def inner_layers(
    module: nn.Module, outputs: Mapping[str, Size], head: str
) -> tuple[tuple[InnerLayer, ...], tuple[OuterConv, ...]]:
    """The inner layers of a module, and the convolutions around them.

    Args:
        outputs: shape of the output of each convolution, by name.
        head: name of the last layer, which is made anew for other classes.

    Returns:
        Nothing where the module's graph cannot be told from its code.
    """
    try:
        graph = fx.Tracer().trace(module)
    except _UNTRACEABLE:
        return (), ()
    found = _Sharing(module, graph, head).layers()[:MAX_INNER]
    inner = tuple(_layer(module, shared, outputs) for shared in found)
    names = dict.fromkeys(n for s in found for n in (*s.writers, *s.carriers, *s.readers))
    convs = ((name, module.get_submodule(name)) for name in names)
    return inner, tuple(
        _conv(name, conv, outputs[name]) for name, conv in convs if isinstance(conv, nn.Conv2d)
    )


class _Sharing:
    """Which values of a graph share their channels."""

    def __init__(self, module: nn.Module, graph: fx.Graph, head: str) -> None:
        self._module, self._head = module, head
        self._above: dict[fx.Node, fx.Node] = {}
        self._found: dict[fx.Node, _Shared] = {}
        calls = Counter(str(node.target) for node in graph.nodes if node.op == "call_module")
        self._repeated = {name for name, times in calls.items() if times > 1}
        for node in graph.nodes:
            self._see(node)

    def layers(self) -> list[_Shared]:
        """Those that something writes and something reads, and nothing else depends on."""
        merged: dict[fx.Node, _Shared] = {}
        for node, shared in self._found.items():
            whole = merged.setdefault(self._top(node), _Shared())
            whole.writers += shared.writers
            whole.carriers += shared.carriers
            whole.readers += shared.readers
            whole.fixed |= shared.fixed
        return [s for s in merged.values() if s.writers and s.readers and not s.fixed]

    def _see(self, node: fx.Node) -> None:
        inputs, name = node.all_input_nodes, str(node.target)
        layer = self._module.get_submodule(name) if node.op == "call_module" else None
        once = name not in self._repeated and name != self._head
        if type(layer) is nn.Conv2d and once:
            self._see_conv(node, inputs[0], layer)
        elif isinstance(layer, nn.BatchNorm2d) and layer.affine and once:
            self._join(node, *inputs)
            self._of(node).carriers.append(name)
        elif self._keeps(node.target, layer) or self._multiplies(node):
            self._join(node, *inputs)
        else:
            self._fix(node, *inputs)

    def _see_conv(self, node: fx.Node, given: fx.Node, conv: nn.Conv2d) -> None:
        name = str(node.target)
        if 1 < conv.groups == conv.in_channels == conv.out_channels:
            self._join(node, given)
            self._of(node).carriers.append(name)
            return
        self._of(node).writers.append(name)
        self._of(given).readers.append(name)
        if self._is_pooled(given):  # squeezed: there is little in its width
            self._of(node).fixed = True

    def _keeps(self, target: object, layer: nn.Module | None) -> bool:
        if layer is not None:
            return isinstance(layer, _KEEPING_MODULES)
        return target in _KEEPING_FUNCTIONS or str(target) in _KEEPING_OPERATORS

    def _multiplies(self, node: fx.Node) -> bool:
        return node.op == "call_function" and str(node.target) in (
            "<built-in function mul>",
            "aten.mul.Tensor",
        )

    def _is_pooled(self, node: fx.Node) -> bool:
        if node.op == "call_module":
            return isinstance(self._module.get_submodule(str(node.target)), nn.AdaptiveAvgPool2d)
        return node.target in _POOLED or str(node.target) in _POOLED

    def _of(self, node: fx.Node) -> _Shared:
        return self._found.setdefault(node, _Shared())

    def _fix(self, *nodes: fx.Node) -> None:
        for node in nodes:
            self._of(node).fixed = True

    def _join(self, node: fx.Node, *others: fx.Node) -> None:
        for other in others:
            top = self._top(other)
            if top is not self._top(node):
                self._above[self._top(node)] = top

    def _top(self, node: fx.Node) -> fx.Node:
        while node in self._above:
            node = self._above[node]
        return node


def _layer(module: nn.Module, shared: _Shared, outputs: Mapping[str, Size]) -> InnerLayer:
    first = module.get_submodule(shared.writers[0])
    assert isinstance(first, nn.Conv2d)
    height, width = outputs[shared.writers[0]][-2:]
    return InnerLayer(
        width=first.out_channels,
        kernel=1 if first.kernel_size == (1, 1) else 3,
        size=(height, width),
        writers=tuple(shared.writers),
        carriers=tuple(shared.carriers),
        readers=tuple(shared.readers),
    )


def _conv(name: str, conv: nn.Conv2d, output: Size) -> OuterConv:
    return OuterConv(
        name=name,
        in_channels=conv.in_channels,
        out_channels=conv.out_channels,
        window=math.prod(conv.kernel_size),
        groups=conv.groups,
        bias=conv.bias is not None,
        positions=math.prod(output[-2:]),
    )
