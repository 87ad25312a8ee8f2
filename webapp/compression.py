"""Which answers go out compressed."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

COMPRESSED = (
    "text/html",
    "text/csv",
    "application/json",
    "application/vnd.oai.openapi",
    "application/vnd.oai.openapi+json",
)


class TextGZipMiddleware(GZipMiddleware):
    """Compresses pages and JSON; no downloads, whose ranges would no longer fit, and no images.

    BREACH guesses a secret from the sizes of answers that repeat what was asked. Django's own
    tokens are masked anew in every answer, and its middleware adds up to 100 random bytes.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        kind = response.headers.get("Content-Type", "").split(";")[0]
        is_ranged = response.has_header("Accept-Ranges")
        if kind not in COMPRESSED or is_ranged or response.streaming:
            return response
        return super().process_response(request, response)
