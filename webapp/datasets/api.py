"""Data sets over the API. Thin: rules are in services, selectors and forms."""

from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import generics
from rest_framework.parsers import BaseParser, FormParser, JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.datasets import selectors, services, uploads
from webapp.datasets.forms import UploadForm
from webapp.datasets.models import Dataset
from webapp.datasets.sample_names import sample_name
from webapp.datasets.serializers import (
    DatasetFilter,
    DatasetSerializer,
    PrepareSerializer,
    SamplesSerializer,
    UploadSerializer,
)
from webapp.errors import ProductError, flattened


class DatasetList(generics.ListAPIView[Dataset]):
    """List and upload."""

    serializer_class = DatasetSerializer
    queryset = Dataset.objects.none()  # only for the schema: what is listed depends on the user
    parser_classes: list[type[BaseParser]] = [MultiPartParser, FormParser]  # noqa: RUF012

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        if request.method == "POST":
            uploads.stream_to_disk(request)
        return super().initialize_request(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Dataset]:
        datasets = selectors.visible_datasets(self.request.user)
        asked = DatasetFilter(data=self.request.query_params)
        asked.is_valid(raise_exception=True)
        if state := asked.validated_data.get("state"):
            datasets = datasets.filter(state=state)
        if (built_in := asked.validated_data.get("built_in")) is not None:
            datasets = datasets.filter(owner__isnull=built_in)
        if name := asked.validated_data.get("name"):
            datasets = datasets.filter(name__icontains=name)
        return datasets

    @extend_schema(parameters=[DatasetFilter])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(request=UploadSerializer, responses={201: DatasetSerializer})
    def post(self, request: Request) -> Response:
        form = UploadForm(request.POST, request.FILES)
        if not form.is_valid():
            fields = dict(flattened(form.errors))
            raise ProductError(" ".join(fields.values()), "invalid", fields)
        dataset = services.upload(request.user, **form.cleaned_data)  # type: ignore[arg-type]
        headers = {"Location": f"{request.path}{dataset.pk}/"}
        return Response(DatasetSerializer(dataset).data, status=201, headers=headers)


class DatasetDetail(APIView):
    """One data set."""

    @extend_schema(responses=DatasetSerializer)
    def get(self, request: Request, dataset_id: int) -> Response:
        dataset = selectors.visible_dataset(request.user, dataset_id)
        return Response(DatasetSerializer(dataset).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, dataset_id: int) -> Response:
        services.delete(request.user, dataset_id)  # type: ignore[arg-type]
        return Response(status=204)


class DatasetDownload(APIView):
    """Fetch a published data set."""

    @extend_schema(request=None, responses={202: DatasetSerializer})
    def post(self, request: Request, dataset_id: int) -> Response:
        dataset = services.download(request.user, dataset_id)  # type: ignore[arg-type]
        return Response(DatasetSerializer(dataset).data, status=202)


class DatasetPrepare(APIView):
    """Another attempt at preparing."""

    parser_classes: list[type[BaseParser]] = [JSONParser, FormParser]  # noqa: RUF012

    @extend_schema(request=PrepareSerializer, responses={202: DatasetSerializer})
    def post(self, request: Request, dataset_id: int) -> Response:
        asked = PrepareSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        dataset = services.prepare_again(
            request.user,  # type: ignore[arg-type]
            dataset_id,
            resize_pixels=asked.validated_data.get("resize_pixels"),
        )
        return Response(DatasetSerializer(dataset).data, status=202)


class DatasetSamples(APIView):
    """Classes, and where their sample pictures are."""

    @extend_schema(responses=SamplesSerializer(many=True))
    def get(self, request: Request, dataset_id: int) -> Response:
        dataset = selectors.visible_dataset(request.user, dataset_id)
        rows = [
            {
                "index": row.index,
                "name": row.name,
                "count": row.count,
                "url": SamplesSerializer.url_of(dataset, row.index),
            }
            for row in selectors.class_rows(dataset)
        ]
        return Response(SamplesSerializer(rows, many=True).data)


class DatasetSamplesPicture(APIView):
    """Sample pictures of a class, as PNG."""

    @extend_schema(
        operation_id="datasets_samples_picture",
        responses={(200, "image/png"): OpenApiResponse(OpenApiTypes.BINARY)},
    )
    def get(self, request: Request, dataset_id: int, class_index: int) -> FileResponse:
        dataset = selectors.visible_dataset(request.user, dataset_id)
        path = selectors.sample_path(dataset, sample_name(class_index))
        return FileResponse(path.open("rb"), content_type="image/png")
