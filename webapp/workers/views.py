"""The page of workers. It embeds its state as JSON; its script asks the API again."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from webapp.accounts.authentication import UserRequest
from webapp.workers import json, selectors

MOST = 200
"""As many as one page of the API has."""


@require_GET
def index(request: UserRequest) -> HttpResponse:
    """Every worker, its device and what it is at."""
    workers = json.workers_json(list(selectors.known_workers()[:MOST]), request.user)
    return render(request, "workers/index.html", {"page_state": {"workers": workers}})
