"""What pages and the API read of checkpoints: filtered by user first."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet, Sum

from search_engine.spec import AdoptedConfig
from search_engine.spec.export_form import USUAL_NAMES
from webapp.api.requests import narrowed
from webapp.checkpoints.models import Checkpoint, Export, ExportFormat
from webapp.errors import ProductError, one_of, refuse_strangers

User = AbstractBaseUser | AnonymousUser

ORDERS = {
    "-created_at": "Newest first",
    "created_at": "Oldest first",
    "-accuracy": "Best accuracy first",
    "parameters": "Fewest parameters first",
    "multiply_adds": "Fewest multiply-adds first",
    "latency_1": "Fastest for one image first",
    "latency_64": "Fastest for 64 images first",
    "memory": "Least memory first",
    "-bytes": "Largest files first",
}


def visible_to(user: User) -> QuerySet[Checkpoint]:
    """The user's checkpoints, and those of searches that others share with them."""
    if not user.is_authenticated:
        return Checkpoint.objects.none()
    # A subquery: a join would give a row for each share.
    shared = Checkpoint.objects.filter(search__shares__user_id=user.pk).values("pk")
    found = Checkpoint.objects.filter(Q(owner_id=user.pk) | Q(pk__in=shared))
    found = found.select_related("owner", "search", "dataset", "trial", "training")
    return found.defer(*_HEAVY)


def checkpoint_to_see(user: User, checkpoint_id: int) -> Checkpoint:
    """A checkpoint that the user may look at. To strangers it does not exist."""
    return one_of(visible_to(user), "checkpoint", pk=checkpoint_id)


def checkpoint_to_change(user: User, checkpoint_id: int) -> Checkpoint:
    """A checkpoint that is the user's own; shared ones may only be looked at."""
    found = checkpoint_to_see(user, checkpoint_id)
    refuse_strangers("checkpoint", own=found.owner_id == user.pk)
    return found


def chosen(checkpoints: QuerySet[Checkpoint], given: Mapping[str, Any]) -> QuerySet[Checkpoint]:
    """The checkpoints that a filter asks for, in its order; what is left out filters nothing."""
    if text := given.get("name"):
        checkpoints = checkpoints.filter(
            Q(name__icontains=text)
            | Q(search__name__icontains=text)
            | Q(trial__notation__icontains=text)
        )
    return narrowed(checkpoints, given, _LOOKUPS, then="-pk")


def datasets_of(checkpoints: QuerySet[Checkpoint]) -> list[tuple[str, str]]:
    """Names in settings, and names for people, of the data sets that there are checkpoints for."""
    names = checkpoints.filter(dataset__isnull=False).order_by("dataset__name")
    return list(names.values_list("dataset__engine_name", "dataset__name").distinct())


def devices_of(checkpoints: QuerySet[Checkpoint]) -> list[str]:
    """The devices that measured them: seconds of one are not those of another."""
    measured = checkpoints.exclude(measured_on="").order_by("measured_on")
    return list(measured.values_list("measured_on", flat=True).distinct())


def exports_of(user: User, checkpoint_id: int) -> list[Export]:
    """A checkpoint's exports, in the order in which pages show them."""
    return in_order(Export.objects.filter(checkpoint=checkpoint_to_see(user, checkpoint_id)))


def in_order(exports: QuerySet[Export]) -> list[Export]:
    """Exports in the order in which pages show them."""
    order = {name: place for place, name in enumerate(USUAL_NAMES)}
    kinds = {kind: order[kind] for kind in ExportFormat.values}

    def place(export: Export) -> tuple[int, int, str]:
        """What has another opset comes after the usual forms of its format."""
        usual = order.get(export.name)
        return (usual, 0, "") if usual is not None else (kinds[export.kind], 1, export.name)

    return sorted(exports.select_related(*_OF_EXPORT), key=place)


def export_to_see(user: User, checkpoint_id: int, name: str) -> Export:
    """One export; its name is the address's last part."""
    checkpoint = checkpoint_to_see(user, checkpoint_id)
    exports = Export.objects.filter(checkpoint=checkpoint, name=name)
    found = exports.select_related(*_OF_EXPORT).first()
    if found is None:
        raise ProductError("There is no such export.", "not_found")
    return found


def brought_in(start: Checkpoint | None) -> Checkpoint | None:
    """The adopted network with which a search began, or one before it that led to it.

    Args:
        start: the search's start checkpoint.

    Returns:
        None where there was none, it is deleted, or it came trained on images that nobody knows.
    """
    while start is not None and start.search is not None:
        start = start.search.start_checkpoint
    if start is None or start.trained_on or not isinstance(start.skeleton, AdoptedConfig):
        return None
    return start


def checkpoint_bytes(user_id: int) -> int:
    """Bytes of a user's checkpoints, without their exports."""
    found = Checkpoint.objects.filter(owner_id=user_id).aggregate(total=Sum("bytes"))
    return found["total"] or 0


def export_bytes(user_id: int) -> int:
    """Bytes of the exports of a user's checkpoints."""
    found = Export.objects.filter(checkpoint__owner_id=user_id).aggregate(total=Sum("bytes"))
    return found["total"] or 0


_OF_EXPORT = ("checkpoint__search", "checkpoint__trial", "dataset")

_HEAVY = (
    "trial__confusion",
    "trial__outcome",
    "trial__proposal",
    "trial__result",
    "trial__traceback",
    "training__config",
    "training__history",
)
"""Columns that no page of checkpoints shows."""

_LOOKUPS = {
    "origin": "origin",
    "search": "search_id",
    "dataset": "dataset__engine_name",
    "can_start": "can_start",
    "min_accuracy": "accuracy__gte",
    "max_parameters": "parameters__lte",
    "max_latency_1": "latency_1__lte",
    "max_latency_64": "latency_64__lte",
    "max_memory": "memory__lte",
    "measured_on": "measured_on",
}
