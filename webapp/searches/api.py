"""Searches at /api/v1/searches/: everything that the pages do."""

from collections.abc import Callable, Mapping
from typing import Any, TypedDict

from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from search_engine.spec.presets import PRESETS
from webapp.api.requests import Pages, read, signed_in, with_ids
from webapp.api.schemas import (
    IDEMPOTENCY_KEY,
    IDS,
    PAGING,
    UNUSABLE,
    list_of,
    page_of,
    schema_of,
    with_fields,
)
from webapp.checkpoints import downloads
from webapp.checkpoints.models import Checkpoint
from webapp.checkpoints.selectors import visible_to
from webapp.datasets.selectors import usable_dataset
from webapp.dotted import merged
from webapp.errors import ProductError, engine_errors_as_product_errors
from webapp.searches import documents, plans, reports, selectors, services
from webapp.searches.estimates import launch_estimate
from webapp.searches.json import columns, searches
from webapp.searches.models import Search
from webapp.searches.serializers import (
    ChangeSerializer,
    CheckSerializer,
    ExtendSerializer,
    LaunchSerializer,
    PlanSerializer,
    ShareSerializer,
)
from webapp.state import State
from webapp.work import fairness
from webapp.work.queue import GPU
from webapp.workers.selectors import workers_online

SEARCH = schema_of(searches.SearchJSON)
LIVE = schema_of(searches.LiveJSON)
SUMMARIES = schema_of(columns.SummariesJSON)
WAITING = schema_of(searches.WaitingJSON)
ESTIMATE = with_fields(
    parameters="integer",
    multiply_adds="integer",
    cells="integer",
    epochs="integer",
    memory="integer",
    seconds="number",
    speed_known="boolean",
)
PLAN = schema_of(plans.PlanJSON)
FILTERS = [
    OpenApiParameter("state", str, enum=State.values),
    OpenApiParameter("tag", str, description="Only those that have it."),
    IDS,
    *PAGING,
]
STEERING = extend_schema(request=None, responses={200: SEARCH})


class PresetJSON(TypedDict):
    """A search with a name; changes are laid over its config."""

    name: str
    config: dict[str, Any]


class PresetViewSet(ViewSet):
    """Presets: what a search may start from."""

    @extend_schema(operation_id="presets_list", responses={200: list_of(schema_of(PresetJSON))})
    def list(self, request: Request) -> Response:
        """All of them, with every setting: a config to change and launch."""
        return Response([{"name": n, "config": make().to_json()} for n, make in PRESETS.items()])


