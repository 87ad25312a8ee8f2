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


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The base with changes laid over it, object by object; arrays are replaced as a whole."""
    result = dict(base)
    for name, value in changes.items():
        before = result.get(name)
        if isinstance(before, Mapping) and isinstance(value, Mapping) and _is_same(before, value):
            result[name] = merged(before, value)
        else:
            result[name] = value
    return result


def _is_same(before: Mapping[str, Any], value: Mapping[str, Any]) -> bool:
    """Another family of skeletons has other fields, so nothing of the old one may remain."""
    family = before.get("family")
    return bool(value.get("family", family) == family)


def changed_fields(base: Mapping[str, Any], other: Mapping[str, Any], at: str = "") -> list[str]:
    """Dotted names of the fields in which two documents differ."""
    found: list[str] = []
    for name in {**base, **other}:
        place = f"{at}{name}"
        one, two = base.get(name), other.get(name)
        if isinstance(one, Mapping) and isinstance(two, Mapping):
            found += changed_fields(one, two, f"{place}.")
        elif one != two:
            found.append(place)
    return found
