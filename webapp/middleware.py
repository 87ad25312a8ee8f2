"""What happens around every page: errors are shown, and answers are compressed."""

from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin

from search_engine.spec.documents import MAX_INTEGER
from webapp import observing
from webapp.errors import REFUSAL, ProductError, as_product_error, wants_json

COMPRESSED = (
    "text/html",
    "text/csv",
    "application/json",
    "application/vnd.oai.openapi",
    "application/vnd.oai.openapi+json",
)


def refusal(request: HttpRequest, error: ProductError) -> HttpResponseBase:
    """The answer to what no view has been asked: to programs and scripts JSON, else a page."""
    if request.path.startswith("/api/") or wants_json(request):
        headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else None
        return JsonResponse(error.body(), status=error.status, headers=headers)
    if error.code == "not_signed_in":
        return redirect_to_login(request.get_full_path())
    return render(request, "error.html", {"error": error}, status=error.status)


class ProductErrorMiddleware(MiddlewareMixin):
    """Shows a ProductError that no form has shown as a page of its own, to programs as JSON."""

    def process_request(self, request: HttpRequest) -> HttpResponseBase | None:
        """What was refused before anything of it was read."""
        error = request.META.get(REFUSAL) or getattr(request, "scope", {}).get(REFUSAL)
        return None if error is None else refusal(request, error)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        told = as_product_error(error)
        if told is None:
            return None
        return render(request, "error.html", {"error": told}, status=told.status)


class PlausibleRequestMiddleware(MiddlewareMixin):
    """What no database can hold reaches no view."""

    def process_request(self, request: HttpRequest) -> HttpResponseBase | None:
        sent = request.GET.lists()
        strange = [name for name, values in sent if "\0" in "".join((name, *values))]
        if not strange:
            return None
        reason = "expected text without NUL"
        named = ", ".join(name.replace("\0", "") for name in strange)
        error = ProductError(f"{named}: {reason}.", fields=dict.fromkeys(strange, reason))
        return refusal(request, error)

    def process_view(
        self, request: HttpRequest, view: object, args: object, named: dict[str, Any]
    ) -> None:
        """A number in an address that is larger than any row's is one that no row has."""
        observing.note_view(request)
        for name, value in named.items():
            if isinstance(value, int):
                named[name] = min(value, MAX_INTEGER)


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
