"""Whether this worker was asked to stop: what takes long looks at every step, and ends early."""

import ctypes
import signal
import sys
import threading
from types import FrameType

PR_SET_PDEATHSIG = 1
_asked = threading.Event()
_is_child = False


def requested() -> bool:
    """True once this worker's process group got SIGTERM, as from Ctrl-C on `make run`."""
    return _asked.is_set()


def request(**_: object) -> None:
    _asked.set()


def in_child(**_: object) -> None:
    """What a pool's child does first: not die of SIGTERM, but die with its parent.

    A child that outlived a killed parent would hold the device beside the parent's successor.
    """
    global _is_child
    _is_child = True
    # Ignored until the first task: billiard would put its own handler in place of ours now.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def before_task(**_: object) -> None:
    """In a pool's child, from now on SIGTERM asks."""
    if _is_child:
        signal.signal(signal.SIGTERM, _on_signal)


def _on_signal(_number: int, _frame: FrameType | None) -> None:
    _asked.set()
