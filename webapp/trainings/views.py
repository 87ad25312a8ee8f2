"""Pages of final trainings. Each embeds its state as JSON; scripts read it and go on from there.

Templates and their context:
    trainings/index.html   page_state {"trainings": [TrainingJSON…]}, trainings
    trainings/new.html     form, groups, more, presets, preset, search, trial,
                           page_state {"check_url"}
    trainings/detail.html  page_state (LiveJSON), training, search, other, is_owner
"""

from typing import Any

from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from webapp import disk
from webapp.accounts.authentication import UserRequest
from webapp.errors import ProductError
from webapp.searches import selectors as search_selectors
from webapp.searches.models import Search, Trial
from webapp.trainings import documents, selectors, services
from webapp.trainings.documents import AS_SEARCHED, PRESETS, Compare
from webapp.trainings.forms import FinalForm
from webapp.trainings.json import list_json, live_json

TRAININGS = 50


@require_GET
def trainings(request: UserRequest) -> HttpResponse:
    """All that the user may see, the newest first."""
    user = request.user
    found = selectors.final_trainings(user)
    page = Paginator(found, TRAININGS).get_page(request.GET.get("page"))
    state = {"trainings": list_json(page.object_list, user), "page": page.number}
    return render(request, "trainings/index.html", {"page_state": state, "trainings": page})


@require_GET
def training_page(request: UserRequest, training_id: int) -> HttpResponse:
    """One final training, live."""
    user = request.user
    training = selectors.training_to_see(user, training_id)
    context = {
        "page_state": live_json(user, training_id),
        "training": training,
        "search": training.search,
        "other": training.compared_with,
        "is_owner": training.search.owner_id == user.pk,
    }
    return render(request, "trainings/detail.html", context)


@require_http_methods(["GET", "POST"])
def new_training(request: UserRequest, search_id: int, number: int) -> HttpResponse:
    """The launch form: `?preset=` fills it."""
    user = request.user
    search, trial = _trial(user, search_id, number)
    form, preset = _form(request, search, trial)
    if request.method == "POST" and form.is_valid():
        training, _ = services.launch(
            user,
            search_id,
            number,
            form.cleaned_data["config"],
            name=form.cleaned_data["name"],
            compare=Compare(form.cleaned_data["compare"]),
        )
        return redirect(training)
    context = {
        "form": form,
        "groups": form.groups(),
        "more": form.more(),
        "presets": [(name, _label(name)) for name in PRESETS],
        "preset": preset,
        "search": search,
        "trial": trial,
        "page_state": {"check_url": reverse("check_final_training", args=[search_id, number])},
    }
    status = 400 if form.errors else 200
    return render(request, "trainings/new.html", context, status=status)


@require_POST
def check_form(request: UserRequest, search_id: int, number: int) -> JsonResponse:
    """What is wrong beside which field, and what the training costs: while one types."""
    search, trial = _trial(request.user, search_id, number)
    form, _ = _form(request, search, trial)
    errors = {name: " ".join(map(str, texts)) for name, texts in form.errors.items()}
    answer: dict[str, Any] = {"errors": errors, "against_growing": ""}
    if form.config is not None:
        answer |= documents.estimate(form.config, search, trial)
        answer["against_growing"] = documents.reason_against_growing(form.config, trial)
    return JsonResponse(answer)


ACTIONS = {"pause": services.pause, "resume": services.resume, "cancel": services.cancel}


@require_http_methods(["GET", "POST"])
def act(request: UserRequest, training_id: int, action: str) -> HttpResponse:
    """Steer a training from a page without script; scripts use the API.

    Asked by GET whether to delete it, say what that frees.
    """
    user = request.user
    if request.method == "GET":
        if action != "delete":
            return HttpResponseNotAllowed(["POST"])
        return disk.frees(services.freed_bytes(user, training_id))
    try:
        if action == "delete":
            services.delete(user, training_id)
            return redirect("final_trainings")
        if action not in ACTIONS:
            raise ProductError("There is no such action.", "not_found")
        ACTIONS[action](user, training_id)
    except ProductError as error:
        if error.code != "conflict":
            raise
        messages.error(request, error.message)
    return redirect("final_training", training_id)


def _trial(user: AbstractBaseUser, search_id: int, number: int) -> tuple[Search, Trial]:
    trial = services.trial_to_train(user, search_id, number)
    return search_selectors.search_to_see(user, search_id), trial


def _form(request: UserRequest, search: Search, trial: Trial) -> tuple[FinalForm, str]:
    given = request.POST.get("preset") or request.GET.get("preset", "")
    preset = given if given in PRESETS else documents.usual_preset(search)
    base = documents.base_document(search, trial, preset)
    data = request.POST if request.method == "POST" else None
    initial = {"preset": preset, "name": f"Trial {trial.number}, trained fully"}
    return FinalForm(data, search=search, trial=trial, base=base, initial=initial), preset


def _label(preset: str) -> str:
    return "as searched" if preset == AS_SEARCHED else preset
