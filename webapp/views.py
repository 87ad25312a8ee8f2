"""Health, and the pages of errors: JSON under /api/, a page elsewhere."""

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.views import defaults
from django.views.decorators.cache import never_cache

from webapp.errors import ProductError


@login_not_required
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """200 while the database answers, else 503: for process managers and load balancers."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"database": "unreachable"}, status=503)
    return JsonResponse({"database": "ok"})


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if _is_api(request):
        return _json(ProductError("This request cannot be read."), 400)
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if _is_api(request):
        return _json(ProductError("You may not do this.", "forbidden"), 403)
    return defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if _is_api(request):
        return _json(ProductError("There is nothing at this address.", "not_found"), 404)
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponseBase:
    if _is_api(request):
        return _json(ProductError("Espalier failed. The log says why.", "failed"), 500)
    return defaults.server_error(request)


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def _json(error: ProductError, status: int) -> HttpResponse:
    return JsonResponse(error.body(), status=status)
