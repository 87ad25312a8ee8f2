"""What a page that watches a search reads: the state, all trials in small, and events."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.api_requests import read, signed_in
from webapp.searches import live, schemas, selectors, summaries
from webapp.searches.events import event_json
from webapp.searches.serializers import EventsSerializer


class LiveView(APIView):
    """The state of a search page."""

    @extend_schema(operation_id="searches_live", responses={200: schemas.LIVE})
    def get(self, request: Request, search_id: int) -> Response:
        """The search with the trials that are seen first; events go on after `sequence`."""
        user = signed_in(request)
        return Response(live.live_json(selectors.search_to_see(user, search_id), user))


class SummariesView(APIView):
    """All trials, small."""

    @extend_schema(operation_id="searches_summaries", responses={200: schemas.SUMMARIES})
    def get(self, request: Request, search_id: int) -> Response:
        """The search with all trials in columns, without cells and curves."""
        user = signed_in(request)
        search = selectors.search_to_see(user, search_id)
        return Response(summaries.summaries_json(search, user))


class EventsView(APIView):
    """What has happened, for who cannot hold a socket open."""

    @extend_schema(
        operation_id="searches_events",
        parameters=[EventsSerializer],
        responses={200: schemas.events_of(schemas.EVENT)},
    )
    def get(self, request: Request, search_id: int) -> Response:
        """Events after a sequence, in order."""
        search = selectors.search_to_see(signed_in(request), search_id)
        given = read(EventsSerializer, request.query_params)
        events = selectors.events_after(search, given["after"], given["limit"])
        return Response(
            {
                "events": [event_json(event) for event in events],
                "sequence": search.last_sequence,
                "search_state": search.state,
            }
        )
