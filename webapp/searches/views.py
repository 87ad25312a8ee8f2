"""Pages. Each embeds its state as JSON under `page-state`; scripts read it and go on from there.

Templates and their context:
    searches/home.html    page_state {"searches": [SearchJSON…], "query"}, searches (a page), wanted
    searches/search.html  page_state (LiveJSON), search (row), search_json, is_owner
    searches/trial.html   page_state (TrialDetailJSON + "search": SearchJSON, "line": LineJSON),
                          search, trial
    searches/new.html     form, main, groups, presets, preset, parent, start, is_grown,
                          proposal, chosen (data set), times, page_state {"check_url", "presets"}
"""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from search_engine.spec.presets import PRESETS
from webapp import disk
from webapp.accounts.authentication import UserRequest
from webapp.checkpoints.models import Checkpoint
from webapp.checkpoints.selectors import visible_to
from webapp.datasets.models import Dataset
from webapp.datasets.selectors import usable_dataset, usable_datasets
from webapp.dotted import changed_fields
from webapp.errors import ProductError
from webapp.live import log
from webapp.searches import documents, plans, reports, selectors, services
from webapp.searches.api import detail
from webapp.searches.estimates import launch_estimate
from webapp.searches.forms import LaunchForm
from webapp.searches.json.line import line_json
from webapp.searches.json.searches import live_json, search_list_json, with_counts
from webapp.searches.json.trials import trial_detail_json
from webapp.searches.models import Search
from webapp.state import State

HOME_SEARCHES = 25
DEMO_NAME = "Clothes"
FILLED_BY = ("from", "checkpoint", "dataset", "minutes", "preset")
"""What an address of the launch form may name to fill it."""


@require_GET
def home(request: UserRequest) -> HttpResponse:
    """All searches that the user may see. Looking starts no work."""
    user, wanted = request.user, _wanted(request)
    found = with_counts(selectors.visible_searches(user)).order_by("-created_at", "-pk")
    if "state" in wanted:
        found = found.filter(state=wanted["state"])
    if "tag" in wanted:
        found = selectors.tagged(found, wanted["tag"])
    page = Paginator(found, HOME_SEARCHES).get_page(request.GET.get("page"))
    # What a script asks for again and again: the same page of the same list.
    query = urlencode({**wanted, "page": page.number, "page_size": HOME_SEARCHES})
    searches = search_list_json(page.object_list, user)
    context = {
        "page_state": {"searches": searches, "query": query},
        "searches": page,
        "wanted": wanted,
        "states": State.choices,
        "filters": urlencode(wanted),
    }
    return render(request, "searches/home.html", context)


@require_GET
def search_page(request: UserRequest, search_id: int) -> HttpResponse:
    user = request.user
    search = selectors.search_to_see(user, search_id)
    state = live_json(search, user)
    context = {
        "page_state": state,
        "search": search,
        "search_json": state["search"],
        "is_owner": search.owner_id == user.pk,
    }
    return render(request, "searches/search.html", context)


@require_GET
def search_report(request: UserRequest, search_id: int) -> HttpResponse:
    """The search as one file that opens anywhere."""
    user = request.user
    return reports.response(selectors.search_to_see(user, search_id), user)


@require_GET
def trial_page(request: UserRequest, search_id: int, number: int) -> HttpResponse:
    user = request.user
    search = selectors.search_to_see(user, search_id)
    sequence = log.last_sequence(search.topic)
    trial = selectors.trial_to_see(user, search_id, number)
    state = {
        **trial_detail_json(search, trial, own=search.owner_id == user.pk, sequence=sequence),
        "search": detail(user, search_id),
        "line": line_json(search, trial),
    }
    context = {"page_state": state, "search": search, "trial": trial}
    return render(request, "searches/trial.html", context)


@require_http_methods(["GET", "POST"])
def new_search(request: UserRequest) -> HttpResponse:
    """The launch form: `?preset=` fills it, `?from=<id>` clones a search.

    `?dataset=` alone fills it with a plan that fits that data set, and the time at hand that
    `?minutes=` says. `?checkpoint=<id>` fills it with what a search needs to start from there.
    """
    user, parent = request.user, _parent(request)
    form = _form(request, user, parent)
    proposal = _proposal(request)
    if request.method == "POST" and form.is_valid():
        search, _ = services.launch(
            user,
            form.cleaned_data["config"],
            name=form.cleaned_data["name"],
            preset="" if parent or _start(request) or proposal else form.cleaned_data["preset"],
            parent=parent,
            start_checkpoint=form.cleaned_data["start_checkpoint"],
        )
        return redirect("search", search.pk)
    # The form is judged against what it was filled with.
    query = urlencode({name: request.GET[name] for name in FILLED_BY if name in request.GET})
    state = {"check_url": f"{reverse('search_check')}?{query}", "presets": list(PRESETS)}
    context = {
        "form": form,
        "main": form.main(),
        "groups": form.groups(),
        "presets": list(PRESETS),
        "preset": _preset(request),
        "parent": parent,
        "start": _start(request),
        "is_grown": form.is_grown,
        "proposal": proposal,
        "chosen": form["data.name"].value(),
        "times": [(minutes, plans.time_text(60 * minutes)) for minutes in plans.MINUTES],
        "page_state": state,
    }
    return render(request, "searches/new.html", context, status=400 if form.errors else 200)


