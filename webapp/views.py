"""Health, and the pages of errors: JSON under /api/, a page elsewhere."""

import sys

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.template import loader
from django.views import defaults
from django.views.decorators.cache import never_cache

from webapp.errors import ProductError, wants_json
from webapp.proxies import why_not_from_there
from webapp.work import causes
from webapp.work.causes import Cause


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


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that was not sent from one of our pages, as far as can be seen."""
    title, text = why_not_from_there(request, reason)
    if _is_api(request) or wants_json(request):
        return _json(ProductError(f"{title}. {text}", "forbidden"), 403)
    return render(request, "403_csrf.html", {"title": title, "text": text}, status=403)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if _is_api(request):
        return _json(ProductError("You may not do this.", "forbidden"), 403)
    return defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if _is_api(request):
        return _json(ProductError("There is nothing at this address.", "not_found"), 404)
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponseBase:
    """A fault of ours; or of what we stand on, which passes."""
    error = sys.exception()
    cause = Cause.BUG if error is None else causes.cause_of(error)
    if error is not None and cause is Cause.INFRASTRUCTURE:
        return _unavailable(request, causes.sentence(error, cause))
    if _is_api(request):
        return _json(ProductError("Espalier failed. The log says why.", "failed"), 500)
    return defaults.server_error(request)


def _unavailable(request: HttpRequest, sentence: str) -> HttpResponse:
    if _is_api(request):
        answer = _json(ProductError(sentence, "unavailable"), 503)
    else:  # a page that asks the database for nothing
        page = loader.render_to_string("503.html", {"sentence": sentence})
        answer = HttpResponse(page, status=503)
    answer.headers["Retry-After"] = "5"
    return answer


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def _json(error: ProductError, status: int) -> HttpResponse:
    return JsonResponse(error.body(), status=status)
