"""Values in a document by their dotted names, which are the names of fields on forms."""

from collections.abc import Mapping
from typing import Any


def value_at(document: Mapping[str, Any], place: str) -> Any:
    """The value there; None where there is none."""
    value: Any = document
    for name in place.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def put_at(document: dict[str, Any], place: str, value: Any) -> None:
    """Put a value there, with the objects around it."""
    *way, last = place.split(".")
    for name in way:
        document = document.setdefault(name, {})
    document[last] = value
