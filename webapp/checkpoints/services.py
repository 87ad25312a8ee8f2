"""What a user asks for of checkpoints, with the rules of who may ask what."""

from functools import partial

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from webapp.checkpoints import files, selectors
from webapp.checkpoints.models import Checkpoint, Origin
from webapp.errors import ProductError
from webapp.state import FINAL_STATES, State

ENDED_FOR_GOOD = (State.FAILED, State.CANCELLED)
"""States of a search that nothing leads out of: a completed one may be extended."""


@transaction.atomic
def delete(user: AbstractBaseUser, checkpoint_id: int) -> None:
    """Delete a checkpoint with its exports, unless something needs it; no undo."""
    selectors.checkpoint_to_change(user, checkpoint_id)
    checkpoint = Checkpoint.objects.select_for_update().get(pk=checkpoint_id)
    if users := users_of(checkpoint):
        raise ProductError(
            f"“{checkpoint.title}” cannot be deleted: {'; '.join(users)}.", "conflict"
        )
    transaction.on_commit(partial(files.delete, checkpoint.folder))
    checkpoint.delete()


def users_of(checkpoint: Checkpoint) -> list[str]:
    """What needs it, each as a part of a sentence that says what would have to happen first."""
    parts = (_own_search, _searches_begun, _final_trainings, _exports)
    return [reason for part in parts for reason in part(checkpoint)]


def _own_search(checkpoint: Checkpoint) -> list[str]:
    """A search that may go on reads its start network, and chooses itself which trials stay."""
    search = checkpoint.search
    if search is None or checkpoint.origin == Origin.FINAL:
        return []
    state = State(search.state)
    if checkpoint.origin == Origin.START and state not in ENDED_FOR_GOOD:
        return [f"the search “{search.name}” grows its networks from it; delete the search first"]
    if state not in FINAL_STATES:
        return [f"the search “{search.name}” is {state}; stop or cancel it first"]
    return []


def _searches_begun(checkpoint: Checkpoint) -> list[str]:
    """Searches that have not read it yet; afterwards they have a copy of their own."""
    waiting = checkpoint.searches_begun.filter(start_completed_at__isnull=True).exclude(
        state__in=FINAL_STATES
    )
    names = waiting.values_list("name", flat=True)
    return [f"the search “{name}” is about to start from it; cancel it first" for name in names]


def _final_trainings(checkpoint: Checkpoint) -> list[str]:
    """Final trainings that begin, or begin again, with its weights."""
    if checkpoint.trial is None:
        return []
    grown = checkpoint.trial.final_trainings.filter(config__weights="grown")
    names = grown.exclude(state__in=FINAL_STATES).values_list("name", flat=True)
    return [f"the final training “{name}” grows its weights; cancel it first" for name in names]


def _exports(checkpoint: Checkpoint) -> list[str]:
    busy = checkpoint.exports.filter(state__in=[State.QUEUED, State.RUNNING])
    kinds = busy.values_list("kind", flat=True)
    return [f"its export as {kind} is being built; cancel that first" for kind in kinds]
