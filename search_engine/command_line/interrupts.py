"""Ctrl-C as a wish, not as an exception."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class StopFlag:
    """False until somebody asks to stop."""

    def __init__(self) -> None:
        self.is_set = False

    def __call__(self) -> bool:
        return self.is_set


@contextmanager
def interruptible() -> Iterator[StopFlag]:
    """A flag that Ctrl-C or a termination signal sets. A second Ctrl-C interrupts at once."""
    flag = StopFlag()

    def stop(number: int, frame: FrameType | None) -> None:
        if flag.is_set and number == signal.SIGINT:
            raise KeyboardInterrupt
        flag.is_set = True

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield flag
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
