"""Which checkpoints stay: those of the best trials of a search, those that it needs itself, such as
parents, and those that somebody wants: pinned, with exports, or about to be trained on. No torch.
"""

from collections.abc import Collection, Mapping
from typing import Any

from search_engine.spec.search_config import SearchConfig
from search_engine.spec.trial import Role
from webapp.checkpoints.models import Checkpoint, Origin
from webapp.searches.models import Search, Trial
from webapp.state import State
from webapp.trainings.models import Training


def is_worth_keeping(config: SearchConfig, trial: Trial, reward: float) -> bool:
    """Whether the network of a trial that has just been evaluated may be needed.

    The engine says what is, once it has been told: whatever may become a parent, and controls and
    confirmations, are kept until then. Else what is pinned, or among the best so far.
    """
    if trial.pinned or not trial.is_child or config.has_parents:
        return True
    rivals = Trial.objects.filter(search=trial.search_id, role=Role.CHILD, reward__gte=reward)
    better = rivals.filter(checkpoint__isnull=False).exclude(pk=trial.pk).count()
    return better < max(config.keep, config.confirmation.finalists)


def keep(search: Search, trial: Trial, found: Mapping[str, Any] | None) -> None:
    """Make a row of the files that a trial's worker has put into the storage, if it has."""
    if found:
        Checkpoint.objects.filter(trial=trial).delete()
        Checkpoint.objects.create(
            owner_id=search.owner_id, origin=Origin.TRIAL, search=search, trial=trial, **found
        )


def apply(search: Search, needed: Collection[int]) -> None:
    """Delete the checkpoints that are no longer among the best and that nobody wants, on commit.

    Args:
        needed: numbers of the trials whose networks the search itself needs, as the engine says.
    """
    kept = search.checkpoints.filter(origin=Origin.TRIAL)
    best = kept.filter(trial__role=Role.CHILD).order_by("-trial__reward", "trial__number")
    ids = list(best.values_list("pk", flat=True)[: search.config["keep"]])
    unwanted = kept.exclude(pk__in=ids).exclude(trial__pinned=True).exclude(exports__isnull=False)
    under_way = search.trials.filter(state__in=[State.QUEUED, State.RUNNING]).values("parent")
    unwanted = unwanted.exclude(trial__number__in=needed).exclude(trial__number__in=under_way)
    grown = Training.objects.filter(
        search=search,
        config__weights="grown",
        state__in=[State.QUEUED, State.RUNNING, State.PAUSED],
    )
    trials = grown.filter(trial__isnull=False).values("trial")
    for checkpoint in unwanted.exclude(trial__in=trials):
        checkpoint.delete()
