"""Which checkpoints stay: those of the best trials of a search, and those that somebody wants: of
pinned trials, with exports, or about to be trained on. No torch."""

from functools import partial

from django.db import transaction
from django.db.models import Q

from webapp.checkpoints import files
from webapp.checkpoints.models import Checkpoint, Origin
from webapp.searches.models import Search, Trial
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
        Checkpoint.objects.create(
            owner_id=search.owner_id, origin=Origin.TRIAL, search=search, trial=trial, **found
        )


def apply(search: Search) -> None:
    """Delete the checkpoints that are no longer among the best and that nobody wants, on commit."""
    kept = search.checkpoints.filter(origin=Origin.TRIAL)
    best = kept.order_by("-trial__reward", "trial__number")[: search.config["keep"]]
    ids = list(best.values_list("pk", flat=True))
    unwanted = kept.exclude(pk__in=ids).exclude(trial__pinned=True).exclude(exports__isnull=False)
    grown = Q(trial__final_trainings__config__weights="grown")
    active = Q(trial__final_trainings__state__in=[State.QUEUED, State.RUNNING, State.PAUSED])
    for checkpoint in unwanted.exclude(pk__in=kept.filter(grown & active).values("pk")):
        transaction.on_commit(partial(files.delete, checkpoint.folder))
        checkpoint.delete()
