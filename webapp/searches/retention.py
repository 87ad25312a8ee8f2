"""Which checkpoints stay: those of the best trials of a search, and of pinned ones. No torch."""

from functools import partial

from django.db import transaction

from webapp.searches import files
from webapp.searches.models import Checkpoint, Search, Trial
from webapp.state import State


def is_worth_keeping(search: Search, trial: Trial, reward: float) -> bool:
    """Whether a trial that has just been evaluated is pinned, or among the best so far."""
    if trial.pinned:
        return True
    better = search.trials.filter(state=State.COMPLETED, reward__gte=reward)
    return better.exclude(pk=trial.pk).count() < search.config["keep"]


def keep(search: Search, trial: Trial) -> None:
    """Make a row of the files that the evaluator has put into the storage."""
    found = (trial.outcome or {}).get("checkpoint")
    if found:
        Checkpoint.objects.filter(trial=trial).delete()
        Checkpoint.objects.create(search=search, trial=trial, **found)


def apply(search: Search) -> None:
    """Delete the checkpoints that are no longer among the best and not pinned, on commit."""
    kept = search.checkpoints.filter(trial__isnull=False)
    best = kept.order_by("-trial__reward", "trial__number")[: search.config["keep"]]
    ids = list(best.values_list("pk", flat=True))
    for checkpoint in kept.exclude(pk__in=ids).exclude(trial__pinned=True):
        transaction.on_commit(partial(files.delete, checkpoint.folder))
        checkpoint.delete()
