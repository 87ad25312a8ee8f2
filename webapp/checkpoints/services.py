"""What a user asks for of checkpoints and their exports, with the rules of who may ask what."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from search_engine.spec.export_form import ExportForm, why_not_offered
from search_engine.spec.final_training import Weights
from search_engine.spec.search_config import SearchConfig
from webapp.accounts import quota
from webapp.checkpoints import comparison, lifecycle, selectors
from webapp.checkpoints.kinds import EXPORT, MEASUREMENT
from webapp.checkpoints.models import Checkpoint, Export, Measurement, Origin
from webapp.disk import require_room
from webapp.errors import ProductError, engine_errors_as_product_errors
from webapp.state import FINAL_STATES, State
from webapp.storage.folders import stored_bytes

ENDED_FOR_GOOD = (State.FAILED, State.CANCELLED)
"""States of a search that nothing leads out of: a completed one may be extended."""


def freed_bytes(user: AbstractBaseUser, checkpoint_id: int) -> int:
    """What deleting a checkpoint frees."""
    return stored_bytes(selectors.checkpoint_to_change(user, checkpoint_id).folder)


@transaction.atomic
def delete(user: AbstractBaseUser, checkpoint_id: int) -> None:
    """Delete a checkpoint with its exports, unless something needs it; no undo."""
    selectors.checkpoint_to_change(user, checkpoint_id)
    checkpoint = Checkpoint.objects.select_for_update().get(pk=checkpoint_id)
    if users := users_of(checkpoint):
        raise ProductError(
            f"“{checkpoint.title}” cannot be deleted: {'; '.join(users)}.", "conflict"
        )
    checkpoint.delete()


def build_export(
    user: AbstractBaseUser,
    checkpoint_id: int,
    asked: Mapping[str, Any],
    dataset: str | None = None,
) -> Export:
    """Have an export built; one that is there, or on its way, is left as it is.

    Args:
        asked: the form as JSON; what is left out of it is the usual.
        dataset: on whose images it is compared, by its name in settings; empty for noise, None for
            the one that goes with the checkpoint.
    """
    require_room()
    checkpoint = selectors.checkpoint_to_change(user, checkpoint_id)
    with engine_errors_as_product_errors():
        form = ExportForm(**asked)
    if reason := why_not_offered(form, checkpoint.skeleton):
        raise ProductError(reason, "unusable", fields={"kind": reason})
    quota.check(user.pk)
    chosen = comparison.of(user, checkpoint).chosen(dataset)
    return lifecycle.export_requested(checkpoint, form.name, chosen)


def cancel_export(user: AbstractBaseUser, checkpoint_id: int, name: str) -> Export:
    """Give a build up."""
    export = _own(user, checkpoint_id, name)
    EXPORT.cancel(export.pk)
    export.refresh_from_db()
    return export


def delete_export(user: AbstractBaseUser, checkpoint_id: int, name: str) -> None:
    """Delete an export with its files; it can be built again."""
    lifecycle.export_deleted(_own(user, checkpoint_id, name).pk)


def measure(user: AbstractBaseUser, checkpoint_id: int) -> None:
    """Have a checkpoint measured, now or anew, on whatever device is free first."""
    lifecycle.measurement_requested(selectors.checkpoint_to_change(user, checkpoint_id))


def cancel_measurement(user: AbstractBaseUser, checkpoint_id: int) -> None:
    """Give a measurement up."""
    checkpoint = selectors.checkpoint_to_change(user, checkpoint_id)
    measurement = Measurement.objects.filter(checkpoint=checkpoint).first()
    if measurement is None:
        raise ProductError("Nobody has asked to have this checkpoint measured.", "conflict")
    MEASUREMENT.cancel(measurement.pk)


def _own(user: AbstractBaseUser, checkpoint_id: int, name: str) -> Export:
    selectors.checkpoint_to_change(user, checkpoint_id)
    return selectors.export_to_see(user, checkpoint_id, name)


def users_of(checkpoint: Checkpoint) -> list[str]:
    """What needs it, each as a part of a sentence that says what would have to happen first."""
    parts = (_own_search, _searches_begun, _final_trainings, _exports)
    return [reason for part in parts for reason in part(checkpoint)]


def _own_search(checkpoint: Checkpoint) -> list[str]:
    """A search that may go on reads its start network, and where children grow from children their
    parents too; while it runs it chooses itself which trials stay."""
    search = checkpoint.search
    if search is None or checkpoint.origin == Origin.FINAL:
        return []
    state = State(search.state)
    config = SearchConfig.from_json(search.config)
    if (checkpoint.origin == Origin.START or config.has_parents) and state not in ENDED_FOR_GOOD:
        return [f"the search “{search.name}” grows its networks from it; delete the search first"]
    if state not in FINAL_STATES:
        return [f"the search “{search.name}” is {state}; stop or cancel it first"]
    return []


def _searches_begun(checkpoint: Checkpoint) -> list[str]:
    """Searches that have not read it yet; afterwards they have a copy of their own."""
    waiting = checkpoint.searches_begun.filter(classes__isnull=True).exclude(state__in=FINAL_STATES)
    names = waiting.values_list("name", flat=True)
    return [f"the search “{name}” is about to start from it; cancel it first" for name in names]


def _final_trainings(checkpoint: Checkpoint) -> list[str]:
    """Final trainings that begin, or begin again, with its weights."""
    if checkpoint.trial is not None:
        users = [checkpoint.trial.trainings.filter(config__weights=Weights.GROWN)]
    elif checkpoint.origin == Origin.UPLOAD:
        users = [
            search.trainings.filter(config__weights=Weights.ADOPTED).exclude(purpose="start")
            for search in _searches_led_to(checkpoint)
        ]
    else:
        return []
    names = [n for rows in users for n in rows.exclude(state__in=FINAL_STATES).values_list("name")]
    return [f"the final training “{name}” grows its weights; cancel it first" for (name,) in names]


def _searches_led_to(checkpoint: Checkpoint) -> Iterator[Any]:
    """Searches that a network began, and those that their networks began."""
    for search in checkpoint.searches_begun.all():
        yield search
        for other in search.checkpoints.all():
            yield from _searches_led_to(other)


def _exports(checkpoint: Checkpoint) -> list[str]:
    busy = checkpoint.exports.filter(state__in=[State.QUEUED, State.RUNNING])
    kinds = busy.values_list("kind", flat=True)
    return [f"its export as {kind} is being built; cancel that first" for kind in kinds]
