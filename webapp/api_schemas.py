"""OpenAPI of what the API writes, from the TypedDicts that type it."""

from typing import Any

from drf_spectacular.plumbing import resolve_type_hint
from drf_spectacular.utils import OpenApiParameter

Schema = dict[str, Any]

PAGING = [
    OpenApiParameter("page", int, description="Which page, from 1."),
    OpenApiParameter("page_size", int, description="Rows of a page: 50 unless said, at most 200."),
]


def schema_of(kind: type) -> Schema:
    """The schema of a TypedDict."""
    found: Schema = resolve_type_hint(kind)  # type: ignore[no-untyped-call]
    return found


def page_of(item: Schema) -> Schema:
    """A page of a list."""
    link = {"type": "string", "format": "uri", "nullable": True}
    properties = {
        "count": {"type": "integer"},
        "next": link,
        "previous": link,
        "results": {"type": "array", "items": item},
    }
    return {"type": "object", "required": list(properties), "properties": properties}


def list_of(item: Schema) -> Schema:
    return {"type": "array", "items": item}


def with_fields(**types: str) -> Schema:
    """An object of these fields."""
    properties = {name: {"type": kind} for name, kind in types.items()}
    return {"type": "object", "properties": properties}
