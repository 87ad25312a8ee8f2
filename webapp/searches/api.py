"""Searches at /api/v1/searches/: everything that the pages do."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.api_requests import read, signed_in
from webapp.api_schemas import list_of, page_of, with_fields
from webapp.checkpoints import downloads
from webapp.checkpoints.models import Checkpoint
from webapp.checkpoints.selectors import visible_to
from webapp.errors import ProductError
from webapp.pagination import Pages
from webapp.searches import documents, live, schemas, selectors, services
from webapp.searches.estimates import launch_estimate
from webapp.searches.models import Search
from webapp.searches.serializers import (
    ChangeSerializer,
    CheckSerializer,
    ExtendSerializer,
    LaunchSerializer,
    ShareSerializer,
)
from webapp.state import State


class SearchesView(APIView):
    """The user's searches, and those shared with them."""

    @extend_schema(
        operation_id="searches_list",
        parameters=schemas.FILTERS,
        responses={200: page_of(schemas.SEARCH)},
    )
    def get(self, request: Request) -> Response:
        """List, the newest first. `?state=` and `?tag=` filter."""
        user, pages = signed_in(request), Pages()
        found = live.with_counts(selectors.visible_searches(user)).order_by("-created_at", "-pk")
        wanted = request.query_params
        if state := wanted.get("state"):
            found = found.filter(state=checked_state(state))
        if tag := wanted.get("tag"):
            found = selectors.tagged(found, tag)
        rows: list[Any] = pages.paginate_queryset(found, request, self) or []
        return pages.get_paginated_response(live.search_list_json(rows, user))

    @extend_schema(
        operation_id="searches_launch",
        request=LaunchSerializer,
        responses={201: schemas.SEARCH, 200: schemas.SEARCH},
        parameters=[schemas.IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        """Launch a search. 201 where it is new, 200 where the key launched it before."""
        user, given = signed_in(request), read(LaunchSerializer, request.data)
        parent = _parent(user, given)
        before = Search.objects.filter(owner_id=user.pk).count()
        search = services.launch(
            _document(given, parent),
            user,
            name=given["name"],
            preset="" if parent else given["preset"],
            parent=parent,
            start_checkpoint=_start_checkpoint(user, given["start_checkpoint"]),
            idempotency_key=request.headers.get("Idempotency-Key"),
        )
        is_new = Search.objects.filter(owner_id=user.pk).count() > before
        code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
        return Response(detail(user, search.pk), code)


class CheckView(APIView):
    """Judge a config without launching it."""

    @extend_schema(
        operation_id="searches_check",
        request=CheckSerializer,
        responses={
            200: with_fields(
                parameters="integer",
                multiply_adds="integer",
                cells="integer",
                epochs="integer",
                memory="integer",
                seconds="number",
            )
        },
    )
    def post(self, request: Request) -> Response:
        """What the start network costs and how large the space is; 400 names the wrong fields."""
        user, given = signed_in(request), read(CheckSerializer, request.data)
        config, dataset = services.checked(_document(given, _parent(user, given)), user)
        return Response({**launch_estimate(config, dataset), "config": config.to_json()})


class SearchView(APIView):
    """One search."""

    @extend_schema(operation_id="searches_detail", responses={200: schemas.SEARCH})
    def get(self, request: Request, search_id: int) -> Response:
        """The search without its trials."""
        return Response(detail(signed_in(request), search_id))

    @extend_schema(
        operation_id="searches_change", request=ChangeSerializer, responses={200: schemas.SEARCH}
    )
    def patch(self, request: Request, search_id: int) -> Response:
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
    def delete(self, request: Request, search_id: int) -> Response:
        """Delete an ended search with its trials, events and checkpoints."""
        services.delete(signed_in(request), search_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ActionView(APIView):
    """One thing to do with a search: POST without a body."""

    def act(self, user: AbstractBaseUser, search_id: int) -> None:
        """Ask for it."""
        raise NotImplementedError

    @extend_schema(request=None, responses={200: schemas.SEARCH})
    def post(self, request: Request, search_id: int) -> Response:
        """Ask for it; the answer is the search as it is now."""
        user = signed_in(request)
        self.act(user, search_id)
        return Response(detail(user, search_id))


class PauseView(ActionView):
    """Let the trials that run end, and begin no others."""

    def act(self, user: AbstractBaseUser, search_id: int) -> None:
        services.pause(user, search_id)


class ResumeView(ActionView):
    """Go on exactly where it was paused."""

    def act(self, user: AbstractBaseUser, search_id: int) -> None:
        services.resume(user, search_id)


class StopView(ActionView):
    """Complete the search with what it has found."""

    def act(self, user: AbstractBaseUser, search_id: int) -> None:
        services.stop(user, search_id)


class CancelView(ActionView):
    """Give up the trials that run, and the search."""

    def act(self, user: AbstractBaseUser, search_id: int) -> None:
        services.cancel(user, search_id)


class ExtendView(APIView):
    """A larger budget."""

    @extend_schema(
        operation_id="searches_extend", request=ExtendSerializer, responses={200: schemas.SEARCH}
    )
    def post(self, request: Request, search_id: int) -> Response:
        """Allow more trials; a completed search goes on."""
        user, given = signed_in(request), read(ExtendSerializer, request.data)
        services.extend_budget(user, search_id, given["max_trials"])
        return Response(detail(user, search_id))


class SharesView(APIView):
    """Who may look at a search."""

    @extend_schema(
        operation_id="searches_shares",
        responses={200: list_of(with_fields(username="string"))},
    )
    def get(self, request: Request, search_id: int) -> Response:
        """The users, for the owner alone."""
        search = selectors.search_to_change(signed_in(request), search_id)
        names = search.shares.values_list("user__username", flat=True)
        return Response([{"username": name} for name in names])

    @extend_schema(operation_id="searches_share", request=ShareSerializer, responses={204: None})
    def post(self, request: Request, search_id: int) -> Response:
        """Let a user look at it."""
        given = read(ShareSerializer, request.data)
        services.share(signed_in(request), search_id, given["username"])
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        operation_id="searches_unshare", parameters=[ShareSerializer], responses={204: None}
    )
    def delete(self, request: Request, search_id: int) -> Response:
        """Take it back: `?username=`."""
        given = read(ShareSerializer, request.query_params)
        services.unshare(signed_in(request), search_id, given["username"])
        return Response(status=status.HTTP_204_NO_CONTENT)


class BestDownloadView(APIView):
    """The best checkpoint."""

    @extend_schema(operation_id="searches_download", responses={(200, "application/zip"): bytes})
    def get(self, request: Request, search_id: int) -> HttpResponseBase:
        """As a zip with weights, JSON, metrics, SHA-256 and a script; HTTP ranges work."""
        found = services.checkpoint_to_download(signed_in(request), search_id, None)
        return downloads.response(request._request, found)


def detail(user: AbstractBaseUser, search_id: int) -> live.SearchJSON:
    found = live.with_counts(selectors.visible_searches(user)).filter(pk=search_id).first()
    if found is None:
        selectors.search_to_see(user, search_id)
    return live.search_list_json([found], user)[0]


def checked_state(value: str) -> str:
    if value not in State.values:
        reason = f"expected one of {', '.join(State.values)}"
        raise ProductError("There is no such state.", fields={"state": reason})
    return value


def _parent(user: AbstractBaseUser, given: Mapping[str, Any]) -> Search | None:
    return selectors.search_to_see(user, given["parent"]) if given["parent"] else None


def _document(given: Mapping[str, Any], parent: Search | None) -> dict[str, Any]:
    return documents.merged(documents.base_document(given["preset"], parent), given["config"])


def _start_checkpoint(user: AbstractBaseUser, checkpoint_id: int | None) -> Checkpoint | None:
    if checkpoint_id is None:
        return None
    found = visible_to(user).filter(pk=checkpoint_id).first()
    if found is None:
        raise ProductError("There is no such checkpoint.", fields={"start_checkpoint": "not found"})
    return found
