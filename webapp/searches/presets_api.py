"""Presets at /api/v1/presets/: what a search may start from."""

from typing import Any, TypedDict

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from search_engine.presets import PRESETS
from webapp.api_schemas import list_of, schema_of


class PresetJSON(TypedDict):
    """A search with a name; changes are laid over its config."""

    name: str
    config: dict[str, Any]


class PresetsView(APIView):
    """Presets."""

    @extend_schema(operation_id="presets_list", responses={200: list_of(schema_of(PresetJSON))})
    def get(self, request: Request) -> Response:
        """All of them, with every setting: a config to change and launch."""
        return Response([{"name": n, "config": make().to_json()} for n, make in PRESETS.items()])
