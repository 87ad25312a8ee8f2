"""Adopted networks at /api/v1/start-networks/. Rules are in services, selectors and forms."""

from typing import Any

from django.http import QueryDict
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from search_engine.spec import TORCHVISION_MODELS
from webapp.adopted import selectors, services
from webapp.adopted.forms import TIMM_NAME, AdoptedNetworkForm
from webapp.adopted.json import (
    AdoptedNetworkDetailJSON,
    AdoptedNetworkJSON,
    network_detail_json,
    network_json,
)
from webapp.adopted.names import Normalised, Published, Source
from webapp.api.parsers import JSONParser
from webapp.api.requests import Pages, read, sent_fields, signed_in
from webapp.api.schemas import PAGING, UNUSABLE, page_of, schema_of
from webapp.errors import refusal_of

NETWORK = schema_of(AdoptedNetworkDetailJSON)


class PublishedSerializer(serializers.Serializer[Any]):
    """A published model: torchvision's needs `model` and `dataset`, timm's `timm_model` and
    `dataset`."""

    source = serializers.ChoiceField(  # type: ignore[assignment]
        choices=[Source.TORCHVISION, Source.TIMM]
    )
    model = serializers.ChoiceField(choices=TORCHVISION_MODELS, required=False, allow_blank=True)
    timm_model = serializers.RegexField(
        TIMM_NAME, required=False, allow_blank=True, help_text="such as resnet18.a1_in1k"
    )
    pretrained = serializers.ChoiceField(
        choices=Published.choices,
        required=False,
        allow_blank=True,
        help_text="published weights, of torchvision; of timm DEFAULT alone",
    )
    normalisation = serializers.ChoiceField(
        choices=Normalised.choices,
        required=False,
        allow_blank=True,
        help_text="that weights of your own want",
    )
    dataset = serializers.CharField(
        required=False, allow_blank=True, help_text="its name in settings"
    )
    name = serializers.CharField(required=False, allow_blank=True, max_length=120)


class AddSerializer(PublishedSerializer):
    """A published model, or files; which fields count depends on `source`."""

    source = serializers.ChoiceField(choices=Source.choices)
    program = serializers.FileField(required=False)
    onnx = serializers.FileField(required=False)
    weights = serializers.FileField(required=False, help_text="safetensors")
    checkpoint = serializers.FileField(
        required=False,
        help_text="a zip; or checkpoint.json or an architecture as JSON, with its `weights`",
    )


class SitesSerializer(serializers.Serializer[Any]):
    """Names of layers whose `site` is true."""

    sites = serializers.ListField(child=serializers.CharField(max_length=200), max_length=10_000)


class AdoptedNetworkViewSet(ViewSet):
    """Networks of the user's own, on their way to checkpoints."""

    lookup_url_kwarg = "network_id"
    lookup_value_converter = "int"
    parser_classes: list[type[BaseParser]] = [JSONParser, MultiPartParser]  # noqa: RUF012

    @extend_schema(
        operation_id="start_networks_list",
        parameters=PAGING,
        responses={200: page_of(schema_of(AdoptedNetworkJSON))},
    )
    def list(self, request: Request) -> Response:
        """The user's own, the newest first."""
        pages = Pages()
        found = selectors.own(signed_in(request))
        rows: list[Any] = pages.paginate_queryset(found, request, self) or []
        return pages.get_paginated_response([network_json(row) for row in rows])

    @extend_schema(
        operation_id="start_networks_add",
        request={"application/json": PublishedSerializer, "multipart/form-data": AddSerializer},
        responses={201: NETWORK, **UNUSABLE},
    )
    def create(self, request: Request) -> Response:
        """Have a network read in the background; ask again until its `state` is `completed`."""
        user, is_form = signed_in(request), isinstance(request.data, QueryDict)
        read(AddSerializer if is_form else PublishedSerializer, request.data)
        form = AdoptedNetworkForm(sent_fields(request), request.FILES, user=user)
        if not form.is_valid():
            raise refusal_of(form, "unusable")
        network = services.add(user, **form.asked())
        headers = {"Location": f"{request.path}{network.pk}/"}
        return Response(network_detail_json(network), 201, headers=headers)

    @extend_schema(operation_id="start_networks_detail", responses={200: NETWORK})
    def retrieve(self, request: Request, network_id: int) -> Response:
        """With its layers, once it has been read."""
        network = selectors.own_network(signed_in(request), network_id)
        return Response(network_detail_json(network))

    @extend_schema(operation_id="start_networks_delete", responses={204: None})
    def destroy(self, request: Request, network_id: int) -> Response:
        """Delete it with its uploaded files; its checkpoint stays."""
        services.delete(signed_in(request), network_id)
        return Response(status=204)

    @extend_schema(
        operation_id="start_networks_sites",
        request=SitesSerializer,
        responses={202: NETWORK, **UNUSABLE},
    )
    @action(detail=True, methods=["post"], parser_classes=[JSONParser])
    def sites(self, request: Request, network_id: int) -> Response:
        """Have the checkpoint made with the cell at these sites, in the background."""
        asked = read(SitesSerializer, request.data)
        network = services.choose_sites(signed_in(request), network_id, asked["sites"])
        return Response(network_detail_json(network), 202)

    @extend_schema(operation_id="start_networks_cancel", request=None, responses={200: NETWORK})
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, network_id: int) -> Response:
        """Give its step up: at once where it waits, else when its worker has heard of it."""
        return Response(network_detail_json(services.cancel(signed_in(request), network_id)))
