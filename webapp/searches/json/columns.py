"""All trials of a search in columns: small enough for 20,000, whatever their cells weigh."""

from typing import Any

from django.db.models import Q, QuerySet

from search_engine.spec.summaries import CHILD, TrialRow, TrialsJSON, rounded, trials_json
from webapp.checkpoints.models import Checkpoint
from webapp.live import log
from webapp.searches.json.searches import SearchJSON, search_json, sites_of
from webapp.searches.json.trials import TrialJSON, light_json, with_kept
from webapp.searches.models import Search, Trial
from webapp.searches.selectors import User
from webapp.state import State


class SummariesJSON(TrialsJSON):
    """All trials; events go on after `sequence`.

    `trials` are those that columns are too small for: what is under way, and the best.
    `comparison` is the engine's, null until the test images were looked at.
    """

    search: SearchJSON
    sequence: int
    comparison: dict[str, Any] | None
    trials: list[TrialJSON]


def summaries_json(search: Search, user: User) -> SummariesJSON:
    """A search with all of its trials, in three queries whatever their number.

    The sequence was read before the rows: events that a row has in it already come again, and
    change nothing.
    """
    stored = search.trials.order_by("number").values_list(*TrialRow._fields)
    rows = [TrialRow(*row) for row in stored]
    kept = list(
        Checkpoint.objects.filter(trial__search=search)
        .order_by("trial__number")
        .values_list("trial__number", flat=True)
    )
    running = sum(row.state == State.RUNNING and row.role == CHILD for row in rows)
    return {
        "search": search_json(search, user, running=running, kept=bool(kept)),
        "sequence": log.last_sequence(search.topic),
        "comparison": search.comparison,
        "trials": [light_json(trial, search.best_trial) for trial in _in_full(search)],
        **trials_json(rows, kept),
    }


def report_json(search: Search, user: User) -> dict[str, object]:
    """What a report of a search is drawn from: its summaries with all curves; nothing can be asked
    of it."""
    summaries = summaries_json(search, user)
    curves = search.trials.order_by("number").values_list("result__curve", flat=True)
    summaries["columns"]["curve"] = [rounded(curve or [], 4) for curve in curves]
    can = dict.fromkeys(summaries["search"]["can"], False)
    return {
        **summaries,
        "search": {**summaries["search"], "can": can},
        "sites": sites_of(search),
    }


def _in_full(search: Search) -> QuerySet[Trial]:
    unfinished = Q(state__in=[State.QUEUED, State.RUNNING])
    trials = search.trials.filter(unfinished | Q(number=search.best_trial))
    found: QuerySet[Trial] = with_kept(trials).order_by("number")
    return found
