"""Checkpoints, their exports and measurements at /api/v1/checkpoints/."""

from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from search_engine.spec.export_form import OPSET, OPSETS, Precision
from webapp.api.fields import NumberField, WholeField
from webapp.api.requests import Pages, read, signed_in
from webapp.api.schemas import PAGING, UNUSABLE, list_of, page_of, schema_of
from webapp.checkpoints import comparison, downloads, json, pictures, selectors, services
from webapp.checkpoints.models import ExportFormat, Origin
from webapp.checkpoints.selectors import ORDERS

CHECKPOINT = schema_of(json.CheckpointJSON)
CHECKPOINT_DETAIL = schema_of(json.CheckpointDetailJSON)
COMPARISON = schema_of(comparison.ComparisonJSON)
EXPORT = schema_of(json.ExportJSON)
MEASUREMENT = schema_of(json.MeasurementJSON)


class CheckpointFilterSerializer(serializers.Serializer[None]):
    """How a list of checkpoints is filtered and ordered."""

    name = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=200,
        help_text="Part of its name, of its search's name, or of its notation.",
    )
    origin = serializers.ChoiceField(choices=Origin.choices, required=False, allow_blank=True)
    dataset = serializers.CharField(
        required=False, allow_blank=True, help_text="A data set's name in settings."
    )
    search = WholeField(required=False, help_text="Of this search only.")
    can_start = serializers.BooleanField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Whether a search can start from it.",
    )
    min_accuracy = NumberField(required=False, min_value=0, max_value=1)
    max_parameters = NumberField(required=False)
    max_latency_1 = NumberField(required=False, help_text="seconds for one image")
    max_latency_64 = NumberField(required=False, help_text="seconds for 64 images")
    max_memory = NumberField(required=False, help_text="bytes")
    measured_on = serializers.CharField(
        required=False,
        allow_blank=True,
        help_text="The device that measured, whose seconds are not those of another.",
    )
    order = serializers.ChoiceField(choices=list(ORDERS), required=False, default="-created_at")


class BuildSerializer(serializers.Serializer[None]):
    """What to build."""

    kind = serializers.ChoiceField(choices=ExportFormat.choices)
    precision = serializers.ChoiceField(
        choices=[precision.value for precision in Precision],
        required=False,
        help_text="Of ONNX: float32 where it is left out; int8 tells the accuracy that it loses.",
    )
    preprocessing = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Of ONNX: it takes RGB or RGBA pictures of any size and gives probabilities.",
    )
    opset = WholeField(
        required=False,
        min_value=OPSETS[0],
        max_value=OPSETS[1],
        help_text=f"Of ONNX: the version of its operators, {OPSET} where it is left out.",
    )
    dataset = serializers.CharField(
        required=False,
        allow_blank=True,
        help_text="Of a checkpoint that was brought in: the data set to compare on, by its name in"
        " settings. Left out: the one that exports/datasets/ names as chosen; empty: noise.",
    )


class PictureSerializer(serializers.Serializer[None]):
    """A picture of any kind that is read."""

    file = serializers.FileField(allow_empty_file=True)