class SearchViewSet(ViewSet):
    """The user's searches, and those shared with them."""

    lookup_url_kwarg = "search_id"
    lookup_value_converter = "int"

    @extend_schema(
        operation_id="searches_list", parameters=FILTERS, responses={200: page_of(SEARCH)}
    )
    def list(self, request: Request) -> Response:
        """List, the newest first. `?state=` and `?tag=` filter."""
        user, pages = signed_in(request), Pages()
        visible = selectors.visible_searches(user)
        found = searches.with_counts(visible).order_by("-created_at", "-pk")
        wanted = request.query_params
        if state := wanted.get("state"):
            found = found.filter(state=checked_state(state))
        if tag := wanted.get("tag"):
            found = selectors.tagged(found, tag)
        found = with_ids(found, request)
        rows: list[Any] = pages.paginate_queryset(found, request, self) or []
        return pages.get_paginated_response(searches.search_list_json(rows, user))

    @extend_schema(
        operation_id="searches_launch",
        request=LaunchSerializer,
        responses={201: SEARCH, 200: SEARCH, **UNUSABLE},
        parameters=[IDEMPOTENCY_KEY],
    )
    def create(self, request: Request) -> Response:
        """Launch a search. 201 where it is new, 200 where the key launched it before."""
        user, given = signed_in(request), read(LaunchSerializer, request.data)
        parent = _parent(user, given)
        start = _start_checkpoint(user, given["start_checkpoint"])
        config, _ = services.checked(_document(given, parent, start), user)
        search, is_new = services.launch(
            user,
            config,
            name=given["name"],
            preset="" if parent else given["preset"],
            parent=parent,
            start_checkpoint=start,
            idempotency_key=request.headers.get("Idempotency-Key"),
        )
        return Response(detail(user, search.pk), 201 if is_new else 200)

    @extend_schema(
        operation_id="searches_check",
        request=CheckSerializer,
        responses={200: ESTIMATE, **UNUSABLE},
    )
    @action(detail=False, methods=["post"])
    def check(self, request: Request) -> Response:
        """What the start network costs and how large the space is; 422 names the wrong fields."""
        user, given = signed_in(request), read(CheckSerializer, request.data)
        start = _start_checkpoint(user, given["start_checkpoint"])
        document = _document(given, _parent(user, given), start)
        config, dataset = services.checked(document, user)
        is_trained = start is not None and start.accuracy is not None
        estimate = launch_estimate(config, dataset, is_trained=is_trained)
        return Response({**estimate, "config": config.to_json()})

    @extend_schema(
        operation_id="searches_plan",
        parameters=[PlanSerializer],
        responses={200: PLAN, **UNUSABLE},
    )
    @action(detail=False)
    def plan(self, request: Request) -> Response:
        """A search that fits a data set and the time at hand, to be launched as it is or changed.

        `seconds` is what it takes with the workers that are there; `pretrained` the torchvision
        model that would suit photographs better, or empty.
        """
        user, given = signed_in(request), read(PlanSerializer, request.query_params)
        with engine_errors_as_product_errors():
            dataset = usable_dataset(user, given["dataset"])
        found = plans.proposal_for(user, dataset, given["minutes"])
        if found is None:
            raise ProductError(
                "No plan can be made for such pictures.",
                "unusable",
                fields={"dataset": "expected grey or coloured"},
            )
        return Response(plans.proposal_json(found))

    @extend_schema(operation_id="searches_detail", responses={200: SEARCH})
    def retrieve(self, request: Request, search_id: int) -> Response:
        """The search without its trials."""
        return Response(detail(signed_in(request), search_id))

    @extend_schema(
        operation_id="searches_change", request=ChangeSerializer, responses={200: SEARCH}
    )
    def partial_update(self, request: Request, search_id: int) -> Response:
        """Rename it, write a note, set tags."""
        user, given = signed_in(request), read(ChangeSerializer, request.data)
        selectors.search_to_change(user, search_id)
        if "name" in given:
            services.rename(user, search_id, given["name"])
        if "note" in given:
            services.write_note(user, search_id, given["note"])
        if "tags" in given:
            services.set_tags(user, search_id, given["tags"])
        return Response(detail(user, search_id))

    @extend_schema(operation_id="searches_delete", responses={204: None})
    def destroy(self, request: Request, search_id: int) -> Response:
        """Delete an ended search with its trials, events and checkpoints."""
        services.delete(signed_in(request), search_id)
        return Response(status=204)

    @extend_schema(operation_id="searches_live", responses={200: LIVE})
    @action(detail=True)
    def live(self, request: Request, search_id: int) -> Response:
        """The search with the trials that are seen first; events go on after `sequence`."""
        user = signed_in(request)
        return Response(searches.live_json(selectors.search_to_see(user, search_id), user))

    @extend_schema(operation_id="searches_summaries", responses={200: SUMMARIES})
    @action(detail=True)
    def summaries(self, request: Request, search_id: int) -> Response:
        """The search with all trials in columns, without cells and curves."""
        user = signed_in(request)
        return Response(columns.summaries_json(selectors.search_to_see(user, search_id), user))

    @extend_schema(operation_id="searches_waiting", responses={200: WAITING})
    @action(detail=True)
    def waiting(self, request: Request, search_id: int) -> Response:
        """How many workers are online that could take it, and what waits longer than it."""
        search = selectors.search_to_see(signed_in(request), search_id)
        found: searches.WaitingJSON = {
            "workers_online": len(workers_online()),
            "ahead": fairness.ahead_of(GPU, f"search:{search.pk}"),
        }
        return Response(found)

    @extend_schema(operation_id="searches_report", responses={(200, "text/html"): str})
    @action(detail=True)
    def report(self, request: Request, search_id: int) -> HttpResponse:
        """One HTML file with all trials and what draws them; it needs no network."""
        user = signed_in(request)
        return reports.response(selectors.search_to_see(user, search_id), user)

    @STEERING
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, search_id: int) -> Response:
        """Let the trials that run end, and begin no others."""
        return _steered(services.pause, request, search_id)

    @STEERING
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, search_id: int) -> Response:
        """Go on exactly where it was paused."""
        return _steered(services.resume, request, search_id)

    @STEERING
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, search_id: int) -> Response:
        """Complete the search with what it has found."""
        return _steered(services.stop, request, search_id)

    @STEERING
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, search_id: int) -> Response:
        """Give up the trials that run, and the search."""
        return _steered(services.cancel, request, search_id)

    @extend_schema(
        operation_id="searches_extend", request=ExtendSerializer, responses={200: SEARCH}
    )
    @action(detail=True, methods=["post"])
    def extend(self, request: Request, search_id: int) -> Response:
        """Allow more trials; a completed search goes on."""
        user, given = signed_in(request), read(ExtendSerializer, request.data)
        services.extend_budget(user, search_id, given["max_trials"])
        return Response(detail(user, search_id))

    @extend_schema(
        operation_id="searches_shares", responses={200: list_of(with_fields(username="string"))}
    )
    @action(detail=True)
    def shares(self, request: Request, search_id: int) -> Response:
        """Who may look at it, for the owner alone."""
        search = selectors.search_to_change(signed_in(request), search_id)
        names = search.shares.values_list("user__username", flat=True)
        return Response([{"username": name} for name in names])

    @extend_schema(operation_id="searches_share", request=ShareSerializer, responses={204: None})
    @shares.mapping.post
    def share(self, request: Request, search_id: int) -> Response:
        """Let a user look at it."""
        given = read(ShareSerializer, request.data)
        services.share(signed_in(request), search_id, given["username"])
        return Response(status=204)

    @extend_schema(
        operation_id="searches_unshare", parameters=[ShareSerializer], responses={204: None}
    )
    @shares.mapping.delete
    def unshare(self, request: Request, search_id: int) -> Response:
        """Take it back: `?username=`."""
        given = read(ShareSerializer, request.query_params)
        services.unshare(signed_in(request), search_id, given["username"])
        return Response(status=204)

    @extend_schema(operation_id="searches_download", responses={(200, "application/zip"): bytes})
    @action(detail=True)
    def download(self, request: Request, search_id: int) -> HttpResponseBase:
        """The best checkpoint as a zip with weights, JSON, metrics, SHA-256 and a script; HTTP
        ranges work."""
        found = services.checkpoint_to_download(signed_in(request), search_id, None)
        return downloads.response(request._request, found)


