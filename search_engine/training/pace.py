"""The clock of a training: when an event is due, how fast it goes, how long it will take."""

import time

EVENT_SECONDS = 0.5
"""Least time between two events of steps."""


class Pace:
    """Counts steps and images against the clock.

    Args:
        steps: still to be done.
    """

    def __init__(self, steps: int) -> None:
        self._left = steps
        self._done = 0
        self._begin = self._told = time.perf_counter()
        self.begin_epoch()

    def begin_epoch(self) -> None:
        """An epoch begins now."""
        self._epoch_begin = time.perf_counter()
        self._images = 0

    def count(self, images: int) -> None:
        """A step with so many images has been done."""
        self._images += images
        self._done += 1
        self._left -= 1

    def is_due(self) -> bool:
        """Whether it is time for an event; asking counts as telling."""
        now = time.perf_counter()
        if now - self._told < EVENT_SECONDS:
            return False
        self._told = now
        return True

    @property
    def epoch_seconds(self) -> float:
        """Since the epoch began."""
        return time.perf_counter() - self._epoch_begin

    @property
    def images_per_second(self) -> float:
        """Of this epoch so far; ask before its validation."""
        return self._images / max(self.epoch_seconds, 1e-9)

    @property
    def eta_seconds(self) -> float:
        """Until all steps are done, at the mean pace so far."""
        return (time.perf_counter() - self._begin) / max(self._done, 1) * self._left
