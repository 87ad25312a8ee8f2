"""How a node hands its input to its branches (allocation) and joins their outputs (merge)."""

from collections.abc import Mapping
from enum import StrEnum


class Allocation(StrEnum):
    """How a node hands its input to its branches."""

    REPLICATE = "replicate"
    SPLIT = "split"


class Merge(StrEnum):
    """How a node joins its branches' outputs: `add` is their mean, `none` belongs to a chain."""

    NONE = "none"
    ADD = "add"
    CONCAT = "concat"


MOTIFS: Mapping[Merge, tuple[Allocation, ...]] = {
    Merge.NONE: (Allocation.REPLICATE,),
    Merge.ADD: (Allocation.REPLICATE,),
    Merge.CONCAT: (Allocation.REPLICATE, Allocation.SPLIT),
}
"""Which allocations each merge admits. `add` needs all branches at full width: nothing to split."""


def split_widths(channels: int, parts: int) -> tuple[int, ...]:
    """Cut `channels` in `parts` whose sizes differ by at most one, larger first.

    >>> split_widths(7, 2)
    (4, 3)
    """
    size, larger = divmod(channels, parts)
    return (size + 1,) * larger + (size,) * (parts - larger)


def split_ranges(channels: int, parts: int) -> tuple[tuple[int, int], ...]:
    """The parts of `split_widths` as (start, stop) of each.

    >>> split_ranges(7, 2)
    ((0, 4), (4, 7))
    """
    stops: list[int] = []
    for width in split_widths(channels, parts):
        stops.append((stops[-1] if stops else 0) + width)
    return tuple(zip([0, *stops[:-1]], stops, strict=True))
