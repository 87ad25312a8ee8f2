"""Final trainings at /api/v1/final-trainings/: everything that the pages do."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from search_engine.spec.final_training import FinalTrainingConfig
from webapp.api.fields import WholeField
from webapp.api.requests import Pages, read, signed_in, with_ids
from webapp.api.schemas import (
    IDEMPOTENCY_KEY,
    IDS,
    PAGING,
    UNUSABLE,
    ConfigField,
    page_of,
    schema_of,
)
from webapp.dotted import merged
from webapp.searches import selectors as search_selectors
from webapp.state import State
from webapp.trainings import documents, json, selectors, services
from webapp.trainings.documents import Compare

TRAINING = schema_of(json.TrainingJSON)
DETAIL = schema_of(json.DetailJSON)
LIVE = schema_of(json.LiveJSON)
STEERING = extend_schema(request=None, responses={200: DETAIL})


class FinalLaunchSerializer(serializers.Serializer[None]):
    """A final training to launch: a preset, with changes laid over its config."""

    search = WholeField(min_value=1)
    trial = WholeField(min_value=1, help_text="Its number in the search.")
    name = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    preset = serializers.ChoiceField(
        choices=documents.PRESETS, required=False, default="", allow_blank=True
    )
    config = ConfigField(FinalTrainingConfig)
    compare = serializers.ChoiceField(
        choices=[(choice.value, choice.value) for choice in Compare],
        required=False,
        default=Compare.NONE.value,
        help_text="Also train the search's start network with the same recipe.",
    )


class FinalChangeSerializer(serializers.Serializer[None]):
    """What may be changed of a final training at any time; what is left out stays."""

    name = serializers.CharField(max_length=120, required=False)


class FinalFilterSerializer(serializers.Serializer[None]):
    """Which final trainings are listed."""

    search = WholeField(required=False, min_value=1)
    state = serializers.ChoiceField(choices=State.choices, required=False, allow_blank=True)


class TrainingViewSet(ViewSet):
    """Trainings of the user's searches, and of those shared with them."""

    lookup_url_kwarg = "training_id"
    lookup_value_converter = "int"

    @extend_schema(
        operation_id="final_trainings_list",
        parameters=[FinalFilterSerializer, IDS, *PAGING],
        responses={200: page_of(TRAINING)},
    )
    def list(self, request: Request) -> Response:
        """Final trainings, the newest first. `?search=` and `?state=` filter."""
        user, pages = signed_in(request), Pages()
        given = read(FinalFilterSerializer, request.query_params)
        found = selectors.final_trainings(user)
        if "search" in given:
            found = found.filter(search_id=given["search"])
        if given.get("state"):
            found = found.filter(state=given["state"])
        found = with_ids(found, request)
        rows: list[Any] = pages.paginate_queryset(found, request, self) or []
        return pages.get_paginated_response(json.list_json(rows, user))

    @extend_schema(
        operation_id="final_trainings_launch",
        request=FinalLaunchSerializer,
        responses={201: DETAIL, 200: DETAIL, **UNUSABLE},
        parameters=[IDEMPOTENCY_KEY],
    )
    def create(self, request: Request) -> Response:
        """Train a trial's cell fully. 201 where it is new, 200 where the key launched it before."""
        user, given = signed_in(request), read(FinalLaunchSerializer, request.data)
        trial = services.trial_to_train(user, given["search"], given["trial"])
        search = search_selectors.search_to_see(user, given["search"])
        base = documents.base_document(search, trial, given["preset"])
        training, is_new = services.launch(
            user,
            search.pk,
            trial.number,
            documents.checked(merged(base, given["config"]), search, trial),
            name=given["name"],
            compare=Compare(given["compare"]),
            idempotency_key=request.headers.get("Idempotency-Key"),
        )
        return Response(_detail(user, training.pk), 201 if is_new else 200)

    @extend_schema(operation_id="final_trainings_detail", responses={200: DETAIL})
    def retrieve(self, request: Request, training_id: int) -> Response:
        """With its config, the history of its epochs and, in the end, the confusion matrix."""
        return Response(_detail(signed_in(request), training_id))

    @extend_schema(
        operation_id="final_trainings_change",
        request=FinalChangeSerializer,
        responses={200: DETAIL},
    )
    def partial_update(self, request: Request, training_id: int) -> Response:
        """Rename it."""
        user, given = signed_in(request), read(FinalChangeSerializer, request.data)
        if "name" in given:
            services.rename(user, training_id, given["name"])
        return Response(_detail(user, training_id))

    @extend_schema(operation_id="final_trainings_delete", responses={204: None})
    def destroy(self, request: Request, training_id: int) -> Response:
        """Delete one that has ended or is paused, with its checkpoint."""
        services.delete(signed_in(request), training_id)
        return Response(status=204)

    @extend_schema(operation_id="final_trainings_live", responses={200: LIVE})
    @action(detail=True)
    def live(self, request: Request, training_id: int) -> Response:
        """With what it is compared with; the search's events go on after `sequence`."""
        return Response(json.live_json(signed_in(request), training_id))

    @STEERING
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, training_id: int) -> Response:
        """Stop at the next step; it can go on from its last complete epoch."""
        return _steered(services.pause, request, training_id)

    @STEERING
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, training_id: int) -> Response:
        """Go on from the last complete epoch."""
        return _steered(services.resume, request, training_id)

    @STEERING
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, training_id: int) -> Response:
        """Give it up at its next step."""
        return _steered(services.cancel, request, training_id)


def _steered(
    ask: Callable[[AbstractBaseUser, int], None], request: Request, training_id: int
) -> Response:
    """Ask for it; the answer is the training as it is now."""
    user = signed_in(request)
    ask(user, training_id)
    return Response(_detail(user, training_id))


def _detail(user: AbstractBaseUser, training_id: int) -> json.DetailJSON:
    return json.detail_json(selectors.training_to_see(user, training_id), user)
