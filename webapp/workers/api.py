"""Workers at /api/v1/workers/."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from webapp.api.requests import Pages, signed_in
from webapp.api.schemas import PAGING, page_of, schema_of
from webapp.workers import json, selectors
from webapp.workers.json import WorkerJSON


class WorkerViewSet(ViewSet):
    """The workers."""

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
