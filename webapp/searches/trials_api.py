"""Trials at /api/v1/searches/<id>/trials/."""

import csv
import io
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from webapp.api.requests import Pages, narrowed, read, signed_in
from webapp.api.schemas import PAGING, list_of, page_of, schema_of
from webapp.checkpoints import downloads
from webapp.live import log
from webapp.searches import selectors, services
from webapp.searches.json import trials
from webapp.searches.models import Search, Trial
from webapp.searches.serializers import TrialFilterSerializer

TRIAL = schema_of(trials.TrialJSON)
TRIAL_DETAIL = schema_of(trials.TrialDetailJSON)
COLUMNS = (
    "number",
    "role",
    "parent",
    "move",
    "repeats",
    "state",
    "notation",
    *trials.NUMBERS,
    "worker",
    "failure",
    "pinned",
)


class TrialViewSet(ViewSet):
    """A search's trials."""

    lookup_url_kwarg = "number"
    lookup_value_converter = "int"

    @extend_schema(
        operation_id="trials_list",
        parameters=[TrialFilterSerializer, *PAGING],
        responses={200: page_of(TRIAL)},
    )
    def list(self, request: Request, search_id: int) -> Response:
        """A page of them, filtered and ordered; trials without the value come last."""
        search, pages = selectors.search_to_see(signed_in(request), search_id), Pages()
        rows: list[Any] = pages.paginate_queryset(chosen(search, request), request, self) or []
        return pages.get_paginated_response([trials.trial_json(trial) for trial in rows])

    @extend_schema(
        operation_id="trials_csv",
        parameters=[TrialFilterSerializer],
        responses={(200, "text/csv"): str},
    )
    def csv(self, request: Request, search_id: int) -> HttpResponse:
        """All as one table; filters and order as in the list."""
        search = selectors.search_to_see(signed_in(request), search_id)
        table = _csv(chosen(search, request))
        return _to_save(HttpResponse(table, content_type="text/csv; charset=utf-8"), search, "csv")

    @extend_schema(
        operation_id="trials_json",
        parameters=[TrialFilterSerializer],
        responses={200: list_of(TRIAL)},
    )
    def json(self, request: Request, search_id: int) -> HttpResponse:
        """All as one file; filters and order as in the list."""
        search = selectors.search_to_see(signed_in(request), search_id)
        rows = [trials.trial_json(trial) for trial in chosen(search, request)]
        return _to_save(JsonResponse(rows, safe=False), search, "json")

    @extend_schema(operation_id="trials_detail", responses={200: TRIAL_DETAIL})
    def retrieve(self, request: Request, search_id: int, number: int) -> Response:
        """The trial with its confusion matrix and accuracy of each class."""
        user = signed_in(request)
        search = selectors.search_to_see(user, search_id)
        sequence = log.last_sequence(search.topic)
        trial = selectors.trial_to_see(user, search_id, number)
        own = search.owner_id == user.pk
        return Response(trials.trial_detail_json(search, trial, own=own, sequence=sequence))

    @extend_schema(operation_id="trials_pin", request=None, responses={204: None})
    @action(detail=True, methods=["post"])
    def pin(self, request: Request, search_id: int, number: int) -> Response:
        """Keep its checkpoint whatever else is found."""
        services.pin_trial(signed_in(request), search_id, number, pinned=True)
        return Response(status=204)

    @extend_schema(operation_id="trials_unpin", responses={204: None})
    @pin.mapping.delete
    def unpin(self, request: Request, search_id: int, number: int) -> Response:
        """Keep it only while it is among the best."""
        services.pin_trial(signed_in(request), search_id, number, pinned=False)
        return Response(status=204)

    @extend_schema(operation_id="trials_retry", request=None, responses={204: None})
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, search_id: int, number: int) -> Response:
        """Try a failed one again."""
        services.retry_trial(signed_in(request), search_id, number)
        return Response(status=204)

    @extend_schema(operation_id="trials_download", responses={(200, "application/zip"): bytes})
    @action(detail=True)
    def download(self, request: Request, search_id: int, number: int) -> HttpResponseBase:
        """As a zip with weights, JSON, metrics, SHA-256 and a script; HTTP ranges work."""
        found = services.checkpoint_to_download(signed_in(request), search_id, number)
        return downloads.response(request._request, found)


def chosen(search: Search, request: Request) -> QuerySet[Trial]:
    """The trials that the query asks for, in its order."""
    given = read(TrialFilterSerializer, request.query_params)
    return narrowed(trials.with_kept(search.trials.all()), given, _LOOKUPS, then="number")


_LOOKUPS = {
    "state": "state",
    "pinned": "pinned",
    "kept": "kept",
    "role": "role",
    "parent": "parent",
    "move": "move",
    "notation": "notation__icontains",
    "min_accuracy": "accuracy__gte",
    "min_balanced_accuracy": "balanced_accuracy__gte",
    "max_parameters": "parameters__lte",
    "max_multiply_adds": "multiply_adds__lte",
    "max_latency_1": "latency_1__lte",
    "max_latency_64": "latency_64__lte",
    "max_memory": "memory__lte",
}


def _to_save(answer: HttpResponse, search: Search, form: str) -> HttpResponse:
    name = f"espalier-search-{search.pk}-trials.{form}"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _csv(rows: QuerySet[Trial]) -> str:
    target = io.StringIO()
    writer = csv.DictWriter(target, COLUMNS, extrasaction="ignore")
    writer.writeheader()
    for trial in rows:
        row: dict[str, Any] = dict(trials.trial_json(trial))
        # A worker's text must not become a spreadsheet's formula.
        if row["failure"][:1] in ("=", "+", "-", "@"):
            row["failure"] = f"'{row['failure']}"
        writer.writerow(row)
    return target.getvalue()
