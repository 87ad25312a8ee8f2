"""What the places where a class stands have in common, and what its constructor has to be told.

A constant that is the same everywhere stays in the class; one that differs becomes a parameter.
Widths that agree everywhere are one parameter.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn

from search_engine.export.plain.expressions import Place
from search_engine.export.plain.parameter_names import name_parameters
from search_engine.export.plain.parameters import BY_PLACE, Parameter, kind, source


@dataclass(slots=True)
class Constants:
    """The constants of a class, as they are written in it.

    Args:
        texts: source of each, in order; None for a default, which is left out.
        parameters: of the class, those without a default first.
        kept: names of parameters that the forward pass reads.
    """

    texts: list[str | None]
    parameters: list[Parameter]
    kept: list[str]


def constants(rows: Sequence[Sequence[Place]], modules: Sequence[nn.Module]) -> Constants:
    """What becomes of a class's constants.

    Args:
        rows: the constants at each place where the class stands; as many at each.
        modules: the module at each of those places.
    """
    columns = [tuple(place.slot.value for place in column) for column in zip(*rows, strict=True)]
    found: dict[Any, Parameter] = {}
    given: list[Parameter | None] = []
    for place, values in zip(rows[0], columns, strict=True):
        key = (kind(place), tuple(map(_exact, values)))
        given.append(None if len(set(key[1])) == 1 else found.setdefault(key, Parameter(values)))
        if given[-1] is not None:
            given[-1].places.append(place)
    name_parameters(list(found.values()), rows[0], given, modules)
    texts = [_text(i, rows[0], columns, given) for i in range(len(columns))]
    parameters = sorted(found.values(), key=_order)
    kept = [p.name for p in parameters if any(_in_forward(place) for place in p.places)]
    return Constants(texts, parameters, kept)


def _order(parameter: Parameter) -> tuple[bool, int]:
    """Those without a default first, and among them those that everybody knows."""
    known = parameter.name in BY_PLACE
    place = BY_PLACE.index(parameter.name) if known else len(BY_PLACE)
    return bool(parameter.default), place


def _text(
    index: int,
    row: Sequence[Place],
    columns: Sequence[tuple[Any, ...]],
    given: Sequence[Parameter | None],
) -> str | None:
    place, parameter = row[index], given[index]
    if parameter is None:
        value = columns[index][0]
        return None if place.slot.default == (value,) else source(value)
    return f"self.{parameter.name}" if _in_forward(place) else parameter.name


def _in_forward(place: Place) -> bool:
    return place.path[:1] == ("",)


def _exact(value: Any) -> tuple[str, Any]:
    return type(value).__name__, value
