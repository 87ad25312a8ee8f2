"""Workers at /api/v1/workers/, and what a search waits for."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from webapp.api.requests import Pages, signed_in
from webapp.api.schemas import PAGING, page_of, schema_of
from webapp.searches.selectors import search_to_see
from webapp.workers import json, selectors
from webapp.workers.json import WaitingJSON, WorkerJSON


class WorkerViewSet(ViewSet):
    """Who works."""

    @extend_schema(
        operation_id="workers_list",
        parameters=PAGING,
        responses={200: page_of(schema_of(WorkerJSON))},
    )
    def list(self, request: Request) -> Response:
        """Every worker of the last week: its device now, its work, when it was heard of."""
        pages = Pages()
        rows: list[Any] = pages.paginate_queryset(selectors.known_workers(), request, self) or []
        return pages.get_paginated_response(json.workers_json(rows, signed_in(request)))


class WaitingViewSet(ViewSet):
    """Why a search does not go on."""

    @extend_schema(operation_id="searches_waiting", responses={200: schema_of(WaitingJSON)})
    def retrieve(self, request: Request, search_id: int) -> Response:
        """How many workers are online that could take it, and what waits longer than it."""
        search = search_to_see(signed_in(request), search_id)
        found: WaitingJSON = {
            "workers_online": len(selectors.workers_online()),
            "ahead": selectors.ahead_of(search),
        }
        return Response(found)
