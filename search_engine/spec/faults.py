"""Faults in words: the place of each, what its declaration expects, and what was got."""

import dataclasses
import functools
import types
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin, get_type_hints

import annotated_types
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from search_engine.spec.documents import describe
from search_engine.spec.errors import InvalidConfig

TAG_MARK = "="
"""In front of the name of a variant, where pydantic puts it among the names of fields."""

Fault = tuple[str, str]
"""A dotted place and a reason."""


class Shown(NamedTuple):
    """What a field holds.

    Args:
        kind: its type, without `None` and without marks.
        marks: limits and the like.
        optional: whether null is legal.
    """

    kind: Any
    marks: tuple[Any, ...]
    optional: bool = False


def shown(annotation: Any, marks: tuple[Any, ...] = ()) -> Shown:
    """A type taken apart; what stands further out counts more, and comes first."""
    if get_origin(annotation) is Annotated:
        kind, *inner = get_args(annotation)
        return shown(kind, (*marks, *_flat(inner)))
    if get_origin(annotation) in (Union, types.UnionType) and type(None) in get_args(annotation):
        kinds = [kind for kind in get_args(annotation) if kind is not type(None)]
        if len(kinds) == 1:
            return shown(kinds[0], marks)._replace(optional=True)
    return Shown(annotation, marks)


def of_field(info: FieldInfo) -> Shown:
    """What a declared field holds."""
    return shown(info.annotation, tuple(_flat(info.metadata)))


def declared_fields(kind: Any) -> Mapping[str, FieldInfo]:
    """The fields of a declared type by their names in JSON."""
    return _declared_fields(kind)


@functools.cache
def _declared_fields(kind: Any) -> Mapping[str, FieldInfo]:
    fields = getattr(kind, "__pydantic_fields__", None)
    if fields is None:
        hints = get_type_hints(kind, include_extras=True)
        names = [field.name for field in dataclasses.fields(kind)]
        fields = {name: FieldInfo.from_annotation(hints[name]) for name in names}
    return {info.alias or name: info for name, info in fields.items()}


def limits(found: Shown) -> dict[str, Any]:
    """`ge`, `gt`, `le` and `lt`, as they are declared."""
    names = ("ge", "gt", "le", "lt")
    given: dict[str, Any] = {}
    for mark in found.marks:
        for name in names:
            # A limit of 64 bits is a computer's, and nothing that people need be told.
            value = getattr(mark, name, None)
            if value is not None and abs(value) < 2**62:
                given.setdefault(name, value)
    return given


def limits_text(found: Shown) -> str:
    """Limits for people: `1 to 64`, `above 0`, `0 to below 1`."""
    given = limits(found)
    low: Any = given.get("ge", given.get("gt"))
    high: Any = given.get("le", given.get("lt"))
    if "gt" in given and "lt" in given:
        return f"between {number_text(low)} and {number_text(high)}"
    above = "above " if "gt" in given else ""
    below = "below " if "lt" in given else ""
    if low is None:
        return "" if high is None else f"{below or 'at most '}{number_text(high)}"
    if high is None:
        return f"{above}{number_text(low)}" + ("" if above else " or more")
    return f"{above}{number_text(low)} to {below}{number_text(high)}"


def number_text(value: float) -> str:
    """A number for people."""
    if isinstance(value, int) or value.is_integer():
        return f"{int(value):,}" if abs(value) >= 10_000 else str(int(value))
    return f"{value:g}"


_EXPECTED = {int: "a whole number", float: "a number", bool: "true or false", str: "a string"}


def expected(found: Shown | None) -> str:
    """What a field expects: `a whole number 1 to 64`, `one of none, median, halving`."""
    if found is None:
        return "something else"
    text = _EXPECTED.get(found.kind, "")
    if isinstance(found.kind, type) and issubclass(found.kind, StrEnum):
        text = f"one of {', '.join(found.kind)}"
    elif names := next((mark.names for mark in found.marks if hasattr(mark, "names")), ()):
        text = f"one of {', '.join(names)}"
    elif get_origin(found.kind) is tuple and not any(hasattr(m, "values") for m in found.marks):
        items = get_args(found.kind)
        text = "an array" if items[-1] is ... else f"an array of {len(items)}"
    text = " ".join(filter(None, (text or "an object", limits_text(found))))
    return f"{text}, or null" if found.optional else text


