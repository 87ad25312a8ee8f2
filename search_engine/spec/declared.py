"""Declared once: what a config or a result consists of, with limits, units and help.

From the declaration come the checks at construction, JSON both ways, forms, command-line options,
schemas and the tables of the documentation.

    @declared
    class Budget(Declared):
        place = "budget"
        max_trials: Annotated[Whole, about("Trials", "so many have ended", ge=1)] = 500
"""

import dataclasses
import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import GenericAlias, MappingProxyType
from typing import Annotated, Any, ClassVar, Self, TypeVar, cast, dataclass_transform, overload

import pydantic
from pydantic import ConfigDict, Strict, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ArgsKwargs, CoreSchema, PydanticCustomError, core_schema

from search_engine.spec.documents import MAX_INTEGER, Document, describe
from search_engine.spec.errors import InvalidArchitecture, InvalidConfig, SearchEngineError
from search_engine.spec.faults import TAG_MARK, declared_fields, faults_of

T = TypeVar("T")

Whole = Annotated[int, Strict(), pydantic.Field(ge=-MAX_INTEGER, le=MAX_INTEGER)]
"""A whole number; `true` is none, and neither is `1.0`."""
Number = Annotated[float, Strict()]
"""A finite number, whole or not."""
Measured = Annotated[float, Strict(), pydantic.AllowInfNan(True)]
"""A number that was measured; JSON of Python's own has infinity and NaN, too."""
Flag = Annotated[bool, Strict()]
"""True or false, and no number in their place."""


def about(
    label: str, help: str, *, unit: str = "", variants: Sequence[str] = (), **limits: Any
) -> FieldInfo:
    """What people are told of a field.

    Args:
        help: what it does, in a clause that starts with a small letter.
        unit: in what it is counted.
        variants: families of skeletons that it is for, where it is not for all.
        limits: `ge`, `gt`, `le`, `lt`, `min_length` or `max_length`; or `alias`, its name in JSON.
    """
    extra: Any = {name: value for name, value in (("unit", unit), ("variants", variants)) if value}
    found: FieldInfo = pydantic.Field(
        title=label, description=help, json_schema_extra=extra or None, **limits
    )
    return found


def always(**values: object) -> Mapping[str, object]:
    """What JSON of a type always says."""
    return MappingProxyType(values)


