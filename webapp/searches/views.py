"""Pages. Each embeds its state as JSON under `page-state`; scripts read it and go on from there.

Templates and their context:
    searches/home.html    page_state {"searches": [SearchJSON…], "presets": […]}, searches
    searches/search.html  page_state (LiveJSON), search (row), search_json, is_owner
    searches/trial.html   page_state (TrialDetailJSON + "search": SearchJSON), search, trial
    searches/new.html     form, main, groups, presets, preset, parent,
                          page_state {"check_url", "presets"}
"""

from typing import Any

from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from search_engine.presets import PRESETS
from webapp.errors import ProductError
from webapp.searches import documents, live, selectors, services
from webapp.searches.api import detail
from webapp.searches.forms import LaunchForm
from webapp.searches.models import Search

HOME_SEARCHES = 200
DEMO_NAME = "Handwritten digits"


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """All searches that the user may see. Looking starts no work."""
    user = _user(request)
    found = live.with_counts(selectors.visible_searches(user)).order_by("-created_at", "-pk")
    searches = live.search_list_json(found[:HOME_SEARCHES], user)
    state = {"searches": searches, "presets": list(PRESETS)}
    return render(request, "searches/home.html", {"page_state": state, "searches": searches})


@require_GET
def search_page(request: HttpRequest, search_id: int) -> HttpResponse:
    user = _user(request)
    search = selectors.search_to_see(user, search_id)
    state = live.live_json(search, user)
    context = {
        "page_state": state,
        "search": search,
        "search_json": state["search"],
        "is_owner": search.owner_id == user.pk,
    }
    return render(request, "searches/search.html", context)


@require_GET
def trial_page(request: HttpRequest, search_id: int, number: int) -> HttpResponse:
    user = _user(request)
    search = selectors.search_to_see(user, search_id)
    trial = selectors.trial_to_see(user, search_id, number)
    state = {**live.trial_detail_json(search, trial), "search": detail(user, search_id)}
    context = {"page_state": state, "search": search, "trial": trial}
    return render(request, "searches/trial.html", context)


@require_http_methods(["GET", "POST"])
def new_search(request: HttpRequest) -> HttpResponse:
    """The launch form: `?preset=` fills it, `?from=<id>` clones a search."""
    user, parent = _user(request), _parent(request)
    form = _form(request, user, parent)
    if request.method == "POST" and form.is_valid():
        search = services.launch(
            form.cleaned_data["config"].to_json(),
            user,
            name=form.cleaned_data["name"],
            preset="" if parent else form.cleaned_data["preset"],
            parent=parent,
            start_checkpoint=form.cleaned_data["start_checkpoint"],
        )
        return redirect("search", search.pk)
    state = {"check_url": reverse("search_check"), "presets": list(PRESETS)}
    context = {
        "form": form,
        "main": form.main(),
        "groups": form.groups(),
        "presets": list(PRESETS),
        "preset": _preset(request),
        "parent": parent,
        "page_state": state,
    }
    return render(request, "searches/new.html", context, status=400 if form.errors else 200)


@require_POST
def check_form(request: HttpRequest) -> JsonResponse:
    """What is wrong beside which field, and what the start network costs: while one types."""
    user, parent = _user(request), _parent(request)
    form = _form(request, user, parent)
    errors = {name: " ".join(map(str, texts)) for name, texts in form.errors.items()}
    config = form.cleaned_data.get("config")
    answer: dict[str, Any] = {"errors": errors, "changed": []}
    if config is not None:
        base = documents.base_document(_preset(request), parent)
        answer |= documents.estimate(config)
        answer["changed"] = documents.changed_fields(base, config.to_json())
    return JsonResponse(answer)


@require_POST
def launch_demo(request: HttpRequest) -> HttpResponse:
    """One click: grow a network on handwritten digits."""
    document = documents.base_document(documents.DEFAULT_PRESET)
    search = services.launch(
        document, _user(request), name=DEMO_NAME, preset=documents.DEFAULT_PRESET
    )
    return redirect("search", search.pk)


ACTIONS = {
    "pause": services.pause,
    "resume": services.resume,
    "stop": services.stop,
    "cancel": services.cancel,
}


@require_POST
def act(request: HttpRequest, search_id: int, action: str) -> HttpResponse:
    """Steer a search from a page without script; scripts use the API."""
    user = _user(request)
    try:
        if action == "delete":
            services.delete(user, search_id)
            return redirect("home")
        if action not in ACTIONS:
            raise ProductError("There is no such action.", "not_found")
        ACTIONS[action](user, search_id)
    except ProductError as error:
        if error.code != "conflict":
            raise
        messages.error(request, error.message)
    return redirect("search", search_id)


def _form(request: HttpRequest, user: AbstractBaseUser, parent: Search | None) -> LaunchForm:
    preset = _preset(request)
    base = documents.base_document(preset, parent)
    name = f"{parent.name}, changed"[:120] if parent else preset.replace("-", " ").capitalize()
    data = request.POST if request.method == "POST" else None
    return LaunchForm(data, user=user, base=base, initial={"name": name, "preset": preset})


def _preset(request: HttpRequest) -> str:
    given = request.POST.get("preset") or request.GET.get("preset", "")
    return given if given in PRESETS else documents.DEFAULT_PRESET


def _parent(request: HttpRequest) -> Search | None:
    given = request.GET.get("from", "")
    return selectors.search_to_see(_user(request), int(given)) if given.isdecimal() else None


def _user(request: HttpRequest) -> AbstractBaseUser:
    """The user: `LoginRequiredMiddleware` has let nobody else in."""
    assert isinstance(request.user, AbstractBaseUser)
    return request.user
