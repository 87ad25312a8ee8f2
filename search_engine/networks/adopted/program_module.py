"""A program as a module: its layers are torch's own, so they learn, and cells can replace them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, cast

import pydantic
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from search_engine.networks.adopted.operators import find_operator
from search_engine.networks.adopted.program import Program, Step, references
from search_engine.spec.declared import Declared, Flag, Measured, OneOf, Tagged, Whole, always, read
from search_engine.spec.documents import Document
from search_engine.spec.errors import InvalidConfig

_TYPES = {"float32": torch.float32, "int64": torch.int64, "bool": torch.bool}
_MAX_ELEMENTS = 2**28


_Width = Annotated[Whole, pydantic.Field(ge=1, le=1_000_000)]
_In = Annotated[_Width, pydantic.Field(alias="in")]
_Pair = tuple[Whole, Whole]


@dataclass(frozen=True, slots=True)
class _Conv2d(Declared):
    fixed = always(kind="conv2d")

    into: _In
    out: _Width
    kernel: _Pair
    stride: _Pair
    padding: _Pair
    dilation: _Pair
    groups: _Width
    bias: Flag

    def module(self) -> nn.Module:
        return nn.Conv2d(
            self.into,
            self.out,
            self.kernel,
            self.stride,
            self.padding,
            self.dilation,
            self.groups,
            bias=self.bias,
        )


@dataclass(frozen=True, slots=True)
class _Linear(Declared):
    fixed = always(kind="linear")

    into: _In
    out: _Width
    bias: Flag

    def module(self) -> nn.Module:
        return nn.Linear(self.into, self.out, bias=self.bias)


@dataclass(frozen=True, slots=True)
class _BatchNorm(Declared):
    fixed = always(kind="batch_norm")

    channels: _Width
    eps: Measured
    momentum: Measured
    affine: Flag
    dimensions: Annotated[Whole, pydantic.Field(ge=2, le=4)]

    def module(self) -> nn.Module:
        norm = nn.BatchNorm2d if self.dimensions == 4 else nn.BatchNorm1d
        return norm(self.channels, eps=self.eps, momentum=self.momentum, affine=self.affine)


_LAYER = Annotated[_Conv2d | _Linear | _BatchNorm, Tagged("kind", _Conv2d, _Linear, _BatchNorm)]


@dataclass(frozen=True, slots=True)
class _TensorSettings(Declared):
    shape: tuple[Annotated[Whole, pydantic.Field(ge=0)], ...]
    type: Annotated[str, OneOf(_TYPES)]
    learned: Flag


class ProgramModule(nn.Module):
    """Computes what a program says: images `(N, C, H, W)` to logits `(N, classes)`.

    Batch norms and dropout are true layers: in training mode they do what they do in training,
    whatever mode the network was exported in.

    Args:
        widths: outputs of layers where they differ from the program's: of the last layer.

    Raises:
        InvalidConfig: a layer's settings are malformed.
    """

    def __init__(self, program: Program, widths: Mapping[str, int] | None = None) -> None:
        super().__init__()
        self._steps = program.steps
        self._output = program.output
        self._last_use = _last_uses(program)
        try:
            self._build(program, widths or {})
        except KeyError as error:  # a name that modules have for something else
            raise InvalidConfig("program", f"a name cannot be used: {error}") from None

    def forward(self, images: Tensor) -> Tensor:
        values: dict[int, Any] = {0: images}
        count = 1
        for number, step in enumerate(self._steps):
            made = self._run(step, values)
            for value in made:
                values[count] = value
                count += 1
            for used in self._last_use.get(number, ()):
                values.pop(used, None)
        return cast(Tensor, values[self._output])

    def _build(self, program: Program, widths: Mapping[str, int]) -> None:
        for name, settings in program.layers.items():
            if name in widths:
                settings = {**settings, "out": widths[name]}
            _put(self, name, make_layer(settings, f"program.layers.{name}"))
        for name, settings in program.tensors.items():
            _put_tensor(self, name, settings)

    def _run(self, step: Step, values: Mapping[int, Any]) -> list[Any]:
        args = [self._value(argument, values) for argument in step.args]
        if step.layer:
            return [self.get_submodule(step.layer)(*args)]
        if step.operator == "dropout":
            return [F.dropout(args[0], args[1], self.training)]
        if step.operator == "feature_dropout":
            return [F.dropout2d(args[0], args[1], self.training)]
        kwargs = {name: self._value(argument, values) for name, argument in step.kwargs.items()}
        made = find_operator(step.operator)(*args, **kwargs)
        results = list(made) if isinstance(made, list | tuple) else [made]
        if len(results) != step.outputs:
            raise InvalidConfig(
                "program", f"{step.operator}: expected {step.outputs} results, got {len(results)}"
            )
        return results

    def _value(self, argument: Any, values: Mapping[int, Any]) -> Any:
        if isinstance(argument, list):
            return [self._value(item, values) for item in argument]
        if isinstance(argument, str) and argument.startswith("%"):
            return values[int(argument[1:])]
        if isinstance(argument, str) and argument.startswith("@"):
            path, _, leaf = argument[1:].rpartition(".")
            return getattr(self.get_submodule(path), leaf)
        return argument


def _last_uses(program: Program) -> dict[int, list[int]]:
    """Which values no later step reads, by the step that reads them last."""
    last: dict[int, int] = {}
    for number, step in enumerate(program.steps):
        for value in references([*step.args, *step.kwargs.values()]):
            last[value] = number
    freed: dict[int, list[int]] = {}
    for value, number in last.items():
        if value != program.output:
            freed.setdefault(number, []).append(value)
    return freed


def make_layer(settings: Document, place: str) -> nn.Module:
    """A layer by its settings in a program, with weights that were not drawn with care.

    Raises:
        InvalidConfig: they are malformed; it names the place.
    """
    layer: _Conv2d | _Linear | _BatchNorm = read(_LAYER, settings, place)
    try:
        return layer.module()
    except (ValueError, TypeError, RuntimeError) as error:
        raise InvalidConfig(place, f"torch refuses it: {error}") from None


def _put(root: nn.Module, name: str, layer: nn.Module) -> None:
    path, _, leaf = name.rpartition(".")
    _container(root, path).add_module(leaf, layer)


def _put_tensor(root: nn.Module, name: str, settings: Document) -> None:
    place = f"program.tensors.{name}"
    found: _TensorSettings = read(_TensorSettings, settings, place)
    if torch.Size(found.shape).numel() > _MAX_ELEMENTS:
        raise InvalidConfig(place, f"expected a shape of at most {_MAX_ELEMENTS:,} numbers")
    tensor = torch.empty(found.shape, dtype=_TYPES[found.type])
    path, _, leaf = name.rpartition(".")
    if found.learned:
        _container(root, path).register_parameter(leaf, nn.Parameter(tensor))
    else:
        _container(root, path).register_buffer(leaf, tensor)


def _container(root: nn.Module, path: str) -> nn.Module:
    """The module at a path, made where there is none."""
    for part in path.split(".") if path else ():
        if part not in root._modules:
            root.add_module(part, nn.Module())
        root = cast(nn.Module, root._modules[part])
    return root