class CheckpointViewSet(ViewSet):
    """All checkpoints of the user, and of searches that others share with them."""

    lookup_url_kwarg = "checkpoint_id"
    lookup_value_converter = "int"

    @extend_schema(
        operation_id="checkpoints_list",
        parameters=[CheckpointFilterSerializer, *PAGING],
        responses={200: page_of(CHECKPOINT)},
    )
    def list(self, request: Request) -> Response:
        """A page of them, filtered and ordered; the newest first where nothing is said."""
        pages, given = Pages(), read(CheckpointFilterSerializer, request.query_params)
        found = selectors.chosen(selectors.visible_to(signed_in(request)), given)
        rows: list[Any] = pages.paginate_queryset(found, request, self) or []
        return pages.get_paginated_response([json.checkpoint_json(row) for row in rows])

    @extend_schema(operation_id="checkpoints_detail", responses={200: CHECKPOINT_DETAIL})
    def retrieve(self, request: Request, checkpoint_id: int) -> Response:
        """With its cell, how it grew, its classes, and how images are normalised for it."""
        found = selectors.checkpoint_to_see(signed_in(request), checkpoint_id)
        return Response(json.checkpoint_detail_json(found))

    @extend_schema(operation_id="checkpoints_delete", responses={204: None})
    def destroy(self, request: Request, checkpoint_id: int) -> Response:
        """Delete it with its exports; 409 says what still needs it."""
        services.delete(signed_in(request), checkpoint_id)
        return Response(status=204)

    @extend_schema(operation_id="checkpoints_download", responses={(200, "application/zip"): bytes})
    @action(detail=True)
    def download(self, request: Request, checkpoint_id: int) -> HttpResponseBase:
        """As a zip with weights, JSON, metrics, SHA-256 and a script; HTTP ranges work."""
        found = selectors.checkpoint_to_see(signed_in(request), checkpoint_id)
        return downloads.response(request._request, found)

    @extend_schema(
        operation_id="checkpoints_picture",
        request=PictureSerializer,
        responses={(200, "image/png"): bytes, **UNUSABLE},
    )
    @action(detail=True, methods=["post"], parser_classes=[MultiPartParser])
    def picture(self, request: Request, checkpoint_id: int) -> HttpResponse:
        """A picture's pixels as the network sees them, as a PNG; nothing of it is kept.

        For what a browser cannot read: HEIC, TIFF, JPEG 2000.
        """
        found = selectors.checkpoint_to_see(signed_in(request), checkpoint_id)
        file = read(PictureSerializer, request.data)["file"]
        return HttpResponse(pictures.seen(found, file.read()), content_type="image/png")

    @extend_schema(operation_id="checkpoints_measurement", responses={200: MEASUREMENT})
    @action(detail=True)
    def measurement(self, request: Request, checkpoint_id: int) -> Response:
        """As last measured; `state` says whether that is being done anew."""
        return self._measurement(request, checkpoint_id)

    @extend_schema(operation_id="checkpoints_measure", request=None, responses={202: MEASUREMENT})
    @measurement.mapping.post
    def measure(self, request: Request, checkpoint_id: int) -> Response:
        """Have them measured by a worker, on the device on which it trains."""
        services.measure(signed_in(request), checkpoint_id)
        return self._measurement(request, checkpoint_id, 202)

    @extend_schema(
        operation_id="checkpoints_measurement_cancel", request=None, responses={200: MEASUREMENT}
    )
    @action(detail=True, methods=["post"], url_path="measurement/cancel")
    def cancel_measurement(self, request: Request, checkpoint_id: int) -> Response:
        """Give a measurement up; what was measured before stays."""
        services.cancel_measurement(signed_in(request), checkpoint_id)
        return self._measurement(request, checkpoint_id)

    def _measurement(self, request: Request, checkpoint_id: int, status: int = 200) -> Response:
        checkpoint = selectors.checkpoint_to_see(signed_in(request), checkpoint_id)
        return Response(json.measurement_json(checkpoint), status)


class ExportViewSet(ViewSet):
    """A checkpoint's exports: at most one of each form."""

    lookup_url_kwarg = "form"
    lookup_value_converter = "slug"

    @extend_schema(operation_id="exports_list", responses={200: list_of(EXPORT)})
    def list(self, request: Request, checkpoint_id: int) -> Response:
        """All of them, with their sizes, latencies and differences in their reports."""
        exports = selectors.exports_of(signed_in(request), checkpoint_id)
        return Response([json.export_json(export) for export in exports])

    @extend_schema(
        operation_id="exports_build",
        request=BuildSerializer,
        responses={202: EXPORT, 200: EXPORT, **UNUSABLE},
    )
    def create(self, request: Request, checkpoint_id: int) -> Response:
        """Have one built: 202. One that is there already is left as it is: 200."""
        asked = read(BuildSerializer, request.data)
        dataset = asked.pop("dataset", None)
        export = services.build_export(signed_in(request), checkpoint_id, asked, dataset)
        return Response(json.export_json(export), 202 if export.is_active else 200)

    @extend_schema(operation_id="exports_datasets", responses={200: COMPARISON})
    @action(detail=False)
    def datasets(self, request: Request, checkpoint_id: int) -> Response:
        """Data sets with the network's channels, the likeliest first, and which one is chosen."""
        user = signed_in(request)
        found = comparison.of(user, selectors.checkpoint_to_see(user, checkpoint_id))
        return Response(found.to_json())

    @extend_schema(operation_id="exports_detail", responses={200: EXPORT})
    def retrieve(self, request: Request, checkpoint_id: int, form: str) -> Response:
        """Its state; when it is completed, what the comparison with the checkpoint found."""
        export = selectors.export_to_see(signed_in(request), checkpoint_id, form)
        return Response(json.export_json(export))

    @extend_schema(operation_id="exports_delete", responses={204: None})
    def destroy(self, request: Request, checkpoint_id: int, form: str) -> Response:
        """Delete it with its files."""
        services.delete_export(signed_in(request), checkpoint_id, form)
        return Response(status=204)

    @extend_schema(operation_id="exports_cancel", request=None, responses={200: EXPORT})
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, checkpoint_id: int, form: str) -> Response:
        """Give the build up: at once where it waits, else when its worker has heard of it."""
        export = services.cancel_export(signed_in(request), checkpoint_id, form)
        return Response(json.export_json(export))

    @extend_schema(
        operation_id="exports_download", responses={(200, "application/octet-stream"): bytes}
    )
    @action(detail=True)
    def download(self, request: Request, checkpoint_id: int, form: str) -> HttpResponseBase:
        """Its one file, or a zip of several with their SHA-256; HTTP ranges work."""
        export = selectors.export_to_see(signed_in(request), checkpoint_id, form)
        return downloads.export_response(request._request, export)
