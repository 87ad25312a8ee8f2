"""A worker's signs of life, as its first process sees them, whichever of its processes gives them.

Two times in memory that a pool's children share with their parent: asking the database in the
parent would leave a connection open in a process that forks.
"""

import mmap
import struct
import time
from typing import Final

SILENT_AFTER_SECONDS: Final = 90.0
"""A database that is locked keeps it silent for 20 s at a time, and is no reason to restart it."""
UNREADY_AFTER_SECONDS: Final = 20.0

_ALIVE, _WRITTEN = 0, 8
_times = mmap.mmap(-1, 16)


def alive() -> None:
    """It goes round its loop."""
    _put(_ALIVE, time.monotonic())


def written() -> None:
    """The database has taken what it wrote."""
    _put(_WRITTEN, time.monotonic())


def leaves() -> None:
    """It takes no more work."""
    _put(_WRITTEN, 0.0)


def is_alive() -> bool:
    """Whether it has given a sign of life lately."""
    return _is_recent(_ALIVE, SILENT_AFTER_SECONDS)


def is_ready() -> bool:
    """Whether it takes work: the database has heard of it lately."""
    return _is_recent(_WRITTEN, UNREADY_AFTER_SECONDS)


def _put(place: int, value: float) -> None:
    struct.pack_into("d", _times, place, value)


def _is_recent(place: int, seconds: float) -> bool:
    (at,) = struct.unpack_from("d", _times, place)
    return bool(at) and time.monotonic() - at < seconds
