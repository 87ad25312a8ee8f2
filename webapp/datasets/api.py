"""Data sets at /api/v1/datasets/. Thin: rules are in services, selectors and forms."""

from typing import Any

from django.http import FileResponse, HttpRequest
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from search_engine.spec.pictures import Answers
from webapp.api.parsers import JSONParser
from webapp.api.requests import Pages, read, signed_in
from webapp.api.schemas import PAGING, UNUSABLE, ConfigField, list_of, page_of, schema_of
from webapp.datasets import selectors, services, uploads
from webapp.datasets.files import RESIZE_PIXELS, sample_name
from webapp.datasets.forms import UploadForm
from webapp.datasets.json import (
    DatasetJSON,
    ReportJSON,
    SamplesJSON,
    dataset_json,
    report_json,
    samples_json,
)
from webapp.datasets.models import Look
from webapp.errors import refusal_of
from webapp.state import State

DATASET = schema_of(DatasetJSON)


class UploadSerializer(serializers.Serializer[Any]):
    """An archive of pictures."""

    file = serializers.FileField(error_messages={"required": "Choose a file."})
    name = serializers.CharField(max_length=100, required=False, allow_blank=True)
    resize_pixels = serializers.ChoiceField(
        choices=RESIZE_PIXELS, required=False, help_text="Side in pixels."
    )
    licence = serializers.CharField(max_length=200, required=False, allow_blank=True)
    source = serializers.CharField(  # type: ignore[assignment]  # a field may be called so
        max_length=500, required=False, allow_blank=True
    )
    look = serializers.ChoiceField(
        choices=Look.choices,
        required=False,
        help_text="When it stops to be looked at, beside where something is asked; else `never`.",
    )


class AnswersSerializer(serializers.Serializer[Any]):
    """Answers to what is asked about an upload, and choices that nothing asks for."""

    answers = ConfigField(Answers)
    look = serializers.ChoiceField(
        choices=Look.choices,
        default=Look.NEVER,
        help_text="Whether it then stops to be looked at, or is prepared if it can be.",
    )


class PrepareSerializer(serializers.Serializer[Any]):
    """What may change before another attempt."""

    resize_pixels = serializers.ChoiceField(choices=RESIZE_PIXELS, required=False, allow_null=True)


class DatasetFilter(serializers.Serializer[Any]):
    """What a list may be filtered by."""

    state = serializers.ChoiceField(choices=State.choices, required=False, allow_blank=True)
    built_in = serializers.BooleanField(required=False, allow_null=True, default=None)
    name = serializers.CharField(required=False, allow_blank=True, help_text="Part of the name.")


