"""Reading JSON from elsewhere: bounded in size and depth, every mistake named by its place."""

import json
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, NoReturn, TypeVar

from search_engine.errors import InvalidConfig, SearchEngineError

MAX_DOCUMENT_BYTES = 256 * 1024
MAX_INTEGER = 2**63 - 1

Document = dict[str, Any]
"""A JSON object as `json.loads` gives it."""

E = TypeVar("E", bound=StrEnum)
Failure = Callable[[str, str], SearchEngineError]


class Reader:
    """The fields of one JSON object, taken one by one; what is left over is a mistake.

    Args:
        document: the object, or whatever stands in its place.
        place: what messages call it.
        failure: the error to raise, made from place and reason.

    Raises:
        SearchEngineError: the failure, as in every method: missing, mistyped, out of range,
            unknown.
    """

    def __init__(self, document: object, place: str, failure: Failure = InvalidConfig) -> None:
        self._failure = failure
        self.place = place
        if not isinstance(document, Mapping):
            self.fail(place, f"expected an object, got {describe(document)}")
        self._left = dict(document)

    def fail(self, place: str, reason: str) -> NoReturn:
        """Raise the failure."""
        raise self._failure(place, reason)

    def __contains__(self, name: str) -> bool:
        return name in self._left

    def names(self) -> list[str]:
        """The fields that are left."""
        return [str(name) for name in self._left]

    def take(self, name: str) -> object:
        """The field as it stands."""
        if name not in self._left:
            self.fail(self.place, f"{name!r} is missing")
        return self._left.pop(name)

    def string(self, name: str) -> str:
        """A text field."""
        value = self.take(name)
        if not isinstance(value, str):
            self.fail(f"{self.place}.{name}", f"expected a string, got {describe(value)}")
        return value

    def integer(self, name: str) -> int:
        """A whole number; `true` is none."""
        return self._integer(self.take(name), f"{self.place}.{name}")

    def optional_integer(self, name: str) -> int | None:
        """A whole number or null."""
        value = self.take(name)
        return None if value is None else self._integer(value, f"{self.place}.{name}")

    def number(self, name: str) -> float:
        """A number."""
        return self._number(self.take(name), f"{self.place}.{name}")

    def boolean(self, name: str) -> bool:
        """True or false."""
        value = self.take(name)
        if not isinstance(value, bool):
            self.fail(f"{self.place}.{name}", f"expected true or false, got {describe(value)}")
        return value

    def choice(self, name: str, kind: type[E]) -> E:
        """One of an enumeration's values."""
        return self._choice(self.take(name), f"{self.place}.{name}", kind)

    def sequence(self, name: str) -> Sequence[object]:
        """An array."""
        value = self.take(name)
        if not isinstance(value, list | tuple):
            self.fail(f"{self.place}.{name}", f"expected an array, got {describe(value)}")
        return value

    def integers(self, name: str) -> tuple[int, ...]:
        """An array of whole numbers."""
        return tuple(
            self._integer(value, f"{self.place}.{name}[{index}]")
            for index, value in enumerate(self.sequence(name))
        )

    def number_sequence(self, name: str) -> tuple[float, ...]:
        """An array of numbers."""
        return tuple(
            self._number(value, f"{self.place}.{name}[{index}]")
            for index, value in enumerate(self.sequence(name))
        )

    def choices(self, name: str, kind: type[E]) -> tuple[E, ...]:
        """An array of an enumeration's values."""
        return tuple(
            self._choice(value, f"{self.place}.{name}[{index}]", kind)
            for index, value in enumerate(self.sequence(name))
        )

    def counts(self, name: str) -> dict[str, int]:
        """An object whose values are whole numbers."""
        return {
            key: self._integer(count, f"{self.place}.{name}.{key}")
            for key, count in self._mapping(name).items()
        }

    def numbers(self, name: str) -> dict[str, float]:
        """An object whose values are numbers."""
        return {
            key: self._number(number, f"{self.place}.{name}.{key}")
            for key, number in self._mapping(name).items()
        }

    def _mapping(self, name: str) -> dict[str, object]:
        value = self.take(name)
        if not isinstance(value, Mapping):
            self.fail(f"{self.place}.{name}", f"expected an object, got {describe(value)}")
        return {str(key): item for key, item in value.items()}

    def _number(self, value: object, place: str) -> float:
        if isinstance(value, float):
            return value
        if not isinstance(value, int) or isinstance(value, bool):
            self.fail(place, f"expected a number, got {describe(value)}")
        return float(self._integer(value, place))

    def _integer(self, value: object, place: str) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            self.fail(place, f"expected a whole number, got {describe(value)}")
        if abs(value) > MAX_INTEGER:
            self.fail(place, f"expected a whole number of 64 bits, got {describe(value)}")
        return value

    def _choice(self, value: object, place: str, kind: type[E]) -> E:
        if not isinstance(value, str) or value not in list(kind):
            self.fail(place, f"expected one of {', '.join(kind)}, got {describe(value)}")
        return kind(value)

    def version(self, expected: int) -> None:
        """Check the `version` field."""
        found = self.integer("version")
        if found != expected:
            self.fail(f"{self.place}.version", f"expected {expected}, got {found}")

    def done(self) -> None:
        """Check that nothing is left."""
        if self._left:
            names = ", ".join(repr(str(name))[:60] for name in list(self._left)[:5])
            self.fail(self.place, f"unknown field {names}")


def parse_document(text: str | bytes, place: str, failure: Failure = InvalidConfig) -> object:
    """JSON text to plain Python values.

    Args:
        text: the JSON, at most `MAX_DOCUMENT_BYTES`.
        place: what messages call it.
        failure: the error to raise, made from place and reason.
    """
    if len(text) > MAX_DOCUMENT_BYTES:
        raise failure(
            place, f"expected at most {MAX_DOCUMENT_BYTES:,} bytes of JSON, got {len(text):,}"
        )
    try:
        return json.loads(text)
    except RecursionError:
        raise failure(place, "the JSON is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise failure(
            place, f"not JSON at line {error.lineno}, column {error.colno}: {error.msg}"
        ) from None
    except (UnicodeDecodeError, ValueError) as error:
        raise failure(place, f"not JSON: {error}") from None


def describe(value: object) -> str:
    """A value in a message: what kind it is, and a little of it."""
    names = {dict: "an object", list: "an array", str: "a string", type(None): "null"}
    if isinstance(value, int) and abs(value) > MAX_INTEGER:
        return "a huge number"
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    name = names.get(type(value), type(value).__name__)
    return f"{name} {value[:40]!r}" if isinstance(value, str) else name
