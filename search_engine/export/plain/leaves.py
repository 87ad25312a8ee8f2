"""Calls that make the modules which a written network takes as they are: torch's, and the cells.

Every constant is an argument here; those that are defaults are left out when they are written.
"""

import inspect
from collections.abc import Iterator
from typing import Any

from torch import Tensor, nn

from search_engine.export.plain.expressions import (
    CONSTANT,
    Argument,
    Call,
    ClassName,
    Expression,
    Slot,
    call,
)
from search_engine.export.plain.refusal import cannot_write
from search_engine.networks.tree import CellModule

_LEFT_OUT = ("self", "device", "dtype", "inplace", "args", "kwargs")
_TORCH = "torch.nn.modules."
_KNOWN_DEPTH = "StochasticDepth"

STOCHASTIC_DEPTH = '''
class StochasticDepth(nn.Module):
    """In training, sets some images of a batch to zero and scales the others up."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0:
            return x
        keep = torch.empty([len(x)] + [1] * (x.dim() - 1), dtype=x.dtype, device=x.device)
        return x * keep.bernoulli_(1 - self.p).div_(1 - self.p)
'''

DENSE_BLOCK = '''
class DenseBlock(nn.ModuleList):
    """Layers of which each reads what entered and what all layers before it gave."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__(layers)

    def forward(self, x: Tensor) -> Tensor:
        features = [x]
        for layer in self:
            features.append(layer(features))
        return torch.cat(features, 1)
'''


def is_of_torch(module: nn.Module) -> bool:
    """Whether torch has the module's class, so that a written file can name it."""
    return type(module).__module__.startswith(_TORCH) and hasattr(nn, type(module).__name__)


def is_dense_block(module: nn.Module) -> bool:
    """Whether it is torchvision's, whose layers are in a loop that no trace would show."""
    return type(module).__name__ == "_DenseBlock"


def is_leaf(module: nn.Module) -> bool:
    """Whether `leaf` writes it."""
    containers = (nn.Sequential, nn.ModuleList, nn.ModuleDict)
    known = isinstance(module, CellModule) or type(module).__name__ == _KNOWN_DEPTH
    return known or (is_of_torch(module) and not isinstance(module, containers))


def leaf(module: nn.Module, cell_takes: frozenset[str] = frozenset()) -> Call:
    """The call that makes a module.

    Args:
        module: that `is_leaf`.
        cell_takes: what the class of the cell takes besides its widths.

    Raises:
        ExportError: the module does not keep what it was made with.
    """
    if isinstance(module, CellModule):
        return _cell(module, cell_takes)
    if type(module).__name__ == _KNOWN_DEPTH:
        if module.mode != "row":
            raise cannot_write("stochastic depth of whole batches")
        return call(_KNOWN_DEPTH, p=Slot("p", module.p))
    name = ClassName(f"nn.{type(module).__name__}")
    arguments = tuple(_arguments(module))
    if not arguments and not module.state_dict():
        # An activation: which one may be an argument itself.
        return Call(Slot("activation", name))
    return Call(name, arguments)


def zeros(tensor: Tensor) -> Call:
    """The call that makes a tensor of the same shape and type, to be filled from the weights."""
    sizes: list[Expression] = [Slot(CONSTANT, size) for size in tensor.shape]
    sizes = sizes or ["()"]
    if tensor.is_floating_point():
        return call("torch.zeros", *sizes)
    return call("torch.zeros", *sizes, dtype=str(tensor.dtype))


def _cell(module: CellModule, takes: frozenset[str]) -> Call:
    shape = module.root.shape
    bias = module.own is not None and module.own.bias
    settings = {"stride": (shape.stride, 1), "groups": (shape.groups, 1), "bias": (bias, False)}
    given = {name: value for name, value in settings.items() if name in takes}
    return call(
        "Cell",
        Slot("in_channels", shape.in_channels),
        Slot("out_channels", shape.out_channels),
        **{name: Slot(name, value, (default,)) for name, (value, default) in given.items()},
    )


def _arguments(module: nn.Module) -> Iterator[Argument]:
    for name, parameter in inspect.signature(type(module).__init__).parameters.items():
        if name in _LEFT_OUT:
            continue
        if not hasattr(module, name):
            raise cannot_write(f"an {type(module).__name__}, which does not keep its {name}")
        value = _plain(getattr(module, name), bias=name == "bias")
        if parameter.default is inspect.Parameter.empty:
            yield Argument(Slot(name, value))
            continue
        default = _plain(parameter.default)
        if name == "stride" and default is None:  # of a pool: its kernel
            default = _plain(module.kernel_size)
        yield Argument(Slot(name, value, (default,)), name)


def _plain(value: Any, *, bias: bool = False) -> Any:
    """A setting as a constant: one number where a pair has it twice."""
    if bias and (value is None or isinstance(value, Tensor)):
        return value is not None
    if isinstance(value, list | tuple):
        items = tuple(value)
        return items[0] if len(items) in (1, 2) and len(set(items)) == 1 else items
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise cannot_write(f"a layer with a setting of type {type(value).__name__}")
