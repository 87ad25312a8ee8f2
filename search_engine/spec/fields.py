"""The fields of what is declared, described: for forms, command-line options and tables."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar, get_args, get_origin

from pydantic.fields import FieldInfo

from search_engine.spec.declared import Codec, Declared, OneOf, Pairs, Tagged
from search_engine.spec.faults import Shown, declared_fields, limits_text, of_field, shown

M = TypeVar("M")


class Kind(StrEnum):
    """What a field holds."""

    INTEGER = "integer"
    NUMBER = "number"
    FLAG = "flag"
    TEXT = "text"
    CHOICE = "choice"
    CHOICES = "choices"
    INTEGERS = "integers"
    NUMBERS = "numbers"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Setting:
    """One field of a declared type, or of a part of it.

    Args:
        place: its dotted name in the whole document.
        unit: in what it is counted.
        limits: such as `1 to 100,000`.
        default: what stands there where nothing is said, as in JSON.
        variants: those that have it, where only some do; empty for all.
        chosen_by: the place of the choice among the variants.
    """

    place: str
    label: str
    kind: Kind
    help: str = ""
    unit: str = ""
    limits: str = ""
    choices: tuple[str, ...] = ()
    optional: bool = False
    default: Any = None
    variants: tuple[str, ...] = ()
    chosen_by: str = "skeleton.family"

    @property
    def explained(self) -> str:
        """Help and limits in one sentence."""
        text = "; ".join(filter(None, (self.help, self.limits)))
        return text[:1].upper() + text[1:]


def settings_of_type(kind: type[Declared], default: Any = None) -> tuple[Setting, ...]:
    """The settings of a declared type and of its parts, in the order in which they are declared.

    Args:
        kind: every field of which has a default.
        default: a value whose fields are the defaults; `kind()` where None.
    """
    document = (kind() if default is None else default).to_json()
    return tuple(_settings(kind, document, ""))


def _settings(kind: Any, document: Mapping[str, Any], at: str) -> Iterator[Setting]:
    for name, info in declared_fields(kind).items():
        found, place, default = of_field(info), f"{at}{name}", document.get(name)
        tagged = _mark(found, Tagged)
        if tagged is not None:
            yield from _variants(tagged, found, default, place)
        elif _has_parts(found) and isinstance(default, Mapping):
            yield from _settings(found.kind, default, f"{place}.")
        else:
            yield _setting(place, info, default)


def _variants(tagged: Tagged, found: Shown, default: Any, at: str) -> Iterator[Setting]:
    """The settings of all variants, each once: first those that are a variant's own."""
    made = {tag: kind for tag, kind in tagged.kinds.items() if _can_be_made(kind)}
    yield Setting(
        f"{at}.{tagged.field}",
        tagged.field.capitalize(),
        Kind.CHOICE,
        choices=tuple(made),
        default=default[tagged.field],
    )
    shared = declared_fields(found.kind)
    merged: dict[str, list[tuple[str, Setting]]] = {}
    for tag, kind in made.items():
        usual = {**kind().to_json(), **(default if default[tagged.field] == tag else {})}
        for setting in _settings(kind, usual, f"{at}."):
            merged.setdefault(setting.place, []).append((tag, setting))
    for own in (True, False):
        for place, each in merged.items():
            if (place.removeprefix(f"{at}.") not in shared) is own:
                yield _merged(each, len(made))


def _merged(each: list[tuple[str, Setting]], variants: int) -> Setting:
    """One setting for several variants; where one takes several numbers, it takes several."""
    first = next((s for _, s in each if s.kind is Kind.INTEGERS), each[0][1])
    tags = () if len(each) == variants else tuple(tag for tag, _ in each)
    default = each[0][1].default
    return dataclasses.replace(first, variants=tags, default=default)


def _setting(place: str, info: FieldInfo, default: Any) -> Setting:
    found = of_field(info)
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    items = _items(found)
    return Setting(
        place=place,
        label=info.title or place,
        kind=_kind(found),
        help=info.description or "",
        unit=str(extra.get("unit", "")),
        limits=limits_text(items or found),
        choices=_choices(items or found),
        optional=found.optional,
        default=default,
        variants=tuple(extra.get("variants", ())),  # type: ignore[arg-type]
    )


_KINDS = {int: Kind.INTEGER, float: Kind.NUMBER, bool: Kind.FLAG, str: Kind.TEXT}


def _kind(found: Shown) -> Kind:
    if _choices(found):
        return Kind.CHOICE
    if _mark(found, Pairs):
        return Kind.NUMBERS
    if items := _items(found):
        if _choices(items):
            return Kind.CHOICES
        return Kind.INTEGERS if items.kind is int else Kind.OTHER
    return _KINDS.get(found.kind, Kind.OTHER)


def _choices(found: Shown) -> tuple[str, ...]:
    one_of = _mark(found, OneOf)
    if one_of is not None:
        return one_of.names
    is_choice = isinstance(found.kind, type) and issubclass(found.kind, StrEnum)
    return tuple(member.value for member in found.kind) if is_choice else ()


def _items(found: Shown) -> Shown | None:
    """What an array of any length holds."""
    arguments = get_args(found.kind)
    is_array = get_origin(found.kind) is tuple and arguments[-1] is ...
    return shown(arguments[0]) if is_array and not _mark(found, Pairs) else None


def _has_parts(found: Shown) -> bool:
    is_declared = isinstance(found.kind, type) and issubclass(found.kind, Declared)
    return is_declared and _mark(found, Codec) is None


def _can_be_made(kind: Any) -> bool:
    return not any(info.is_required() for info in declared_fields(kind).values())


def _mark(found: Shown, kind: type[M]) -> M | None:
    return next((mark for mark in found.marks if isinstance(mark, kind)), None)


def table(settings: Iterable[Setting]) -> str:
    """The settings as a table in Markdown."""
    rows = ["| setting | default | limits | unit | what it does |", "|---|---|---|---|---|"]
    for setting in settings:
        limits = setting.limits or ", ".join(f"`{choice}`" for choice in setting.choices)
        if setting.optional:
            limits = f"{limits}, or null" if limits else "or null"
        only = f" ({', '.join(setting.variants)} only)" if setting.variants else ""
        default = _shown_default(setting.default)
        rows.append(
            f"| `{setting.place}` | {default} | {limits} | {setting.unit} | {setting.help}{only} |"
        )
    return "\n".join(rows) + "\n"


def _shown_default(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, Mapping):
        return ", ".join(value) or "none"
    return str(value)
