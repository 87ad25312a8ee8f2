"""Pages of adopted networks. Signing in is asked for by middleware."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from search_engine.spec import Architecture
from webapp import disk
from webapp.accounts.authentication import UserRequest
from webapp.adopted import selectors, services
from webapp.adopted.forms import AdoptedNetworkForm
from webapp.adopted.models import AdoptedNetwork
from webapp.errors import ProductError, engine_errors_as_product_errors
from webapp.live import log

PER_PAGE = 30


@require_http_methods(["GET", "POST"])
def index(request: UserRequest) -> HttpResponse:
    """The user's networks, and the form for another."""
    filled = ("source", "model", "dataset", "pretrained")
    initial = {name: request.GET[name] for name in filled if name in request.GET}
    form = AdoptedNetworkForm(
        request.POST or None, request.FILES or None, user=request.user, initial=initial
    )
    if request.method == "POST" and form.is_valid():
        return redirect(services.add(request.user, **form.asked()))
    page = Paginator(selectors.own(request.user), PER_PAGE).get_page(request.GET.get("page"))
    status = 400 if form.is_bound else 200
    return render(request, "adopted/index.html", {"form": form, "page": page}, status=status)


@require_GET
def detail(request: UserRequest, network_id: int) -> HttpResponse:
    """The network drawn, with its sites to choose."""
    # Before the row: what happens in between is told again.
    sequence = log.last_sequence(AdoptedNetwork(pk=network_id).topic)
    network = selectors.own_network(request.user, network_id)
    outline = selectors.outline_of(network)
    context = {
        "sequence": sequence,
        "network": network,
        "outline": outline,
        "blocks": selectors.drawn(network, outline) if outline else [],
        "defaults": outline.default_sites() if outline else [],
    }
    return render(request, "adopted/detail.html", context)


@require_POST
def check_sites(request: UserRequest, network_id: int) -> JsonResponse:
    """Whether the ticked sites fit together, and what the start network costs with them."""
    outline = selectors.outline_of(selectors.own_network(request.user, network_id))
    if outline is None:
        raise ProductError("This network has not been read yet.", "conflict")
    try:
        with engine_errors_as_product_errors():
            config = outline.config(request.POST.getlist("sites"))
    except ProductError as error:
        return JsonResponse({"reason": " ".join(error.fields.values()) or error.message})
    cost = Architecture.start(config).cost
    return JsonResponse(
        {"reason": "", "parameters": cost.parameters, "multiply_adds": cost.multiply_adds}
    )


@require_POST
def choose_sites(request: UserRequest, network_id: int) -> HttpResponse:
    """Make the checkpoint."""
    try:
        return redirect(
            services.choose_sites(request.user, network_id, request.POST.getlist("sites"))
        )
    except ProductError as error:
        if error.code == "not_found":
            raise
        messages.error(request, " ".join(error.fields.values()) or error.message)
        return redirect("adopted_network", network_id)


@require_POST
def cancel(request: UserRequest, network_id: int) -> HttpResponse:
    """Give its step up."""
    try:
        services.cancel(request.user, network_id)
    except ProductError as error:
        if error.code == "not_found":
            raise
        messages.error(request, error.message)
    return redirect("adopted_network", network_id)


@require_http_methods(["GET", "POST"])
def delete(request: UserRequest, network_id: int) -> HttpResponse:
    """Delete it with its uploaded files; asked by GET, say what that frees."""
    if request.method == "GET":
        return disk.frees(services.freed_bytes(request.user, network_id))
    services.delete(request.user, network_id)
    messages.success(request, "Deleted. Checkpoints that were made of it stay.")
    return redirect("adopted_networks")