def faults_of(kind: Any, error: ValidationError) -> Iterator[Fault]:
    """Every fault of a value of this type, those in one refusal one by one."""
    for fault in error.errors(include_url=False):
        refusal = fault.get("ctx", {}).get("refusal")
        names, found = _walk(kind, fault["loc"])
        place = ".".join(names)
        if isinstance(refusal, InvalidConfig):
            for within, reason in refusal.faults:
                yield ".".join(filter(None, (place, within))), reason
        elif refusal is not None:
            yield place, str(refusal)
        elif fault["type"] == "missing" and isinstance(fault["loc"][-1], int):
            # Of an array of a certain length.
            yield ".".join(names[:-1]), f"expected {expected(_walk(kind, fault['loc'][:-1])[1])}"
        elif fault["type"] == "missing":
            yield ".".join(names[:-1]), f"{names[-1]!r} is missing"
        elif fault["type"] == "unexpected_keyword_argument":
            yield ".".join(names[:-1]), f"unknown field {names[-1][:60]!r}"
        else:
            yield place, _reason(fault["type"], fault.get("ctx", {}), found, fault["input"])


def _reason(kind: str, context: Mapping[str, Any], found: Shown | None, got: object) -> str:
    if kind in ("too_long", "too_short"):
        bound = "at most" if kind == "too_long" else "at least"
        number = context.get("max_length", context.get("min_length"))
        return f"expected {bound} {number:,}, got {context.get('actual_length')}"
    if kind.startswith("string_too"):
        return f"expected {_lengths(found)} characters"
    return f"expected {expected(found)}, got {describe(got)}"


def _lengths(found: Shown | None) -> str:
    marks = found.marks if found else ()
    low = next((m.min_length for m in marks if isinstance(m, annotated_types.MinLen)), 0)
    high = next((m.max_length for m in marks if isinstance(m, annotated_types.MaxLen)), 0)
    return f"{low} to {high}"


def _walk(kind: Any, place: tuple[int | str, ...]) -> tuple[list[str], Shown | None]:
    """The names along a place, and the declaration of what stands there, as far as it is known."""
    names: list[str] = []
    found: Shown | None = shown(kind)
    for step in place:
        if isinstance(step, str) and step.startswith(TAG_MARK):
            found = found and _variant(found, step.removeprefix(TAG_MARK))
            continue
        alone = step == getattr(found and found.kind, "alone", None)
        name, found = _step(found, step)
        names += [] if alone else [name]
    return names, found


def _variant(found: Shown, tag: str) -> Shown | None:
    kinds: Mapping[str, Any] = next((m.kinds for m in found.marks if hasattr(m, "kinds")), {})
    return shown(kinds[tag]) if tag in kinds else None


def _step(found: Shown | None, step: int | str) -> tuple[str, Shown | None]:
    if found is None:
        return str(step), None
    if dataclasses.is_dataclass(found.kind):
        by_name = declared_fields(found.kind)
        name = [*by_name][step] if isinstance(step, int) and step < len(by_name) else str(step)
        return name, of_field(by_name[name]) if name in by_name else None
    of_pairs = next((mark.values for mark in found.marks if hasattr(mark, "values")), None)
    if of_pairs is not None:
        return str(step), shown(of_pairs)
    items = get_args(found.kind)
    if isinstance(step, int) and get_origin(found.kind) is tuple and items:
        return str(step), shown(items[0] if items[-1] is ... else items[min(step, len(items) - 1)])
    if isinstance(step, str) and items and get_origin(found.kind) is not tuple:
        return step, shown(items[-1])  # a mapping's values
    return str(step), None


def _flat(marks: Any) -> Iterator[Any]:
    for mark in marks:
        yield from _flat(mark.metadata) if isinstance(mark, FieldInfo) else (mark,)