def detail(user: AbstractBaseUser, search_id: int) -> searches.SearchJSON:
    found = searches.with_counts(selectors.visible_searches(user)).filter(pk=search_id).first()
    if found is None:
        selectors.search_to_see(user, search_id)
    return searches.search_list_json([found], user)[0]


def checked_state(value: str) -> str:
    if value not in State.values:
        reason = f"expected one of {', '.join(State.values)}"
        raise ProductError("There is no such state.", fields={"state": reason})
    return value


def _steered(
    ask: Callable[[AbstractBaseUser, int], None], request: Request, search_id: int
) -> Response:
    """Ask for it; the answer is the search as it is now."""
    user = signed_in(request)
    ask(user, search_id)
    return Response(detail(user, search_id))


def _parent(user: AbstractBaseUser, given: Mapping[str, Any]) -> Search | None:
    return selectors.search_to_see(user, given["parent"]) if given["parent"] else None


def _document(
    given: Mapping[str, Any], parent: Search | None, start: Checkpoint | None
) -> dict[str, Any]:
    if start is not None and parent is None and not given["preset"]:
        base = documents.start_document(start)
    else:
        base = documents.base_document(given["preset"], parent)
    return merged(base, given["config"])


def _start_checkpoint(user: AbstractBaseUser, checkpoint_id: int | None) -> Checkpoint | None:
    if checkpoint_id is None:
        return None
    found = visible_to(user).filter(pk=checkpoint_id).first()
    if found is None:
        raise ProductError(
            "There is no such checkpoint, or it is not yours to see.",
            "not_found",
            fields={"start_checkpoint": "not found"},
        )
    return found
