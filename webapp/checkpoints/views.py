"""Pages of checkpoints. Signing in is asked for by middleware.

Templates and their context:
    checkpoints/index.html   page, rows (checkpoint, notation), given (the filter), choices
    checkpoints/detail.html  checkpoint, is_owner, users, start, dataset, opsets,
                             usual_opset, page_state
"""

from typing import Any

from csp.decorators import csp_update
from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from search_engine.spec.export_form import OPSET, OPSETS
from search_engine.spec.order import natural_order
from webapp import disk
from webapp.accounts.authentication import UserRequest
from webapp.checkpoints import json, selectors, services
from webapp.checkpoints.api import CheckpointFilterSerializer
from webapp.checkpoints.models import Checkpoint, Origin
from webapp.datasets.models import Dataset
from webapp.datasets.selectors import visible_datasets
from webapp.errors import ProductError
from webapp.live import frames
from webapp.live.topics import Topic

ROWS_PER_PAGE = 50


@require_GET
def index(request: UserRequest) -> HttpResponse:
    """The user's checkpoints, and those that others share with them."""
    visible = selectors.visible_to(request.user)
    given = _given(request.GET)
    pages = Paginator(selectors.chosen(visible, given), ROWS_PER_PAGE)
    page = pages.get_page(request.GET.get("page"))
    rows = [(checkpoint, json.notation_of(checkpoint)) for checkpoint in page]
    context = {
        "page": page,
        "rows": rows,
        "given": given,
        "is_filtered": any(value not in (None, "", "-created_at") for value in given.values()),
        "origins": Origin.choices,
        "datasets": selectors.datasets_of(visible),
        "devices": selectors.devices_of(visible),
        "orders": selectors.ORDERS.items(),
        "query": _query(request.GET),
    }
    return render(request, "checkpoints/index.html", context)


# onnxruntime-web compiles WebAssembly to try a network in the browser; no other page may.
@csp_update({"script-src": "'wasm-unsafe-eval'"})  # type: ignore[arg-type]
@require_GET
def detail(request: UserRequest, checkpoint_id: int) -> HttpResponse:
    user = request.user
    checkpoint = selectors.checkpoint_to_see(user, checkpoint_id)
    is_owner = checkpoint.owner_id == user.pk
    dataset = _dataset(user, checkpoint)
    about = json.checkpoint_detail_json(checkpoint)
    context = {
        "checkpoint": checkpoint,
        "about": about,
        "classes": sorted(enumerate(about["class_names"]), key=lambda one: natural_order(one[1])),
        "is_owner": is_owner,
        "users": services.users_of(checkpoint) if is_owner else [],
        "start": _start(checkpoint),
        "dataset": dataset,
        "opsets": range(OPSETS[0], OPSETS[1] + 1),
        "usual_opset": OPSET,
        "page_state": {
            "checkpoint": about,
            "can_edit": is_owner,
            "live": frames.page_state(Topic("checkpoint", checkpoint.pk), owns=is_owner),
            "dataset": dataset and {"id": dataset.pk, "class_names": dataset.class_names},
        },
    }
    return render(request, "checkpoints/detail.html", context)


@require_http_methods(["GET", "POST"])
def delete(request: UserRequest, checkpoint_id: int) -> HttpResponse:
    """Delete it; asked by GET, say what that frees."""
    if request.method == "GET":
        return disk.frees(services.freed_bytes(request.user, checkpoint_id))
    try:
        services.delete(request.user, checkpoint_id)
    except ProductError as error:
        if error.code != "conflict":
            raise
        messages.error(request, error.message)
        return redirect("checkpoint", checkpoint_id)
    return redirect("checkpoints")


def _given(query: QueryDict) -> dict[str, Any]:
    """The filter; what makes no sense in an address filters nothing."""
    named = {name: value for name, value in query.items() if value != ""}
    asked = CheckpointFilterSerializer(data=named)
    if not asked.is_valid():
        asked = CheckpointFilterSerializer(
            data={name: value for name, value in named.items() if name not in asked.errors}
        )
        asked.is_valid(raise_exception=True)
    return dict(asked.validated_data)


def _query(query: QueryDict) -> str:
    """The address's query without its page, to which links append theirs."""
    kept = query.copy()
    kept.pop("page", None)
    return kept.urlencode()


def _start(checkpoint: Checkpoint) -> Checkpoint | None:
    """Where a search can start: from this one, or from the start network that it grew from."""
    if checkpoint.can_start or checkpoint.search is None:
        return checkpoint if checkpoint.can_start else None
    return checkpoint.search.checkpoints.filter(origin=Origin.START, can_start=True).first()


def _dataset(user: AbstractBaseUser, checkpoint: Checkpoint) -> Dataset | None:
    """Its data set, where this user may see it."""
    return visible_datasets(user).filter(pk=checkpoint.dataset_id or 0).first()
