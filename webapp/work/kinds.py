"""The registry of the kinds of work that there are."""

from typing import Any

from webapp.work.kind import Kind

_kinds: dict[str, Kind[Any]] = {}


def register(kind: Kind[Any]) -> None:
    """Make a kind of work known; each app does so for its own when Django starts."""
    _kinds[kind.name] = kind


def find(name: str) -> Kind[Any]:
    """The kind of this name.

    Raises:
        KeyError: there is none.
    """
    return _kinds[name]


def every() -> list[Kind[Any]]:
    """All kinds, in the order in which their apps were started."""
    return list(_kinds.values())
