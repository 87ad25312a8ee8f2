"""Parameters of the classes of a written file: constants that differ from place to place."""

import math
import re
from dataclasses import dataclass, field
from typing import Any

from search_engine.export.plain.expressions import ClassName, Place
from search_engine.export.plain.text import literal

INTO = ("channels", "in_channels", "in_features", "num_features", "normalized_shape")
WIDTHS = (*INTO, "out_channels", "out_features", "groups")
BY_PLACE = ("channels", "in_channels", "width", "out_channels", "kernel_size")
"""Parameters that are given without their names."""


@dataclass(slots=True)
class Parameter:
    """A parameter of a class.

    Args:
        values: what it is at each of the places.
        places: of the constants that it gives.
        name: set last of all, when it is known what other parameters there are.
    """

    values: tuple[Any, ...]
    places: list[Place] = field(default_factory=list)
    name: str = ""

    @property
    def default(self) -> tuple[Any, ...]:
        """A tuple of the default, or empty where it has none."""
        found = {place.slot.default for place in self.places}
        return next(iter(found)) if len(found) == 1 else ()

    @property
    def is_width(self) -> bool:
        """Whether it counts channels."""
        return kind(self.places[0]) == "width"

    @property
    def signature(self) -> str:
        """How it stands in the constructor's signature."""
        types = dict.fromkeys(_type(value) for value in self.values)
        default = f" = {source(self.default[0])}" if self.default else ""
        return f"{self.name}: {' | '.join(types)}{default}"


def source(value: Any) -> str:
    """A constant as source."""
    if isinstance(value, ClassName):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    return literal(value) if isinstance(value, str) else repr(value)


def kind(place: Place) -> str:
    """Constants of one kind may be one parameter."""
    name = place.slot.name
    return "width" if name in WIDTHS or re.search(r"(^|_)width\d*$", name) else name


def _type(value: Any) -> str:
    if isinstance(value, ClassName):
        return "type[nn.Module]"
    if isinstance(value, tuple):
        return f"tuple[{', '.join(_type(item) for item in value)}]"
    return "None" if value is None else type(value).__name__