class Declared:
    """Base of what is declared: JSON both ways, and errors that name the place of each fault.

    Without `@declared`, as a plain dataclass, a value is checked when it is read from JSON only:
    for what is made by the thousand.
    """

    __slots__ = ()
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", allow_inf_nan=False, validate_by_name=True, validate_by_alias=True
    )

    place: ClassVar[str] = ""
    """What messages call a value that stands by itself."""
    is_whole: ClassVar[bool] = False
    """It is the whole document, so its fields are called by their own names."""
    fixed: ClassVar[Mapping[str, object]] = always()
    """What its JSON always says, such as the version."""
    derived: ClassVar[tuple[str, ...]] = ()
    """Properties that its JSON has for readers; they are not read back."""
    alone: ClassVar[str] = ""
    """The one field whose JSON stands for the whole."""
    in_order: ClassVar[bool] = False
    """Its JSON is an array of its fields."""
    may_lack: ClassVar[tuple[str, ...] | None] = ()
    """Fields that came later, so that older JSON lacks them; None where any may be left out."""

    def to_json(self) -> Document:
        """The value as JSON's plain values."""
        return cast(Document, write(type(self), self))

    @classmethod
    def from_json(cls, document: object, context: object = None) -> Self:
        """A value from what `to_json` made.

        Args:
            context: what must be known to read some fields, such as the search space.

        Raises:
            InvalidConfig: malformed; it names the place of each fault.
        """
        return cast(Self, read(cls, document, context=context))

    @classmethod
    def opened(cls, document: Mapping[str, Any]) -> Mapping[str, Any]:
        """The fields of a JSON object, without what it always says and what follows from others.

        Raises:
            InvalidConfig: something is missing, or another version.
        """
        names = [*declared_fields(cls)]
        optional = names if cls.may_lack is None else cls.may_lack
        wanted = [*cls.fixed, *cls.derived, *(name for name in names if name not in optional)]
        faults = [("", f"{name!r} is missing") for name in wanted if name not in document]
        for name, expected in cls.fixed.items():
            if name in document:
                faults += _differs(name, expected, document[name])
        if faults:
            raise InvalidConfig(*faults[0], faults=faults)
        apart = {*cls.fixed, *cls.derived} - set(names)
        return {name: value for name, value in document.items() if name not in apart}

    @classmethod
    def written(cls, document: Document) -> Document:
        """The fields as a JSON object shall have them; `opened` turns it back."""
        return document

    @classmethod
    def _fields_of(cls, value: object) -> object:
        """The fields of what stands for a value in JSON; a value that is one already, as it is."""
        if isinstance(value, cls | ArgsKwargs):
            return value
        if cls.alone:
            return {cls.alone: value}
        if cls.in_order:
            return refused_politely(cls._from_array)(value)
        if not isinstance(value, Mapping):
            return value
        return dict(refused_politely(cls.opened)({str(k): v for k, v in value.items()}))

    @classmethod
    def _from_array(cls, values: object) -> Mapping[str, object]:
        names = [field.name for field in dataclasses.fields(cast(Any, cls))]
        if not isinstance(values, list | tuple) or len(values) != len(names):
            raise InvalidConfig("", f"expected {', '.join(names)}, got {describe(values)}")
        return dict(zip(names, values, strict=True))

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: pydantic.GetCoreSchemaHandler
    ) -> CoreSchema:
        def opened(value: object, fields: Callable[[object], Any]) -> Any:
            return fields(cls._fields_of(value))

        def written(value: Any, plain: Callable[[Any], Document]) -> Any:
            if cls.alone:
                return plain(value)[cls.alone]
            if cls.in_order:
                return list(plain(value).values())
            derived = {name: getattr(value, name) for name in cls.derived}
            return {**cls.fixed, **cls.written({**plain(value), **derived})}

        fields: Any = handler(source)
        if vars(cls).get("__pydantic_complete__"):
            return fields  # as it was made before, with what follows
        # The name by which other schemas refer to this one is the outer's.
        name = fields.pop("ref", None)
        return core_schema.no_info_wrap_validator_function(
            opened,
            fields,
            ref=name,
            serialization=core_schema.wrap_serializer_function_ser_schema(written),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: pydantic.GetJsonSchemaHandler
    ) -> dict[str, Any]:
        found = handler.resolve_ref_schema(handler(schema))
        fixed = {name: {"const": value} for name, value in cls.fixed.items()}
        found["properties"] = {**fixed, **found.get("properties", {})}
        if cls.alone:
            return cast(dict[str, Any], found["properties"][cls.alone])
        if cls.in_order:
            told: dict[str, Any] = {
                name: found[name] for name in ("title", "description") if name in found
            }
            places = list(found["properties"].values())
            count = len(places)
            return {
                **told,
                "type": "array",
                "prefixItems": places,
                "minItems": count,
                "maxItems": count,
            }
        return found


@overload
def declared(cls: type[T], /) -> type[T]: ...
@overload
def declared(*, kw_only: bool) -> Callable[[type[T]], type[T]]: ...


@dataclass_transform(frozen_default=True, field_specifiers=(dataclasses.field,))
def declared(cls: type[T] | None = None, /, *, kw_only: bool = False) -> Any:
    """A frozen dataclass whose fields are checked when it is made.

    Every fault is an `InvalidConfig` that names its place; so is what `__post_init__` refuses,
    which names fields by their names within the class.
    """
    if cls is None:
        return functools.partial(_declared, kw_only=kw_only)
    return _declared(cls, kw_only=kw_only)


def _declared(cls: type[T], *, kw_only: bool) -> type[T]:
    if "__post_init__" in vars(cls):
        checks = refused_politely(vars(cls)["__post_init__"])
        cls.__post_init__ = checks  # type: ignore[attr-defined]
    made: Any = pydantic.dataclasses.dataclass(frozen=True, kw_only=kw_only)(cls)
    build = made.__init__

    @functools.wraps(build)
    def checked(self: Any, *args: Any, **values: Any) -> None:
        try:
            build(self, *args, **values)
        except ValidationError as error:
            raise _invalid(type(self), error) from None

    made.__init__ = checked
    return cast(type[T], made)


