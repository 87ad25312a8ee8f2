"""A row as JSON: what stands in a column under the field's own name need not be said again."""

from datetime import datetime
from functools import cache
from typing import Any, TypeVar, cast, get_type_hints

from django.db.models import Model

Shape = TypeVar("Shape")


def filled(shape: type[Shape], row: Model, **others: Any) -> Shape:
    """A TypedDict with the values that a row has under the names of its fields.

    Args:
        row: times in it become text, as ISO 8601 has it.
        others: the fields that the row has not, or has otherwise.
    """
    names = _fields(shape)  # type: ignore[arg-type]  # a class can be hashed
    assert others.keys() <= set(names), f"{shape.__name__} has no {others.keys() - set(names)}"
    return cast(Shape, {n: others[n] if n in others else _plain(getattr(row, n)) for n in names})


@cache
def _fields(shape: type) -> tuple[str, ...]:
    """Names of all fields, those of its bases first."""
    return tuple(get_type_hints(shape))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
