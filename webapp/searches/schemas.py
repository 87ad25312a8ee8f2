"""OpenAPI of what the API writes, from the TypedDicts that type it."""

from drf_spectacular.utils import OpenApiParameter

from webapp.api_schemas import PAGING, Schema, list_of, schema_of, with_fields
from webapp.searches.events import EventJSON
from webapp.searches.live import LiveJSON, SearchJSON
from webapp.searches.summaries import SummariesJSON
from webapp.searches.trial_json import TrialDetailJSON, TrialJSON
from webapp.state import State

SEARCH = schema_of(SearchJSON)
LIVE = schema_of(LiveJSON)
SUMMARIES = schema_of(SummariesJSON)
TRIAL = schema_of(TrialJSON)
TRIAL_DETAIL = schema_of(TrialDetailJSON)
EVENT = schema_of(EventJSON)

FILTERS = [
    OpenApiParameter("state", str, enum=State.values),
    OpenApiParameter("tag", str, description="Only those that have it."),
    *PAGING,
]
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="The same key a second time gives the same search, and launches nothing.",
)


def events_of(item: Schema) -> Schema:
    """Events, the search's last sequence, and its state."""
    fields = with_fields(sequence="integer", search_state="string")
    fields["properties"]["events"] = list_of(item)
    return fields
