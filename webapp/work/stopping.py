"""Whether this worker was asked to stop: what takes long looks at every step, and ends early.

SIGTERM asks. A process manager may send it to the worker alone or to its whole process group, at
any moment of its life; a pool's child hears of it either way, and is not killed by it.
"""

import logging
import os
import signal
import threading
from contextlib import suppress
from types import FrameType
from typing import Any

from billiard import active_children

from search_engine.process_life import die_with_parent
from webapp.work import signs

_asked = threading.Event()
_is_child = False


def requested() -> bool:
    """True once this worker got SIGTERM, as from Ctrl-C on `make run`."""
    return _asked.is_set()


def wait(seconds: float) -> None:
    """Until so much time has passed, or this worker is to stop."""
    _asked.wait(seconds)


def request(**_: object) -> None:
    """Ask this worker to stop; its pool's children, if it has any, are told, too."""
    _asked.set()
    signs.leaves()
    for pid in filter(None, (child.pid for child in active_children())):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)


def before_pool(instance: Any, **_: object) -> None:
    """Before the pool starts: have children born deaf to SIGTERM, until `in_child` hears it.

    One that came while children start would kill them, and the worker would break down with them.
    """
    if instance.pool_cls.__module__.endswith("prefork"):
        os.register_at_fork(before=_hold_sigterm, after_in_parent=_let_sigterm_through)


def in_child(**_: object) -> None:
    """What a pool's child does first: not die of SIGTERM, but die with its parent.

    A child that outlived a killed parent would hold the device beside the parent's successor.
    """
    global _is_child
    _is_child = True
    # Ignored until the first task: billiard would put its own handler in place of ours now.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _let_sigterm_through()
    die_with_parent()


def end_child() -> None:
    """End a pool's child at once, for the next one to start clean. Elsewhere do nothing.

    Not by an exception: a broken GPU may hang in whatever the interpreter does at its end.
    """
    if _is_child:
        logging.shutdown()
        os._exit(1)


def in_clock(**_: object) -> None:
    """What the process that says what is due does first: die with the worker that started it."""
    die_with_parent()


def before_task(**_: object) -> None:
    """From now on SIGTERM asks a pool's child to stop."""
    if _is_child:
        signal.signal(signal.SIGTERM, _on_signal)


def _on_signal(_number: int, _frame: FrameType | None) -> None:
    _asked.set()


def _hold_sigterm() -> None:
    if not _is_child:  # what a task starts must hear it
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})


def _let_sigterm_through() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
