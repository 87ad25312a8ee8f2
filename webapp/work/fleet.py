"""Who trains at the moment, as far as plans and estimates need it: the app of workers tells it."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fleet:
    """Workers that are there.

    Args:
        workers: that train; at least one is counted, for a search waits for it.
        has_gpu: whether one of them trains on a GPU.
    """

    workers: int = 1
    has_gpu: bool = False


_source: Callable[[], Fleet] = Fleet


def register(source: Callable[[], Fleet]) -> None:
    """Say where it is known from."""
    global _source
    _source = source


def fleet() -> Fleet:
    """As it is now."""
    return _source()