class DatasetViewSet(ViewSet):
    """Data sets: published ones, and the user's own."""

    lookup_url_kwarg = "dataset_id"
    lookup_value_converter = "int"
    parser_classes: list[type[BaseParser]] = [MultiPartParser]  # noqa: RUF012

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        if self.action_map.get(str(request.method).lower()) == "create":
            uploads.stream_to_disk(request)
        return super().initialize_request(request, *args, **kwargs)

    @extend_schema(
        operation_id="datasets_list",
        parameters=[DatasetFilter, *PAGING],
        responses={200: page_of(DATASET)},
    )
    def list(self, request: Request) -> Response:
        """What is ready comes first."""
        pages, given = Pages(), read(DatasetFilter, request.query_params)
        found = selectors.filtered(selectors.visible_datasets(signed_in(request)), given)
        rows: list[Any] = pages.paginate_queryset(found, request, self) or []
        return pages.get_paginated_response([dataset_json(row) for row in rows])

    @extend_schema(
        operation_id="datasets_create",
        request=UploadSerializer,
        responses={201: DATASET, **UNUSABLE},
    )
    def create(self, request: Request) -> Response:
        """Upload an archive of pictures, to be looked at and prepared in the background.

        Where something must be answered first it is then `paused`, and `report/` says what.
        """
        read(UploadSerializer, request.data)
        form = UploadForm(request.POST, request.FILES)
        if not form.is_valid():
            raise refusal_of(form, "unusable")
        dataset = services.upload(signed_in(request), **form.cleaned_data)
        headers = {"Location": f"{request.path}{dataset.pk}/"}
        return Response(dataset_json(dataset), 201, headers=headers)

    @extend_schema(operation_id="datasets_retrieve", responses={200: DATASET})
    def retrieve(self, request: Request, dataset_id: int) -> Response:
        """One data set; while it is prepared, with the progress."""
        return Response(dataset_json(selectors.visible_dataset(signed_in(request), dataset_id)))

    @extend_schema(operation_id="datasets_destroy", responses={204: None})
    def destroy(self, request: Request, dataset_id: int) -> Response:
        """Delete an upload with its files; 409 says which searches use it."""
        services.delete(signed_in(request), dataset_id)
        return Response(status=204)

    @extend_schema(operation_id="datasets_download_create", request=None, responses={202: DATASET})
    @action(detail=True, methods=["post"])
    def download(self, request: Request, dataset_id: int) -> Response:
        """Fetch a published data set from its publisher, in the background."""
        return Response(dataset_json(services.download(signed_in(request), dataset_id)), 202)

    @extend_schema(
        operation_id="datasets_prepare_create",
        request=PrepareSerializer,
        responses={202: DATASET},
    )
    @action(detail=True, methods=["post"], parser_classes=[JSONParser])
    def prepare(self, request: Request, dataset_id: int) -> Response:
        """Another attempt, perhaps at another image size."""
        asked = read(PrepareSerializer, request.data)
        pixels = asked.get("resize_pixels")
        dataset = services.prepare_again(signed_in(request), dataset_id, resize_pixels=pixels)
        return Response(dataset_json(dataset), 202)

    @extend_schema(operation_id="datasets_report_retrieve", responses={200: schema_of(ReportJSON)})
    @action(detail=True)
    def report(self, request: Request, dataset_id: int) -> Response:
        """What was read of an upload: classes, sizes, notes, faults, and what is asked."""
        return Response(report_json(selectors.visible_dataset(signed_in(request), dataset_id)))

    @extend_schema(
        operation_id="datasets_answers_create",
        request=AnswersSerializer,
        responses={202: DATASET, **UNUSABLE},
    )
    @action(detail=True, methods=["post"], parser_classes=[JSONParser])
    def answers(self, request: Request, dataset_id: int) -> Response:
        """Answer what is asked; laid over the answers before. It is looked at again with them."""
        given = read(AnswersSerializer, request.data)
        dataset = services.answer(
            signed_in(request), dataset_id, given["answers"], look=given["look"]
        )
        return Response(dataset_json(dataset), 202)

    @extend_schema(operation_id="datasets_cancel", request=None, responses={200: DATASET})
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, dataset_id: int) -> Response:
        """Give a preparation up: at once where it waits, else when its worker has heard of it."""
        return Response(dataset_json(services.cancel(signed_in(request), dataset_id)))

    @extend_schema(
        operation_id="datasets_samples_list", responses={200: list_of(schema_of(SamplesJSON))}
    )
    @action(detail=True)
    def samples(self, request: Request, dataset_id: int) -> Response:
        """Classes, and where their sample pictures are."""
        dataset = selectors.visible_dataset(signed_in(request), dataset_id)
        return Response([samples_json(dataset, row) for row in selectors.class_rows(dataset)])

    @extend_schema(
        operation_id="datasets_samples_picture",
        parameters=[OpenApiParameter("class_index", int, OpenApiParameter.PATH)],
        responses={(200, "image/png"): OpenApiResponse(OpenApiTypes.BINARY)},
    )
    def picture(self, request: Request, dataset_id: int, class_index: int) -> FileResponse:
        """Sample pictures of a class, as PNG."""
        dataset = selectors.visible_dataset(signed_in(request), dataset_id)
        picture = selectors.sample_picture(dataset, sample_name(class_index))
        return FileResponse(picture, content_type="image/png")
