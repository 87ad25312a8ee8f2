"""How long a search goes on still, from what its latest trials took. No query."""

from statistics import quantiles

from webapp.searches.models import Search
from webapp.state import State

RECENT = 40
"""So many of the latest trials count: older ones were of smaller networks."""


def with_seconds(search: Search, seconds: float | None) -> list[float]:
    """What the latest trials took, with one that has just ended."""
    return [*search.recent_seconds, round(seconds or 0.0, 2)][-RECENT:]


def seconds_left(search: Search, *, running: int) -> list[float] | None:
    """From and to, in seconds; None while nothing is known, and when the search has ended.

    Every trial that is left takes as long as the middle half of the latest ones did; those that run
    are half done.
    """
    if not search.recent_seconds or State(search.state).is_final:
        return None
    ended = search.trials_completed + search.trials_failed
    left = max(0.0, search.max_trials - ended - running / 2)
    side = max(1, running, search.config.get("parallel", 1))
    low, high = _middle_half(search.recent_seconds)
    return [round(left * low / side, 1), round(left * high / side, 1)]


def _middle_half(values: list[float]) -> tuple[float, float]:
    if len(values) == 1:
        return values[0], values[0]
    low, _, high = quantiles(values, n=4, method="inclusive")
    return low, high
