"""The page of administrators, of what is not well and what to do; and what Prometheus reads."""

import secrets

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from webapp import disk
from webapp.accounts.authentication import UserRequest
from webapp.upkeep import checks, figures, verification


@require_GET
def system(request: UserRequest) -> HttpResponse:
    """Asks everything anew but the files, whose sums take long: of them the last report."""
    if not request.user.is_superuser:
        raise Http404
    return render(
        request,
        "upkeep/system.html",
        {
            "findings": checks.run(),
            "report": verification.last_report(),
            "free_bytes": disk.free_bytes(),
            "kept_bytes": settings.MIN_FREE_BYTES,
        },
    )


@login_not_required
@never_cache
@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """What Prometheus reads, of all processes together: for its token, and for administrators."""
    if not _may_read_figures(request):
        raise Http404
    return HttpResponse(figures.text(), content_type=CONTENT_TYPE_LATEST)


def _may_read_figures(request: HttpRequest) -> bool:
    sent = request.headers.get("Authorization", "").partition(" ")
    is_token = bool(settings.METRICS_TOKEN) and sent[0].lower() == "bearer"
    if is_token and secrets.compare_digest(sent[2].encode(), settings.METRICS_TOKEN.encode()):
        return True
    return request.user.is_active and getattr(request.user, "is_superuser", False)
