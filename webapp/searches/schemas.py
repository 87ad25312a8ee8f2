"""OpenAPI of what the API writes, from the TypedDicts that type it."""

from typing import Any

from drf_spectacular.plumbing import resolve_type_hint
from drf_spectacular.utils import OpenApiParameter

from webapp.searches.events import EventJSON
from webapp.searches.live import CheckpointJSON, LiveJSON, SearchJSON, TrialDetailJSON, TrialJSON

Schema = dict[str, Any]


def _schema(kind: type) -> Schema:
    found: Schema = resolve_type_hint(kind)  # type: ignore[no-untyped-call]
    return found


SEARCH = _schema(SearchJSON)
LIVE = _schema(LiveJSON)
TRIAL = _schema(TrialJSON)
TRIAL_DETAIL = _schema(TrialDetailJSON)
EVENT = _schema(EventJSON)
CHECKPOINT = _schema(CheckpointJSON)

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="The same key a second time gives the same search, and launches nothing.",
)


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


def events_of(item: Schema) -> Schema:
    """Events, the search's last sequence, and its state."""
    fields = with_fields(sequence="integer", search_state="string")
    fields["properties"]["events"] = list_of(item)
    return fields


def with_fields(**types: str) -> Schema:
    """An object of these fields."""
    properties = {name: {"type": kind} for name, kind in types.items()}
    return {"type": "object", "properties": properties}
