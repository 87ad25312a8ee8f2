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
from typing import Any, Self

from search_engine.architecture.documents import Document, Reader, describe
from search_engine.errors import InvalidConfig
from search_engine.networks.adopted.operators import ALLOWED

PROGRAM_VERSION = 1
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
        kwargs: its arguments by name.
        outputs: how many values it makes.
    """

    layer: str
    operator: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    outputs: int = 1


@dataclass(frozen=True, slots=True)
class Program:
    """A whole program.

    Args:
        layers: settings of each layer by name, its `kind` among them.
        tensors: shape, type and whether it is learned, of each tensor that operators read.
        renamed: which tensor of the exported file is which of ours, where the names differ.
        steps: in order.
        output: number of the value that holds the logits.
    """

    layers: Mapping[str, Document]
    tensors: Mapping[str, Document]
    renamed: Mapping[str, str]
    steps: tuple[Step, ...]
    output: int

    def to_text(self) -> str:
        """The program as compact JSON, the same for the same program."""
        steps = [
            ["call", s.layer, *s.args]
            if s.layer
            else [s.operator, list(s.args), s.kwargs, s.outputs]
            for s in self.steps
        ]
        document = {
            "version": PROGRAM_VERSION,
            "layers": self.layers,
            "tensors": self.tensors,
            "renamed": self.renamed,
            "steps": steps,
            "output": self.output,
        }
        return json.dumps(document, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """A program from what `to_text` made, or from whatever somebody sent.

        Raises:
            InvalidConfig: malformed, or it uses what is not allowed; the message names the place.
        """
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            raise InvalidConfig("program", "expected JSON") from None
        reader = Reader(document, "program")
        reader.version(PROGRAM_VERSION)
        layers, tensors = _by_name(reader, "layers"), _by_name(reader, "tensors")
        renamed = _by_name(reader, "renamed")
        steps = reader.sequence("steps")
        if len(steps) > MAX_STEPS:
            reader.fail("program.steps", f"expected at most {MAX_STEPS:,}, got {len(steps):,}")
        checker = _Checker(layers, tensors)
        read = tuple(checker.step(step, f"program.steps[{i}]") for i, step in enumerate(steps))
        output = reader.integer("output")
        if not 0 <= output < checker.values:
            reader.fail("program.output", f"expected one of {checker.values} values, got {output}")
        reader.done()
        return cls(layers, tensors, {name: str(of) for name, of in renamed.items()}, read, output)


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


def _by_name(reader: Reader, name: str) -> dict[str, Any]:
    value = reader.take(name)
    if not isinstance(value, dict):
        reader.fail(f"program.{name}", f"expected an object, got {describe(value)}")
    for key in value:
        check_name(key, f"program.{name}")
    return dict(value)


def references(value: object) -> Sequence[int]:
    """Numbers of the values that an argument stands for."""
    if isinstance(value, list | tuple):
        return [number for item in value for number in references(item)]
    if isinstance(value, str) and value.startswith("%"):
        return [int(value[1:])]
    return []
