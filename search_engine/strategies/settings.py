"""A strategy's settings, from names and values that somebody gave us."""

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from search_engine.architecture.documents import describe
from search_engine.errors import InvalidConfig

S = TypeVar("S")


def read_settings(kind: type[S], given: Mapping[str, object]) -> S:
    """A dataclass of numbers from names and values; what is not given has its default.

    Raises:
        InvalidConfig: an unknown name, or a value of the wrong type or outside its limits.
    """
    defaults: dict[str, Any] = {f.name: f.default for f in dataclasses.fields(cast(Any, kind))}
    for name, value in given.items():
        if name not in defaults:
            raise InvalidConfig(name, f"unknown setting; expected one of {', '.join(defaults)}")
        whole = isinstance(defaults[name], int)
        if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
            expected = "a whole number" if whole else "a number"
            raise InvalidConfig(name, f"expected {expected}, got {describe(value)}")
    return kind(**given)
