"""Final trainings at /api/v1/final-trainings/: everything that the pages do."""

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.api_requests import read, signed_in
from webapp.api_schemas import PAGING, page_of, schema_of
from webapp.final_trainings import documents, live, selectors, services
from webapp.final_trainings.documents import Compare
from webapp.final_trainings.serializers import (
    FinalChangeSerializer,
    FinalFilterSerializer,
    FinalLaunchSerializer,
)
from webapp.pagination import Pages
from webapp.searches import selectors as search_selectors
from webapp.searches.documents import merged

TRAINING = schema_of(live.TrainingJSON)
DETAIL = schema_of(live.DetailJSON)
LIVE = schema_of(live.LiveJSON)
KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="The same key a second time gives the same training, and launches nothing.",
)


class FinalTrainingsView(APIView):
    """Final trainings of the user's searches, and of those shared with them."""

    @extend_schema(
        operation_id="final_trainings_list",
        parameters=[FinalFilterSerializer, *PAGING],
        responses={200: page_of(TRAINING)},
    )
    def get(self, request: Request) -> Response:
        """List, the newest first. `?search=` and `?state=` filter."""
        user, pages = signed_in(request), Pages()
        given = read(FinalFilterSerializer, request.query_params)
        found = selectors.visible_to(user).order_by("-created_at", "-pk")
        if "search" in given:
            found = found.filter(search_id=given["search"])
        if "state" in given:
            found = found.filter(state=given["state"])
        rows: list[Any] = pages.paginate_queryset(found, request, self) or []
        return pages.get_paginated_response(live.list_json(rows, user))

    @extend_schema(
        operation_id="final_trainings_launch",
        request=FinalLaunchSerializer,
        responses={201: DETAIL, 200: DETAIL},
        parameters=[KEY],
    )
    def post(self, request: Request) -> Response:
        """Train a trial's cell fully. 201 where it is new, 200 where the key launched it before."""
        user, given = signed_in(request), read(FinalLaunchSerializer, request.data)
        trial = services.trial_to_train(user, given["search"], given["trial"])
        search = search_selectors.search_to_see(user, given["search"])
        base = documents.base_document(search, trial, given["preset"])
        before = search.final_trainings.count()
        training = services.launch(
            user,
            search.pk,
            trial.number,
            merged(base, given["config"]),
            name=given["name"],
            compare=Compare(given["compare"]),
            idempotency_key=request.headers.get("Idempotency-Key"),
        )
        is_new = search.final_trainings.count() > before
        code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
        return Response(_detail(user, training.pk), code)


class FinalTrainingView(APIView):
    """One final training."""

    @extend_schema(operation_id="final_trainings_detail", responses={200: DETAIL})
    def get(self, request: Request, training_id: int) -> Response:
        """With its config, the history of its epochs and, in the end, the confusion matrix."""
        return Response(_detail(signed_in(request), training_id))

    @extend_schema(
        operation_id="final_trainings_change",
        request=FinalChangeSerializer,
        responses={200: DETAIL},
    )
    def patch(self, request: Request, training_id: int) -> Response:
        """Rename it."""
        user, given = signed_in(request), read(FinalChangeSerializer, request.data)
        if "name" in given:
            services.rename(user, training_id, given["name"])
        return Response(_detail(user, training_id))

    @extend_schema(operation_id="final_trainings_delete", responses={204: None})
    def delete(self, request: Request, training_id: int) -> Response:
        """Delete one that has ended or is paused, with its checkpoint."""
        services.delete(signed_in(request), training_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class FinalTrainingLiveView(APIView):
    """The state of a final training's page."""

    @extend_schema(operation_id="final_trainings_live", responses={200: LIVE})
    def get(self, request: Request, training_id: int) -> Response:
        """With what it is compared with; the search's events go on after `sequence`."""
        return Response(live.live_json(signed_in(request), training_id))


class FinalTrainingActionView(APIView):
    """One thing to do with a final training: POST without a body."""

    def act(self, user: AbstractBaseUser, training_id: int) -> None:
        """Ask for it."""
        raise NotImplementedError

    @extend_schema(request=None, responses={200: DETAIL})
    def post(self, request: Request, training_id: int) -> Response:
        """Ask for it; the answer is the training as it is now."""
        user = signed_in(request)
        self.act(user, training_id)
        return Response(_detail(user, training_id))


class PauseFinalTrainingView(FinalTrainingActionView):
    """Stop at the next step; it can go on from its last complete epoch."""

    def act(self, user: AbstractBaseUser, training_id: int) -> None:
        services.pause(user, training_id)


class ResumeFinalTrainingView(FinalTrainingActionView):
    """Go on from the last complete epoch."""

    def act(self, user: AbstractBaseUser, training_id: int) -> None:
        services.resume(user, training_id)


class CancelFinalTrainingView(FinalTrainingActionView):
    """Give it up at its next step."""

    def act(self, user: AbstractBaseUser, training_id: int) -> None:
        services.cancel(user, training_id)


def _detail(user: AbstractBaseUser, training_id: int) -> live.DetailJSON:
    return live.detail_json(selectors.training_to_see(user, training_id), user)