class Tagged:
    """Marks a field that holds one of several declared types: `field` in its JSON says which."""

    def __init__(self, field: str, *kinds: type[Declared]) -> None:
        self.field = field
        self.kinds = {str(kind.fixed[field]): kind for kind in kinds}

    def __get_pydantic_core_schema__(
        self, source: Any, handler: pydantic.GetCoreSchemaHandler
    ) -> CoreSchema:
        choices = {TAG_MARK + tag: handler.generate_schema(k) for tag, k in self.kinds.items()}
        by_kind = {kind: TAG_MARK + tag for tag, kind in self.kinds.items()}
        tagged = core_schema.tagged_union_schema(
            choices, lambda value: by_kind.get(type(value)) or TAG_MARK + str(value[self.field])
        )
        return core_schema.no_info_before_validator_function(
            refused_politely(self._checked), tagged
        )

    def _checked(self, value: Any) -> Any:
        if type(value) in self.kinds.values():
            return value
        if not isinstance(value, Mapping):
            raise InvalidConfig("", f"expected an object, got {describe(value)}")
        if self.field not in value:
            raise InvalidConfig("", f"{self.field!r} is missing")
        tag = value[self.field]
        if not isinstance(tag, str) or tag not in self.kinds:
            expected = ", ".join(self.kinds)
            raise InvalidConfig(self.field, f"expected one of {expected}, got {describe(tag)}")
        return value


class OneOf:
    """Marks a text that must be one of several names."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(names)

    def __get_pydantic_core_schema__(
        self, source: Any, handler: pydantic.GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.literal_schema(list(self.names))


class Pairs:
    """Marks a field of pairs in the order of their names, which JSON has as an object."""

    def __init__(self, values: Any) -> None:
        self.values = values

    def __get_pydantic_core_schema__(
        self, source: Any, handler: pydantic.GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.chain_schema(
            [
                core_schema.no_info_before_validator_function(
                    lambda value: dict(value) if isinstance(value, tuple) else value,
                    handler.generate_schema(GenericAlias(dict, (str, self.values))),
                ),
                core_schema.no_info_plain_validator_function(
                    lambda found: tuple(sorted(found.items()))
                ),
            ],
            serialization=core_schema.plain_serializer_function_ser_schema(dict),
        )


class Codec:
    """Marks a field that JSON has in a form of its own, of the type `document`."""

    def __init__(
        self,
        kind: type[T],
        read: Callable[[object], T],
        write: Callable[[T], object],
        document: Any,
    ) -> None:
        self.kind, self.read, self.write, self.document = kind, read, write, document

    def __get_pydantic_core_schema__(
        self, source: Any, handler: pydantic.GetCoreSchemaHandler
    ) -> CoreSchema:
        read = refused_politely(self.read)
        return core_schema.no_info_plain_validator_function(
            lambda value: value if isinstance(value, self.kind) else read(value),
            serialization=core_schema.plain_serializer_function_ser_schema(self.write),
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: pydantic.GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return handler(adapter(self.document).core_schema)


@functools.cache
def adapter(kind: Any) -> TypeAdapter[Any]:
    """What reads and writes a type."""
    return TypeAdapter(kind)


def read(kind: Any, document: object, place: str = "", context: object = None) -> Any:
    """A value of a declared type, or of what is made of such types, from JSON's plain values.

    Args:
        place: what messages call the document, where the type does not say so.

    Raises:
        InvalidConfig: malformed; it names the place of each fault.
    """
    try:
        return adapter(kind).validate_python(document, context=context)
    except ValidationError as error:
        raise _invalid(kind, error, place) from None


def write(kind: Any, value: object) -> Any:
    """JSON's plain values of a value."""
    return adapter(kind).dump_python(value, mode="json", by_alias=True)


def _invalid(kind: Any, error: ValidationError, place: str = "") -> SearchEngineError:
    """The one place where pydantic's errors become ours."""
    first = error.errors(include_url=False)[0].get("ctx", {}).get("refusal")
    if isinstance(first, InvalidArchitecture):
        return first
    name = place or getattr(kind, "place", "")
    prefix = "" if getattr(kind, "is_whole", False) else name
    faults = [
        (".".join(filter(None, (prefix, within))) or name, reason)
        for within, reason in faults_of(kind, error)
    ]
    return InvalidConfig(*faults[0], faults=faults)


def refused_politely(check: Callable[..., T]) -> Callable[..., T]:
    """The function with its engine errors in a form that pydantic gathers, with their place."""

    @functools.wraps(check)
    def checked(*args: Any, **values: Any) -> T:
        try:
            return check(*args, **values)
        except SearchEngineError as error:
            raise PydanticCustomError("refused", "refused", {"refusal": error}) from error

    return checked


def _differs(name: str, expected: object, got: object) -> Iterable[tuple[str, str]]:
    if isinstance(expected, int) and (not isinstance(got, int) or isinstance(got, bool)):
        return [(name, f"expected a whole number, got {describe(got)}")]
    return [] if got == expected else [(name, f"expected {expected}, got {describe(got)}")]
