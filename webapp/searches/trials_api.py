"""Trials at /api/v1/searches/<id>/trials/."""

import csv
import io
from typing import Any

from django.db.models import F, QuerySet
from django.http import HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.api_requests import read, signed_in
from webapp.api_schemas import PAGING, list_of, page_of
from webapp.checkpoints import downloads
from webapp.pagination import Pages
from webapp.searches import schemas, selectors, services, trial_json
from webapp.searches.models import Search, Trial
from webapp.searches.serializers import TrialFilterSerializer

COLUMNS = (
    "number",
    "state",
    "notation",
    *trial_json.NUMBERS,
    "worker",
    "failure",
    "pinned",
)


class TrialsView(APIView):
    """A search's trials."""

    @extend_schema(
        operation_id="trials_list",
        parameters=[TrialFilterSerializer, *PAGING],
        responses={200: page_of(schemas.TRIAL)},
    )
    def get(self, request: Request, search_id: int) -> Response:
        """A page of them, filtered and ordered; trials without the value come last."""
        search, pages = selectors.search_to_see(signed_in(request), search_id), Pages()
        rows: list[Any] = pages.paginate_queryset(chosen(search, request), request, self) or []
        return pages.get_paginated_response([trial_json.trial_json(trial) for trial in rows])


class TrialsCSVView(APIView):
    """All trials as one table."""

    @extend_schema(
        operation_id="trials_csv",
        parameters=[TrialFilterSerializer],
        responses={(200, "text/csv"): str},
    )
    def get(self, request: Request, search_id: int) -> HttpResponse:
        """Filters and order as in the list."""
        search = selectors.search_to_see(signed_in(request), search_id)
        table = _csv(chosen(search, request))
        return _to_save(HttpResponse(table, content_type="text/csv; charset=utf-8"), search, "csv")


class TrialsJSONView(APIView):
    """All trials as one file."""

    @extend_schema(
        operation_id="trials_json",
        parameters=[TrialFilterSerializer],
        responses={200: list_of(schemas.TRIAL)},
    )
    def get(self, request: Request, search_id: int) -> HttpResponse:
        """Filters and order as in the list."""
        search = selectors.search_to_see(signed_in(request), search_id)
        rows = [trial_json.trial_json(trial) for trial in chosen(search, request)]
        return _to_save(JsonResponse(rows, safe=False), search, "json")


class TrialView(APIView):
    """One trial."""

    @extend_schema(operation_id="trials_detail", responses={200: schemas.TRIAL_DETAIL})
    def get(self, request: Request, search_id: int, number: int) -> Response:
        """The trial with its confusion matrix and accuracy of each class."""
        user = signed_in(request)
        search = selectors.search_to_see(user, search_id)
        trial = selectors.trial_to_see(user, search_id, number)
        own = search.owner_id == user.pk
        return Response(trial_json.trial_detail_json(search, trial, own=own))


class PinView(APIView):
    """Whether a trial's checkpoint stays whatever else is found."""

    @extend_schema(operation_id="trials_pin", request=None, responses={204: None})
    def post(self, request: Request, search_id: int, number: int) -> Response:
        """Pin it."""
        services.pin_trial(signed_in(request), search_id, number, pinned=True)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(operation_id="trials_unpin", responses={204: None})
    def delete(self, request: Request, search_id: int, number: int) -> Response:
        """Pin it no longer."""
        services.pin_trial(signed_in(request), search_id, number, pinned=False)
        return Response(status=status.HTTP_204_NO_CONTENT)


class RetryView(APIView):
    """A failed trial."""

    @extend_schema(operation_id="trials_retry", request=None, responses={204: None})
    def post(self, request: Request, search_id: int, number: int) -> Response:
        """Try it again."""
        services.retry_trial(signed_in(request), search_id, number)
        return Response(status=status.HTTP_204_NO_CONTENT)


class TrialDownloadView(APIView):
    """A kept trial's checkpoint."""

    @extend_schema(operation_id="trials_download", responses={(200, "application/zip"): bytes})
    def get(self, request: Request, search_id: int, number: int) -> HttpResponseBase:
        """As a zip with weights, JSON, metrics, SHA-256 and a script; HTTP ranges work."""
        found = services.checkpoint_to_download(signed_in(request), search_id, number)
        return downloads.response(request._request, found)


def chosen(search: Search, request: Request) -> QuerySet[Trial]:
    """The trials that the query asks for, in its order."""
    given = read(TrialFilterSerializer, request.query_params)
    trials = trial_json.with_kept(search.trials.all())
    for name, lookup in _LOOKUPS.items():
        if given.get(name) is not None:
            trials = trials.filter(**{lookup: given[name]})
    if given.get("state"):
        trials = trials.filter(state=given["state"])
    order: str = given["order"]
    column = F(order.removeprefix("-"))
    down = order.startswith("-")
    first = column.desc(nulls_last=True) if down else column.asc(nulls_last=True)
    ordered: QuerySet[Trial] = trials.order_by(first, "number")
    return ordered


_LOOKUPS = {
    "pinned": "pinned",
    "kept": "kept",
    "notation": "notation__icontains",
    "min_accuracy": "accuracy__gte",
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


def _csv(trials: QuerySet[Trial]) -> str:
    target = io.StringIO()
    writer = csv.DictWriter(target, COLUMNS, extrasaction="ignore")
    writer.writeheader()
    for trial in trials:
        row: dict[str, Any] = dict(trial_json.trial_json(trial))
        # A worker's text must not become a spreadsheet's formula.
        if row["failure"][:1] in ("=", "+", "-", "@"):
            row["failure"] = f"'{row['failure']}"
        writer.writerow(row)
    return target.getvalue()
