"""A program as a module: its layers are torch's own, so they learn, and cells can replace them."""

from collections.abc import Callable, Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from search_engine.architecture.documents import Document, Reader
from search_engine.errors import InvalidConfig
from search_engine.networks.adopted.operators import find_operator
from search_engine.networks.adopted.program import Program, Step, references

_TYPES = {"float32": torch.float32, "int64": torch.int64, "bool": torch.bool}
_MAX_ELEMENTS = 2**28
_NORMS = {2: nn.BatchNorm1d, 3: nn.BatchNorm1d, 4: nn.BatchNorm2d}


class ProgramModule(nn.Module):
    """Computes what a program says: images `(N, C, H, W)` to logits `(N, classes)`.

    Batch norms and dropout are true layers: in training mode they do what they do in training,
    whatever mode the network was exported in.

    Args:
        program: what to compute.
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
            _put(self, name, _layer(settings, f"program.layers.{name}"))
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


def _conv(reader: Reader) -> nn.Module:
    into, out, groups = reader.integer("in"), reader.integer("out"), reader.integer("groups")
    kernel, stride = reader.integers("kernel"), reader.integers("stride")
    padding, dilation = reader.integers("padding"), reader.integers("dilation")
    bias = reader.boolean("bias")
    return nn.Conv2d(
        into,
        out,
        cast(tuple[int, int], kernel),
        cast(tuple[int, int], stride),
        cast(tuple[int, int], padding),
        cast(tuple[int, int], dilation),
        groups,
        bias=bias,
    )


def _linear(reader: Reader) -> nn.Module:
    return nn.Linear(reader.integer("in"), reader.integer("out"), bias=reader.boolean("bias"))


def _norm(reader: Reader) -> nn.Module:
    dimensions = reader.integer("dimensions")
    if dimensions not in _NORMS:
        reader.fail(f"{reader.place}.dimensions", f"expected 2, 3 or 4, got {dimensions}")
    return _NORMS[dimensions](
        reader.integer("channels"),
        eps=reader.number("eps"),
        momentum=reader.number("momentum"),
        affine=reader.boolean("affine"),
    )


_KINDS: Mapping[str, Callable[[Reader], nn.Module]] = {
    "conv2d": _conv,
    "linear": _linear,
    "batch_norm": _norm,
}


def _layer(settings: Document, place: str) -> nn.Module:
    reader = Reader(settings, place)
    kind = reader.string("kind")
    if kind not in _KINDS:
        reader.fail(f"{place}.kind", f"expected one of {', '.join(_KINDS)}, got {kind[:60]!r}")
    for name in ("in", "out", "channels", "groups"):
        if name in reader and not _is_width(settings[name]):
            reader.fail(f"{place}.{name}", "expected a whole number 1 to 1,000,000")
    try:
        layer = _KINDS[kind](reader)
    except (ValueError, TypeError, RuntimeError) as error:
        raise InvalidConfig(place, f"torch refuses it: {error}") from None
    reader.done()
    return layer


def _is_width(value: object) -> bool:
    return isinstance(value, int) and 1 <= value <= 1_000_000


def _put(root: nn.Module, name: str, layer: nn.Module) -> None:
    path, _, leaf = name.rpartition(".")
    _container(root, path).add_module(leaf, layer)


def _put_tensor(root: nn.Module, name: str, settings: Document) -> None:
    reader = Reader(settings, f"program.tensors.{name}")
    shape, kind = reader.integers("shape"), reader.string("type")
    learned = reader.boolean("learned")
    reader.done()
    if kind not in _TYPES or min(shape, default=1) < 0 or torch.Size(shape).numel() > _MAX_ELEMENTS:
        reader.fail(reader.place, f"expected a shape and one of {', '.join(_TYPES)}")
    tensor = torch.empty(shape, dtype=_TYPES[kind])
    path, _, leaf = name.rpartition(".")
    if learned:
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
