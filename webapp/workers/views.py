"""The page of workers. It embeds its state as JSON; its script asks the API again."""

from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from webapp.workers import selectors
from webapp.workers.api import workers_json

MOST = 200
"""As many as one page of the API has."""


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Every worker, its device and what it is at."""
    assert isinstance(request.user, AbstractBaseUser)
    workers = workers_json(list(selectors.known_workers()[:MOST]), request.user)
    return render(request, "workers/index.html", {"page_state": {"workers": workers}})
