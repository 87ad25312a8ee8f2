"""Exports and measurements, below /api/v1/checkpoints/<id>/."""

from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.api_requests import read, signed_in
from webapp.api_schemas import list_of, schema_of
from webapp.checkpoints.selectors import checkpoint_to_see
from webapp.exports import comparison, downloads, selectors, services
from webapp.exports.models import Kind

EXPORT = schema_of(selectors.ExportJSON)
COMPARISON = schema_of(comparison.ComparisonJSON)
MEASUREMENT = schema_of(selectors.MeasurementJSON)


class BuildSerializer(serializers.Serializer[None]):
    """What to build."""

    kind = serializers.ChoiceField(choices=Kind.choices)
    dataset = serializers.CharField(
        required=False,
        allow_blank=True,
        help_text="Of a checkpoint that was brought in: the data set to compare on, by its name in"
        " settings. Left out: the one that exports/datasets/ names as chosen; empty: noise.",
    )


class ExportsView(APIView):
    """A checkpoint's exports."""

    @extend_schema(operation_id="exports_list", responses={200: list_of(EXPORT)})
    def get(self, request: Request, checkpoint_id: int) -> Response:
        """All of them: at most one of each kind."""
        exports = selectors.exports_of(signed_in(request), checkpoint_id)
        return Response([selectors.export_json(export) for export in exports])

    @extend_schema(
        operation_id="exports_build", request=BuildSerializer, responses={202: EXPORT, 200: EXPORT}
    )
    def post(self, request: Request, checkpoint_id: int) -> Response:
        """Have one built: 202. One that is there already is left as it is: 200."""
        asked = read(BuildSerializer, request.data)
        export = services.build(signed_in(request), checkpoint_id, **asked)
        code = status.HTTP_202_ACCEPTED if export.is_active else status.HTTP_200_OK
        return Response(selectors.export_json(export), code)


class ExportDatasetsView(APIView):
    """On whose images exports can be compared."""

    @extend_schema(operation_id="exports_datasets", responses={200: COMPARISON})
    def get(self, request: Request, checkpoint_id: int) -> Response:
        """Data sets with the network's channels, the likeliest first, and which one is chosen."""
        user = signed_in(request)
        found = comparison.of(user, checkpoint_to_see(user, checkpoint_id))
        return Response(found.to_json())


class ExportView(APIView):
    """One export."""

    @extend_schema(operation_id="exports_detail", responses={200: EXPORT})
    def get(self, request: Request, checkpoint_id: int, kind: str) -> Response:
        """Its state; when it is completed, what the comparison with the checkpoint found."""
        export = selectors.export_to_see(signed_in(request), checkpoint_id, kind)
        return Response(selectors.export_json(export))

    @extend_schema(operation_id="exports_delete", responses={204: None})
    def delete(self, request: Request, checkpoint_id: int, kind: str) -> Response:
        """Delete it with its files."""
        services.delete(signed_in(request), checkpoint_id, kind)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ExportCancelView(APIView):
    """A build that is under way."""

    @extend_schema(operation_id="exports_cancel", request=None, responses={200: EXPORT})
    def post(self, request: Request, checkpoint_id: int, kind: str) -> Response:
        """Give it up."""
        export = services.cancel(signed_in(request), checkpoint_id, kind)
        return Response(selectors.export_json(export))


class ExportDownloadView(APIView):
    """An export's files."""

    @extend_schema(
        operation_id="exports_download", responses={(200, "application/octet-stream"): bytes}
    )
    def get(self, request: Request, checkpoint_id: int, kind: str) -> HttpResponseBase:
        """Its one file, or a zip of several with their SHA-256; HTTP ranges work."""
        export = selectors.export_to_see(signed_in(request), checkpoint_id, kind)
        return downloads.response(request._request, export)


class MeasurementView(APIView):
    """A checkpoint's latency and memory."""

    @extend_schema(operation_id="checkpoints_measurement", responses={200: MEASUREMENT})
    def get(self, request: Request, checkpoint_id: int) -> Response:
        """As last measured; `state` says whether that is being done anew."""
        return Response(selectors.measurement_json(signed_in(request), checkpoint_id))

    @extend_schema(operation_id="checkpoints_measure", request=None, responses={202: MEASUREMENT})
    def post(self, request: Request, checkpoint_id: int) -> Response:
        """Have them measured by a worker, on the device on which it trains."""
        user = signed_in(request)
        services.measure(user, checkpoint_id)
        found = selectors.measurement_json(user, checkpoint_id)
        return Response(found, status.HTTP_202_ACCEPTED)
