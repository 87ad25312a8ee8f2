"""OpenAPI of what the API writes, from the TypedDicts that type it, and of configs it reads."""

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent, resolve_type_hint
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers
from rest_framework.generics import GenericAPIView

from search_engine.spec.declared import Declared, adapter
from webapp.errors import ErrorBody

Schema = dict[str, Any]

_NAME = "Config{model}"
_OWN = {"unit": "x-unit", "variants": "x-families"}

REFUSALS = {
    "400": "What was sent is not valid.",
    "401": "Nobody has signed in, or the token is not valid.",
    "403": "You may see this, but not do it.",
    "404": "There is nothing here, or it is not yours to see.",
    "409": "Its state does not allow it.",
    "413": "What was sent is too large.",
    "415": "What was sent is of another kind than those listed.",
    "429": "Too many requests; `Retry-After` says in how many seconds to ask again.",
}

_NO_NUL = "^[^\\x00]*$"
_FROM_1 = {"type": "integer", "minimum": 1}
PAGING = [
    OpenApiParameter("page", _FROM_1, description="Which page."),
    OpenApiParameter("page_size", _FROM_1, description="Rows: 50 unless said, never over 200."),
]


IDS = OpenApiParameter(
    "ids",
    {"type": "string", "pattern": "^[0-9]{1,15}(,[0-9]{1,15}){0,199}$"},
    description="Only these, such as `1,2,3`.",
)
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="The same key a second time gives what it gave first, and launches nothing.",
)


def schema_of(kind: type) -> Schema:
    """The schema of a TypedDict."""
    found: Schema = resolve_type_hint(kind)  # type: ignore[no-untyped-call]
    return found


def page_of(item: Schema) -> Schema:
    """A page of a list."""
    link = {"type": ["string", "null"], "format": "uri"}
    properties = {
        "count": {"type": "integer"},
        "next": link,
        "previous": link,
        "results": {"type": "array", "items": item},
    }
    return {"type": "object", "required": list(properties), "properties": properties}


def list_of(item: Schema) -> Schema:
    return {"type": "array", "items": item}


class Described(AutoSchema):
    """drf-spectacular's, which takes what an action called `list` answers for one of its rows."""

    def _is_list_view(self, serializer: Any = None) -> bool:
        """Only where rows are serializers'; other views say with `page_of` what they answer."""
        is_generic = isinstance(self.view, GenericAPIView)
        return is_generic and bool(super()._is_list_view(serializer))


_ERROR = {"$ref": "#/components/schemas/Error"}
UNUSABLE = {
    (422, "application/json"): OpenApiResponse(
        _ERROR, "It is as described here, and cannot be used: `fields` says what does not fit."
    )
}
"""An answer of operations that take whole configs or files."""


def document_errors(result: Schema, **_: Any) -> Schema:
    """Every operation may be refused, always in the one shape: drf-spectacular's last step.

    Views name what they answer when all goes well; what may go wrong follows from what they take.
    """
    result["components"]["schemas"]["Error"] = {
        "description": "Why a request was refused: a sentence, a word for programs, and a sentence"
        " for each field that is at fault.",
        **schema_of(ErrorBody),
    }
    error = {"application/json": {"schema": _ERROR}}
    for name, component in result["components"]["schemas"].items():
        if name.startswith(_NAME.format(model="")):
            _keep_nul_out(component)
    for address, methods in result["paths"].items():
        for method, operation in methods.items():
            _close_bodies(operation, result["components"]["schemas"])
            for parameter in operation.get("parameters", ()):
                _as_text(parameter["schema"])
            for status in _refusals(address, method, operation):
                refusal = {"description": REFUSALS[status], "content": error}
                operation["responses"].setdefault(status, refusal)
    return result


def _close_bodies(operation: Schema, components: Schema) -> None:
    """Fields that there are not are refused in JSON: see `requests.read`."""
    sent = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    name = sent.get("schema", {}).get("$ref", "").rpartition("/")[2]
    if name:
        components[name]["additionalProperties"] = False
        _keep_nul_out(components[name].get("properties", {}))


def _as_text(schema: Schema) -> None:
    """No database can hold NUL, and what is white alone is empty once it is trimmed."""
    kinds = schema.get("type", ())
    if "items" in schema:
        _as_text(schema["items"])
    elif "string" in kinds and not {"format", "enum", "pattern"} & schema.keys():
        visible = "[^\\x00\\s\\x1c-\\x1f\\x85][^\\x00]*" if schema.get("minLength") else ""
        schema["pattern"] = f"^[^\\x00]*{visible}$"


def _keep_nul_out(schema: Any) -> None:
    """Of all texts within, and of the names of what has names that somebody chose."""
    if isinstance(schema, list):
        for part in schema:
            _keep_nul_out(part)
    elif isinstance(schema, dict):
        _as_text(schema)
        if isinstance(schema.get("additionalProperties"), dict):
            schema["propertyNames"] = {"pattern": _NO_NUL}
        for part in schema.values():
            _keep_nul_out(part)


def _refusals(address: str, method: str, operation: Schema) -> set[str]:
    found = {"401", "403", "429"}
    if "requestBody" in operation:
        found |= {"400", "404", "409", "413", "415"}  # what it names may be gone, or not its turn
    if operation.get("parameters"):
        found |= {"400", "404"}
    if method != "get" or address.endswith("/download/"):
        found |= {"409"}
    return found


def with_fields(**types: str) -> Schema:
    """An object of these fields."""
    properties = {name: {"type": kind} for name, kind in types.items()}
    return {"type": "object", "properties": properties}


class ConfigField(serializers.DictField):
    """Settings that are laid over a config: any of them may be left out.

    Args:
        kind: of the config. It is judged when the settings are laid over, not here.
    """

    def __init__(self, kind: type[Declared], **options: Any) -> None:
        super().__init__(required=False, default=dict, **options)
        self.kind = kind

    def __deepcopy__(self, memo: dict[int, Any]) -> "ConfigField":
        return ConfigField(self.kind)


class ConfigFieldSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """Found by drf-spectacular, which registers such classes when they are defined."""

    target_class = ConfigField

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> dict[str, Any]:
        """The schema, whose parts become components of the document."""
        schema = adapter(self.target.kind).json_schema(ref_template=f"#/components/schemas/{_NAME}")
        for model, part in schema.pop("$defs", {}).items():
            component = ResolvedComponent(  # type: ignore[no-untyped-call]
                name=_NAME.format(model=model),
                type=ResolvedComponent.SCHEMA,
                schema=_in_openapi(part),
                object=_NAME.format(model=model),
            )
            auto_schema.registry.register_on_missing(component)
        return dict(_in_openapi(schema))


def _in_openapi(schema: Any) -> Any:
    """JSON Schema with our own words in the form that OpenAPI has for such."""
    if isinstance(schema, list):
        return [_in_openapi(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    found = {_OWN.get(name, name): _in_openapi(part) for name, part in schema.items()}
    if "properties" in schema:  # fields may be called like a word of ours
        named = schema["properties"].items()
        found["properties"] = {name: _in_openapi(part) for name, part in named}
    return found
