"""Checkpoints at /api/v1/checkpoints/."""

from typing import Any

from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.api_requests import read, signed_in
from webapp.api_schemas import PAGING, page_of, schema_of
from webapp.checkpoints import documents, downloads, selectors, services
from webapp.checkpoints.serializers import CheckpointFilterSerializer
from webapp.pagination import Pages

CHECKPOINT = schema_of(documents.CheckpointJSON)
CHECKPOINT_DETAIL = schema_of(documents.CheckpointDetailJSON)


class CheckpointsView(APIView):
    """All checkpoints of the user, and of searches that others share with them."""

    @extend_schema(
        operation_id="checkpoints_list",
        parameters=[CheckpointFilterSerializer, *PAGING],
        responses={200: page_of(CHECKPOINT)},
    )
    def get(self, request: Request) -> Response:
        """A page of them, filtered and ordered; the newest first where nothing is said."""
        pages, given = Pages(), read(CheckpointFilterSerializer, request.query_params)
        found = selectors.chosen(selectors.visible_to(signed_in(request)), given)
        rows: list[Any] = pages.paginate_queryset(found, request, self) or []
        return pages.get_paginated_response([documents.checkpoint_json(row) for row in rows])


class CheckpointView(APIView):
    """One checkpoint."""

    @extend_schema(operation_id="checkpoints_detail", responses={200: CHECKPOINT_DETAIL})
    def get(self, request: Request, checkpoint_id: int) -> Response:
        """With its cell, how it grew, its classes, and how images are normalised for it."""
        found = selectors.checkpoint_to_see(signed_in(request), checkpoint_id)
        return Response(documents.checkpoint_detail_json(found))

    @extend_schema(operation_id="checkpoints_delete", responses={204: None})
    def delete(self, request: Request, checkpoint_id: int) -> Response:
        """Delete it with its exports; 409 says what still needs it."""
        services.delete(signed_in(request), checkpoint_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class CheckpointDownloadView(APIView):
    """A checkpoint's files."""

    @extend_schema(operation_id="checkpoints_download", responses={(200, "application/zip"): bytes})
    def get(self, request: Request, checkpoint_id: int) -> HttpResponseBase:
        """As a zip with weights, JSON, metrics, SHA-256 and a script; HTTP ranges work."""
        found = selectors.checkpoint_to_see(signed_in(request), checkpoint_id)
        return downloads.response(request._request, found)