@require_GET
def grow_further(request: UserRequest, search_id: int) -> HttpResponse:
    """Go to the form of a search that starts from this one's winner."""
    search = selectors.search_to_see(request.user, search_id)
    winner = selectors.best_checkpoint(search)
    if winner is None or not winner.can_start:
        messages.error(request, "No network of this search is kept that could grow further.")
        return redirect("search", search_id)
    return redirect(f"{reverse('new_search')}?checkpoint={winner.pk}")


@require_POST
def check_form(request: UserRequest) -> JsonResponse:
    """What is wrong beside which field, and what the start network costs: while one types."""
    user, parent = request.user, _parent(request)
    form = _form(request, user, parent)
    errors = {name: " ".join(map(str, texts)) for name, texts in form.errors.items()}
    config = form.cleaned_data.get("config")
    answer: dict[str, Any] = {"errors": errors, "changed": []}
    if config is not None:
        base, start = _base(request, parent), form.cleaned_data["start_checkpoint"]
        dataset = usable_dataset(user, config.data.name)
        is_trained = start is not None and start.accuracy is not None
        answer |= launch_estimate(config, dataset, is_trained=is_trained)
        answer["changed"] = changed_fields(base, config.to_json())
    return JsonResponse(answer)


@require_POST
def launch_demo(request: UserRequest) -> HttpResponse:
    """One click: grow a network on pictures of clothes."""
    preset = documents.DEMO_PRESET
    search, _ = services.launch(request.user, PRESETS[preset](), name=DEMO_NAME, preset=preset)
    return redirect("search", search.pk)


ACTIONS = {
    "pause": services.pause,
    "resume": services.resume,
    "stop": services.stop,
    "cancel": services.cancel,
}


@require_http_methods(["GET", "POST"])
def act(request: UserRequest, search_id: int, action: str) -> HttpResponse:
    """Steer a search from a page without script; scripts use the API.

    Asked by GET whether to delete it, say what that frees.
    """
    user = request.user
    if request.method == "GET":
        if action != "delete":
            return HttpResponseNotAllowed(["POST"])
        return disk.frees(services.freed_bytes(user, search_id))
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


def _form(request: UserRequest, user: AbstractBaseUser, parent: Search | None) -> LaunchForm:
    preset, proposal = _preset(request), _proposal(request)
    base = _base(request, parent)
    name = f"{parent.name}, changed"[:120] if parent else preset.replace("-", " ").capitalize()
    initial: dict[str, Any] = {"name": name, "preset": preset}
    start, dataset = (None, None) if parent else (_start(request), _dataset(request))
    if dataset and not proposal and not (start and start.search_id):
        initial |= documents.initial_for(dataset, preset)
    if start:
        initial |= documents.initial_for_start(start)
    elif proposal:
        initial |= proposal.initial()
    elif parent and parent.config.get("start_cell"):
        initial["start_checkpoint"] = parent.start_checkpoint_id  # nothing else has its cell
    data = request.POST if request.method == "POST" else None
    return LaunchForm(data, user=user, base=base, initial=initial)


def _base(request: UserRequest, parent: Search | None) -> dict[str, Any]:
    """The settings that the form begins with, and that its hidden ones come from."""
    start = None if parent else _start(request)
    if start is not None:
        return documents.start_document(start)
    if parent is not None:
        return documents.base_document("", parent)
    proposal = _proposal(request)
    return proposal.plan.config.to_json() if proposal else documents.new_document(_preset(request))


def _wanted(request: UserRequest) -> dict[str, str]:
    """Which searches the reader wants to see: `?state=` and `?tag=`."""
    given = {name: request.GET.get(name, "").strip() for name in ("state", "tag")}
    if given["state"] not in State.values:
        given["state"] = ""
    return {name: value for name, value in given.items() if value}


def _preset(request: UserRequest) -> str:
    given = request.POST.get("preset") or request.GET.get("preset", "")
    if given in PRESETS:
        return given
    return next(iter(PRESETS))


def _proposal(request: UserRequest) -> plans.Proposal | None:
    """What is proposed for the data set that a link names, where it names nothing else."""
    others = ("preset", "from", "checkpoint")
    if any(request.GET.get(name) for name in others) or not (dataset := _dataset(request)):
        return None
    given = request.GET.get("minutes", "")
    minutes = int(given) if given.isdecimal() and 0 < int(given) <= plans.MOST_MINUTES else 0
    return plans.proposal_for(request.user, dataset, minutes or plans.USUAL_MINUTES)


def _dataset(request: UserRequest) -> Dataset | None:
    """The data set that a link to the form names; none where the user has no such one."""
    given = request.GET.get("dataset", "")
    return usable_datasets(request.user).filter(engine_name=given).first() if given else None


def _start(request: UserRequest) -> Checkpoint | None:
    """The checkpoint that a link to the form names; none where a search cannot start from it."""
    given = request.GET.get("checkpoint", "")
    starts = visible_to(request.user).filter(can_start=True)
    return starts.filter(pk=int(given)).first() if given.isdecimal() else None


def _parent(request: UserRequest) -> Search | None:
    given = request.GET.get("from", "")
    return selectors.search_to_see(request.user, int(given)) if given.isdecimal() else None
