"""The page of administrators: what is not well, and what to do about it."""

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from webapp import disk
from webapp.accounts.authentication import UserRequest
from webapp.upkeep import checks, verification


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
