"""All trials of a search in columns: small enough for 20,000, whatever their cells weigh."""

from collections.abc import Sequence
from typing import Any, TypedDict

from django.db.models import Q, QuerySet

from webapp.checkpoints.models import Checkpoint
from webapp.searches.live import SearchJSON, search_json
from webapp.searches.models import Search, Trial
from webapp.searches.selectors import User
from webapp.searches.trial_json import NUMBERS, TrialJSON, light_json, with_kept
from webapp.state import State

STATES = [state.value for state in State]
FIELDS = (
    "number",
    "state",
    "notation",
    *NUMBERS,
    "worker",
    "failure",
    "pinned",
    "diagnostics",
)


class ColumnsJSON(TypedDict):
    """One list for each column, in the order of `number`; what few trials have is sparse.

    Latencies and memory are null where the search does not measure them.
    """

    number: list[int]
    state: list[int]
    notation: list[str]
    accuracy: list[float | None]
    reward: list[float | None]
    parameters: list[int | None]
    multiply_adds: list[int | None]
    latency_1: list[float | None] | None
    latency_64: list[float | None] | None
    memory: list[int | None] | None
    seconds: list[float | None]
    baseline: list[float | None]
    entropy: list[float | None]
    worker: list[int]
    pinned: list[int]
    kept: list[int]
    failure: dict[int, str]


class SummariesJSON(TypedDict):
    """All trials; events go on after `sequence`. `states` and `workers` are what columns count.

    `trials` are those that columns are too small for: what is under way, and the best.
    """

    search: SearchJSON
    sequence: int
    states: list[str]
    workers: list[str]
    columns: ColumnsJSON
    trials: list[TrialJSON]


def summaries_json(search: Search, user: User) -> SummariesJSON:
    """A search with all of its trials, in three queries whatever their number.

    The sequence was read before the rows: events that a row has in it already come again, and
    change nothing.
    """
    rows = list(search.trials.order_by("number").values_list(*FIELDS))
    kept = list(
        Checkpoint.objects.filter(trial__search=search)
        .order_by("trial__number")
        .values_list("trial__number", flat=True)
    )
    number, state, notation, accuracy, reward, parameters, adds, *rest = [
        list(column) for column in zip(*rows, strict=True)
    ] or [[] for _ in FIELDS]
    latency_1, latency_64, memory, seconds, worker, failure, pinned, diagnostics = rest
    workers = sorted(set(worker))
    place = {name: index for index, name in enumerate(workers)}
    running = state.count(State.RUNNING)
    return {
        "search": search_json(search, user, running=running, kept=bool(kept)),
        "sequence": search.last_sequence,
        "states": STATES,
        "workers": workers,
        "columns": {
            "number": number,
            "state": [STATES.index(value) for value in state],
            "notation": notation,
            "accuracy": _rounded(accuracy, 6),
            "reward": _rounded(reward, 5),
            "parameters": parameters,
            "multiply_adds": adds,
            "latency_1": _measured(_rounded(latency_1, 6)),
            "latency_64": _measured(_rounded(latency_64, 5)),
            "memory": _measured(memory),
            "seconds": _rounded(seconds, 2),
            "baseline": _rounded([one.get("baseline") for one in diagnostics], 5),
            "entropy": _rounded([one.get("entropy") for one in diagnostics], 4),
            "worker": [place[name] for name in worker],
            "pinned": [n for n, is_pinned in zip(number, pinned, strict=True) if is_pinned],
            "kept": kept,
            "failure": {n: text for n, text in zip(number, failure, strict=True) if text},
        },
        "trials": [light_json(trial, search.best_trial) for trial in _in_full(search)],
    }


def _in_full(search: Search) -> QuerySet[Trial]:
    unfinished = Q(state__in=[State.QUEUED, State.RUNNING])
    trials = search.trials.filter(unfinished | Q(number=search.best_trial))
    found: QuerySet[Trial] = with_kept(trials).order_by("number")
    return found


def _measured(values: list[Any]) -> list[Any] | None:
    return None if all(value is None for value in values) else values


def _rounded(values: Sequence[Any], digits: int) -> list[float | None]:
    """More digits than a page shows would be half of what is sent."""
    return [None if value is None else round(value, digits) for value in values]
