"""JSON that clients send, judged before any view reads it: what no database keeps is refused."""

from collections.abc import Mapping
from typing import IO, Any

from rest_framework import parsers

from search_engine.spec.documents import MAX_DEPTH, strange_values
from webapp.errors import ProductError


class JSONParser(parsers.JSONParser):
    """DRF's, but that the field is named that has NaN or an infinity."""

    strict = False

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            found = super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise ProductError(f"This JSON is nested more than {MAX_DEPTH} deep.") from None
        if faults := dict(strange_values(found)):
            named = "; ".join(f"{place}: {why}" if place else why for place, why in faults.items())
            raise ProductError(f"This cannot be kept: {named[:500]}.", fields=faults)
        return found
