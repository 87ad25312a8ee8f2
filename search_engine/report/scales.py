"""From values to places on an axis: ranges, round ticks."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Axis:
    """A straight axis.

    Args:
        low: value at its start.
        high: value at its end, above `low`.
    """

    low: float
    high: float

    def share(self, value: float) -> float:
        """Where a value lies, 0 to 1; what is outside is put at the nearer end."""
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)

    def ticks(self, most: int) -> list[float]:
        """At most so many round values on the axis, a round step apart."""
        rough = (self.high - self.low) / most
        power = 10.0 ** math.floor(math.log10(rough))
        for step in (power * factor for factor in (1, 2, 2.5, 5, 10, 20)):
            first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
            if last - first < most:
                return [index * step for index in range(first, last + 1)]
        return []


def axis_over(values: Sequence[float], *, pad: float = 0.06, least: float = 1e-3) -> Axis:
    """An axis over all values, with room at both ends.

    Args:
        values: what is shown; may be empty.
        pad: room at each end, as a share of the range.
        least: the shortest range, in the values' unit.
    """
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    room = max((high - low) * pad, (least - (high - low)) / 2)
    return Axis(low - room, high + room)


def upper_part(values: Sequence[float]) -> list[float]:
    """The values without outliers far below the rest, which would flatten the interesting part."""
    ordered = sorted(values)
    if not ordered:
        return []
    low = ordered[len(ordered) // 10]
    return [value for value in ordered if value >= low - (ordered[-1] - low)]


def trial_axis(last: int) -> Axis:
    """An axis of trial numbers from 1."""
    return Axis(1.0, float(max(last, 2)))


def trial_ticks(last: int, most: int = 4) -> list[int]:
    """Numbers of trials to be written on an axis: the first, the last, and round ones between."""
    if last <= 1:
        return [1]
    axis = trial_axis(last)
    between = [round(tick) for tick in axis.ticks(most) if tick == round(tick)]
    apart = [tick for tick in between if 0.12 < axis.share(tick) < 0.88]
    return [1, *apart, last]
