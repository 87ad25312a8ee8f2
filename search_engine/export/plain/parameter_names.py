"""Names of parameters: those that a person would give to widths, else the settings' own."""

import re
from collections.abc import Sequence

from torch import nn

from search_engine.export.plain.expressions import CONSTANT, Place
from search_engine.export.plain.parameters import INTO, WIDTHS, Parameter, kind


def name_parameters(
    parameters: list[Parameter],
    row: Sequence[Place],
    given: Sequence[Parameter | None],
    modules: Sequence[nn.Module],
) -> None:
    """Give each parameter its name.

    Args:
        parameters: in the order in which their constants stand in the class.
        row: all its constants, at one of the places where it stands.
        given: the parameter of each, where it has one.
        modules: of that class.
    """
    taken: set[str] = set()
    wanted = _widths(parameters, row, given)
    for parameter in parameters:
        first = parameter.places[0]
        name = wanted.get(id(parameter), first.slot.name)
        if name == CONSTANT:
            name = _attribute(parameter, modules)
        if name in taken and first.path[0]:
            name = f"{first.path[0]}_{first.slot.name}"
        unique, number = name, 2
        while unique in taken:
            unique, number = f"{name}{number}", number + 1
        parameter.name = unique
        taken.add(unique)


def _widths(
    parameters: list[Parameter], row: Sequence[Place], given: Sequence[Parameter | None]
) -> dict[int, str]:
    """Names of the parameters that count channels: `in_channels`, `width`, `out_channels`."""
    widths = [p for p in parameters if p.is_width and p.places[0].slot.name != "groups"]
    if not widths:
        return {}
    names = {}
    ends = [g for place, g in zip(row, given, strict=True) if _is_end(place)]
    last = ends[-1]
    if widths[0].places[0].slot.name in INTO:
        names[id(widths[0])] = "channels" if widths[0] is last else "in_channels"
        widths.pop(0)
    inner = [p for p in widths if p is not last]
    plain = [p for p in inner if p.places[0].slot.name in WIDTHS]
    several = len(plain) > 1
    for parameter in widths:
        first = parameter.places[0]
        if parameter in plain or several:
            names[id(parameter)] = f"{first.path[0]}_width" if several else "width"
        elif parameter is last:
            names[id(parameter)] = "out_channels"
        else:
            snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", first.function).lower()
            names[id(parameter)] = f"{snake}_width"
    return names


def _attribute(parameter: Parameter, modules: Sequence[nn.Module]) -> str:
    """Name of a setting of the modules that is what the parameter is, at every place."""
    for name in vars(modules[0]):
        values = [getattr(module, name, None) for module in modules]
        if not name.startswith("_") and values == list(parameter.values):
            return name
    return CONSTANT


def _is_end(place: Place) -> bool:
    return kind(place) == "width" and place.slot.name != "groups"
