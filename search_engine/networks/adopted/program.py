"""Programs: what an exported network computes, as a short JSON document that is checked, not run.

    {"version": 1, "layers": {"conv1": {"kind": "conv2d", …}}, "tensors": {"scale": {…}},
     "renamed": {"conv1.weight": "w"}, "output": 2,
     "steps": [["call", "conv1", "%0"], ["aten.relu.default", ["%1"], {}, 1]]}

Values are numbered from 0, the images, in the order in which steps make them. "%1" stands for a
value and "@scale" for a tensor; layers are modules with weights of their own.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Self

from search_engine.networks.adopted.operators import ALLOWED
from search_engine.spec.declared import Declared, Whole, about, always
from search_engine.spec.documents import Document, describe
from search_engine.spec.errors import InvalidConfig

MAX_STEPS = 20_000
_NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_WORDS = ("none", "tanh", "constant", "reflect", "replicate", "circular")
_MAX_DEPTH = 4


@dataclass(frozen=True, slots=True)
class Step:
    """One step: a layer's call, or an operator's.

    Args:
        layer: name of the layer; empty for an operator.
        operator: name of the operator, or `dropout` and `feature_dropout`; empty for a layer.
        args: its arguments; "%3" and "@name" stand for values and tensors.
    """

    layer: str
    operator: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    outputs: int = 1


@dataclass(frozen=True, slots=True)
class _Document(Declared):
    place = "program"
    fixed = always(version=1)

    layers: Mapping[str, Document]
    tensors: Mapping[str, Document]
    renamed: Mapping[str, str]
    steps: Annotated[tuple[Any, ...], about("Steps", "calls in their order", max_length=MAX_STEPS)]
    output: Whole


@dataclass(frozen=True, slots=True)
class Program:
    """A whole program.

    Args:
        layers: settings of each layer by name, its `kind` among them.
        tensors: shape, type and whether it is learned, of each tensor that operators read.
        renamed: which tensor of the exported file is which of ours, where the names differ.
        output: number of the value that holds the logits.
    """

    layers: Mapping[str, Document]
    tensors: Mapping[str, Document]
    renamed: Mapping[str, str]
    steps: tuple[Step, ...]
    output: int

    def to_text(self) -> str:
        """The program as compact JSON, the same for the same program."""
        steps = tuple(
            ["call", s.layer, *s.args]
            if s.layer
            else [s.operator, list(s.args), s.kwargs, s.outputs]
            for s in self.steps
        )
        document = _Document(self.layers, self.tensors, self.renamed, steps, self.output)
        return json.dumps(document.to_json(), separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """A program from what `to_text` made, or from whatever somebody sent.

        Raises:
            InvalidConfig: malformed, or it uses what is not allowed; the message names the place.
        """
        try:
            parsed = json.loads(text)
        except (ValueError, RecursionError):
            raise InvalidConfig("program", "expected JSON") from None
        document = _Document.from_json(parsed)
        for part in ("layers", "tensors", "renamed"):
            for name in getattr(document, part):
                check_name(name, f"program.{part}")
        checker = _Checker(document.layers, document.tensors)
        steps = tuple(
            checker.step(step, f"program.steps[{i}]") for i, step in enumerate(document.steps)
        )
        if not 0 <= document.output < checker.values:
            raise InvalidConfig(
                "program.output", f"expected one of {checker.values} values, got {document.output}"
            )
        return cls(document.layers, document.tensors, document.renamed, steps, document.output)


def check_name(name: str, place: str) -> None:
    """Check that a name can be a path of modules.

    Raises:
        InvalidConfig: it cannot.
    """
    if len(name) > 200 or not _NAME.fullmatch(name):
        raise InvalidConfig(place, f"expected names with dots between, got {name[:60]!r}")


class _Checker:
    """Reads steps and keeps count of the values that there are."""

    def __init__(self, layers: Mapping[str, Any], tensors: Mapping[str, Any]) -> None:
        self.values = 1
        self._layers = layers
        self._tensors = tensors

    def step(self, document: object, place: str) -> Step:
        match document:
            case ["call", str(layer), argument] if layer in self._layers:
                step = Step(layer, "", (self._argument(argument, place),), {})
            case [str(name), [*args], {**kwargs}, int(outputs)] if self._knows(name):
                if not 1 <= outputs <= 1000:
                    raise InvalidConfig(place, f"expected 1 to 1000 outputs, got {outputs}")
                given = tuple(self._argument(argument, place) for argument in args)
                named = {str(k): self._argument(v, place) for k, v in kwargs.items()}
                step = Step("", name, given, named, outputs)
            case [str(name), *_] if not self._knows(name) and name != "call":
                raise InvalidConfig(place, f"the operator {name[:60]!r} is not allowed")
            case _:
                raise InvalidConfig(
                    place, f"expected a layer's or an operator's call, got {describe(document)}"
                )
        self.values += step.outputs
        return step

    def _knows(self, name: str) -> bool:
        return name in ALLOWED or name in ("dropout", "feature_dropout")

    def _argument(self, value: object, place: str, depth: int = 0) -> Any:
        if isinstance(value, list) and depth < _MAX_DEPTH:
            return [self._argument(item, place, depth + 1) for item in value]
        if value is None or isinstance(value, bool | int | float) or value in _WORDS:
            return value
        if isinstance(value, str) and self._refers(value):
            return value
        raise InvalidConfig(
            place, f"expected a number or a value made before, got {describe(value)}"
        )

    def _refers(self, text: str) -> bool:
        if text.startswith("@"):
            return text[1:] in self._tensors
        number = text[1:]
        return text.startswith("%") and number.isdecimal() and int(number) < self.values


def references(value: object) -> Sequence[int]:
    """Numbers of the values that an argument stands for."""
    if isinstance(value, list | tuple):
        return [number for item in value for number in references(item)]
    if isinstance(value, str) and value.startswith("%"):
        return [int(value[1:])]
    return []
