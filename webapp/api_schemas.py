"""OpenAPI of what the API writes, from the TypedDicts that type it."""

from typing import Any

from drf_spectacular.plumbing import resolve_type_hint
from drf_spectacular.utils import OpenApiParameter

from webapp.errors import ErrorBody

Schema = dict[str, Any]

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


def document_errors(result: Schema, **_: Any) -> Schema:
    """Every operation may be refused, always in the one shape: drf-spectacular's last step.

    Views name what they answer when all goes well; what may go wrong follows from what they take.
    """
    result["components"]["schemas"]["Error"] = {
        "description": "Why a request was refused: a sentence, a word for programs, and a sentence"
        " for each field that is at fault.",
        **schema_of(ErrorBody),
    }
    body = {"schema": {"$ref": "#/components/schemas/Error"}}
    for address, methods in result["paths"].items():
        for method, operation in methods.items():
            for status in _refusals(address, method, operation):
                refusal = {"description": REFUSALS[status], "content": {"application/json": body}}
                operation["responses"].setdefault(status, refusal)
    return result


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
