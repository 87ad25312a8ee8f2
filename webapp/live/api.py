"""What has happened in a topic: for pages whose socket is broken, and for programs."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.api.fields import WholeField
from webapp.api.requests import read, signed_in
from webapp.api.schemas import list_of, schema_of, with_fields
from webapp.errors import ProductError
from webapp.live import frames, log
from webapp.live.log import EventJSON
from webapp.live.registry import TopicKind


class EventsSerializer(serializers.Serializer[None]):
    """After which event to read on, and how many to read."""

    after = WholeField(required=False, default=0, min_value=0)
    limit = WholeField(required=False, default=500, min_value=1, max_value=5000)


class EventsView(APIView):
    """Events of one kind of topic."""

    kind: TopicKind

    def get(self, request: Request, **named: int) -> Response:
        """Events after a sequence, in order, with the state and what you may do now."""
        user, given = signed_in(request), read(EventsSerializer, request.query_params)
        topic_id = named[self.kind.id_name]
        owns = self.kind.owns(topic_id, user.pk)
        if owns is None:
            raise ProductError("There is nothing here, or it is not yours to see.", "not_found")
        topic = self.kind.topic(topic_id)
        events = log.events(topic).filter(sequence__gt=given["after"])[: given["limit"]]
        told = [log.event_json(event) for event in events]
        return Response({"events": told, **frames.page_state(topic, owns=owns)})


def events_view(kind: TopicKind) -> type[EventsView]:
    """The view of this kind's events, under its own name in the schema."""
    fields = with_fields(sequence="integer")
    fields["properties"]["events"] = list_of(schema_of(EventJSON))
    described = extend_schema(
        operation_id=f"{kind.path.replace('-', '_')}_events",
        parameters=[EventsSerializer],
        responses={200: fields},
    )

    # A function of its own, since the description is kept in the function.
    def get(self: EventsView, request: Request, **named: int) -> Response:
        return EventsView.get(self, request, **named)

    get.__doc__ = EventsView.get.__doc__
    members: dict[str, Any] = {"kind": kind, "get": described(get)}
    return type(f"{kind.name.title()}EventsView", (EventsView,), members)
