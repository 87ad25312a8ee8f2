"""Health, and the pages of errors: JSON under /api/, a page elsewhere."""

import sys

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.template import loader
from django.views import defaults
from django.views.decorators.cache import never_cache

from webapp import observing
from webapp.errors import ProductError, wants_json
from webapp.proxies import why_not_from_there
from webapp.storage import local
from webapp.work import causes
from webapp.work.causes import Cause


@login_not_required
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """200 while this process answers, whatever it stands on: else it is to be started again."""
    return JsonResponse({"process": "ok"})


@login_not_required
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """200 while requests may be sent here: the database answers and has all tables, and where files
    are in a bucket, that answers."""
    says = {"database": _database_says()}
    if not local.is_disk():
        says["storage"] = "ok" if local.bucket().answers() else "unreachable"
    return JsonResponse(says, status=200 if set(says.values()) == {"ok"} else 503)


def _database_says() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return "ok" if _has_all_tables() else "tables are missing or old"
    except DatabaseError:
        return "unreachable"


def _has_all_tables() -> bool:
    """Once they are there they stay: this process need not look again."""
    global _tables_seen
    if not _tables_seen:
        executor = MigrationExecutor(connection)
        _tables_seen = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return _tables_seen


_tables_seen = False


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
    name = observing.request_id(request)
    if _is_api(request):
        under = f" under “{name}”" if name else ""
        return _json(ProductError(f"Espalier failed. The log says why{under}.", "failed"), 500)
    page = loader.render_to_string("500.html", {"request_id": name})
    return HttpResponse(page, status=500)


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
