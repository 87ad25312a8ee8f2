"""Start networks at /api/v1/start-networks/. Thin: rules are in services, selectors and forms."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.parsers import BaseParser, FormParser, JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.api_requests import read, sent_fields, signed_in
from webapp.errors import ProductError, flattened
from webapp.start_networks import selectors, services
from webapp.start_networks.forms import StartNetworkForm
from webapp.start_networks.models import Source, StartNetwork

LISTED = (
    "id",
    "name",
    "source",
    "model",
    "dataset",
    "step",
    "state",
    "failure",
    "sites",
    "checkpoint",
    "created_at",
)


class ListedSerializer(serializers.ModelSerializer[StartNetwork]):
    """A start network as lists show it; `checkpoint` is what was made of it."""

    dataset = serializers.SlugRelatedField[Any](slug_field="engine_name", read_only=True)

    class Meta:
        model = StartNetwork
        fields: ClassVar[tuple[str, ...]] = LISTED
        read_only_fields: ClassVar[tuple[str, ...]] = LISTED


class StartNetworkSerializer(ListedSerializer):
    """A start network with its layers in `outline`."""

    class Meta(ListedSerializer.Meta):
        fields: ClassVar[tuple[str, ...]] = (*LISTED, "outline")
        read_only_fields: ClassVar[tuple[str, ...]] = fields


class AddSerializer(serializers.Serializer[Any]):
    """Which fields count depends on `source`; torchvision needs `model` and `dataset`."""

    source = serializers.ChoiceField(choices=Source.choices)  # type: ignore[assignment]
    model = serializers.CharField(required=False)
    dataset = serializers.CharField(required=False, help_text="its name in settings")
    name = serializers.CharField(required=False)
    program = serializers.FileField(required=False)
    weights = serializers.FileField(required=False, help_text="safetensors")
    checkpoint = serializers.FileField(
        required=False,
        help_text="a zip; or checkpoint.json or an architecture as JSON, with its `weights`",
    )


class SitesSerializer(serializers.Serializer[Any]):
    """Names of layers whose `site` is true."""

    sites = serializers.ListField(child=serializers.CharField(max_length=200), max_length=10_000)


class StartNetworksView(generics.ListAPIView[StartNetwork]):
    """List and add."""

    serializer_class = ListedSerializer
    queryset = StartNetwork.objects.none()  # only for the schema: what is listed is the user's

    parser_classes: list[type[BaseParser]] = [JSONParser, MultiPartParser, FormParser]  # noqa: RUF012

    def get_queryset(self) -> QuerySet[StartNetwork]:
        return selectors.own(signed_in(self.request))

    @extend_schema(operation_id="start_networks_list")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The user's own, the newest first."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="start_networks_add",
        request=AddSerializer,
        responses={201: StartNetworkSerializer},
    )
    def post(self, request: Request) -> Response:
        """Have a network read in the background; ask again until its `state` is `completed`."""
        user = signed_in(request)
        form = StartNetworkForm(sent_fields(request), request.FILES, user=user)
        if not form.is_valid():
            fields = dict(flattened(form.errors))
            raise ProductError(" ".join(fields.values()), "invalid", fields)
        network = services.add(user, **form.asked())
        headers = {"Location": f"{request.path}{network.pk}/"}
        return Response(StartNetworkSerializer(network).data, status=201, headers=headers)


class StartNetworkView(APIView):
    """One start network."""

    @extend_schema(operation_id="start_networks_detail", responses={200: StartNetworkSerializer})
    def get(self, request: Request, network_id: int) -> Response:
        """With its layers, once it has been read."""
        network = selectors.own_network(signed_in(request), network_id)
        return Response(StartNetworkSerializer(network).data)

    @extend_schema(operation_id="start_networks_delete", responses={204: None})
    def delete(self, request: Request, network_id: int) -> Response:
        """Delete it with its uploaded files; its checkpoint stays."""
        services.delete(signed_in(request), network_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class StartNetworkSitesView(APIView):
    """The sites of a start network."""

    @extend_schema(
        operation_id="start_networks_sites",
        request=SitesSerializer,
        responses={202: StartNetworkSerializer},
    )
    def post(self, request: Request, network_id: int) -> Response:
        """Have the checkpoint made with the cell at these sites, in the background."""
        asked = read(SitesSerializer, request.data)
        network = services.choose_sites(signed_in(request), network_id, asked["sites"])
        return Response(StartNetworkSerializer(network).data, status=202)
