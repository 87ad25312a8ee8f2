"""Pages. Each embeds its state as JSON under `page-state`; scripts read it and go on from there.

Templates and their context:
    searches/home.html    page_state {"searches": [SearchJSON…], "query"}, searches (a page), wanted
    searches/search.html  page_state (LiveJSON), search (row), search_json, is_owner
    searches/trial.html   page_state (TrialDetailJSON + "search": SearchJSON), search, trial
    searches/new.html     form, main, groups, presets, preset, parent,
                          page_state {"check_url", "presets"}
"""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from search_engine.presets import PRESETS
from webapp.checkpoints.models import Checkpoint
from webapp.checkpoints.selectors import visible_to
from webapp.datasets.models import Dataset
from webapp.errors import ProductError
from webapp.searches import documents, live, prefilling, selectors, services
from webapp.searches.api import detail
from webapp.searches.datasets import usable_dataset, usable_datasets
from webapp.searches.estimates import launch_estimate
from webapp.searches.forms import LaunchForm
from webapp.searches.models import Search
from webapp.searches.trial_json import trial_detail_json
from webapp.state import State

HOME_SEARCHES = 25
DEMO_NAME = "Handwritten digits"


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """All searches that the user may see. Looking starts no work."""
    user, wanted = _user(request), _wanted(request)
    found = live.with_counts(selectors.visible_searches(user)).order_by("-created_at", "-pk")
    if "state" in wanted:
        found = found.filter(state=wanted["state"])
    if "tag" in wanted:
        found = selectors.tagged(found, wanted["tag"])
    page = Paginator(found, HOME_SEARCHES).get_page(request.GET.get("page"))
    # What a script asks for again and again: the same page of the same list.
    query = urlencode({**wanted, "page": page.number, "page_size": HOME_SEARCHES})
    searches = live.search_list_json(page.object_list, user)
    context = {
        "page_state": {"searches": searches, "query": query},
        "searches": page,
        "wanted": wanted,
        "states": State.choices,
        "filters": urlencode(wanted),
    }
    return render(request, "searches/home.html", context)


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
    state = {
        **trial_detail_json(search, trial, own=search.owner_id == user.pk),
        "search": detail(user, search_id),
        "sites": live.sites_of(search),
    }
    context = {"page_state": state, "search": search, "trial": trial}
    return render(request, "searches/trial.html", context)


@require_http_methods(["GET", "POST"])
def new_search(request: HttpRequest) -> HttpResponse:
    """The launch form: `?preset=` and `?dataset=` fill it, `?from=<id>` clones a search.

    `?checkpoint=<id>` fills it with what a search needs to start from that network.
    """
    user, parent = _user(request), _parent(request)
    form = _form(request, user, parent)
    if request.method == "POST" and form.is_valid():
        search = services.launch(
            form.cleaned_data["config"].to_json(),
            user,
            name=form.cleaned_data["name"],
            preset="" if parent or _start(request) else form.cleaned_data["preset"],
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
        "start": _start(request),
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
        base = _base(request, parent)
        answer |= launch_estimate(config, usable_dataset(user, config.data.name))
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
    base = _base(request, parent)
    name = f"{parent.name}, changed"[:120] if parent else preset.replace("-", " ").capitalize()
    initial: dict[str, Any] = {"name": name, "preset": preset}
    start, dataset = (None, None) if parent else (_start(request), _dataset(request))
    if dataset and not (start and start.search_id):
        initial |= prefilling.initial_for(dataset, preset)
    if start:
        initial |= prefilling.initial_for_start(start)
    data = request.POST if request.method == "POST" else None
    return LaunchForm(data, user=user, base=base, initial=initial)


def _base(request: HttpRequest, parent: Search | None) -> dict[str, Any]:
    """The settings that the form begins with, and that its hidden ones come from."""
    start = None if parent else _start(request)
    if start is not None:
        return prefilling.start_document(start)
    return documents.base_document(_preset(request), parent)


def _wanted(request: HttpRequest) -> dict[str, str]:
    """Which searches the reader wants to see: `?state=` and `?tag=`."""
    given = {name: request.GET.get(name, "").strip() for name in ("state", "tag")}
    if given["state"] not in State.values:
        given["state"] = ""
    return {name: value for name, value in given.items() if value}


def _preset(request: HttpRequest) -> str:
    given = request.POST.get("preset") or request.GET.get("preset", "")
    if given in PRESETS:
        return given
    dataset = _dataset(request)
    return prefilling.preset_for(dataset) if dataset else documents.DEFAULT_PRESET


def _dataset(request: HttpRequest) -> Dataset | None:
    """The data set that a link to the form names; none where the user has no such one."""
    given = request.GET.get("dataset", "")
    return usable_datasets(_user(request)).filter(engine_name=given).first() if given else None


def _start(request: HttpRequest) -> Checkpoint | None:
    """The checkpoint that a link to the form names; none where a search cannot start from it."""
    given = request.GET.get("checkpoint", "")
    starts = visible_to(_user(request)).filter(can_start=True)
    return starts.filter(pk=int(given)).first() if given.isdecimal() else None


def _parent(request: HttpRequest) -> Search | None:
    given = request.GET.get("from", "")
    return selectors.search_to_see(_user(request), int(given)) if given.isdecimal() else None


def _user(request: HttpRequest) -> AbstractBaseUser:
    """The user: `LoginRequiredMiddleware` has let nobody else in."""
    assert isinstance(request.user, AbstractBaseUser)
    return request.user
