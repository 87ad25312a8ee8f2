"""Whose fault an error is, with the database's errors, and the sentence that says what to do."""

import errno
import os
import re
from pathlib import PurePath

from search_engine.spec import causes
from search_engine.spec.causes import Cause, chain
from search_engine.spec.errors import DeviceFull, DeviceUnusable
from webapp.errors import UNANSWERED, StorageAway
from webapp.work.patience import AWAY

__all__ = [
    "Cause",
    "WorkDelayed",
    "cause_of",
    "code_of",
    "first_line",
    "sentence",
    "without_folders",
]

_FULL = (errno.ENOSPC, errno.EDQUOT)
_PATH = re.compile(r"(^|[\s'\"(“])((?:/[^\s/'\"()“”,:;]+){2,}/?)")
_ASK = "Ask whoever runs this server to look at"


class WorkDelayed(Exception):
    """What the work needs is not there now: it is tried again later, at no cost.

    Args:
        sentence: that says what is missing, and what to do.
    """


def cause_of(error: BaseException) -> Cause:
    """Whose fault an error is; what the database cannot do now is the infrastructure's."""
    if any(isinstance(one, (*AWAY, WorkDelayed)) for one in chain(error)):
        return Cause.INFRASTRUCTURE
    return causes.cause_of(error)


def code_of(error: BaseException, cause: Cause) -> str:
    """A word for programs: `memory`, `device`, `database`, `disk` or `files`."""
    if cause is not Cause.INFRASTRUCTURE:
        return cause.value
    if any(isinstance(one, AWAY) for one in chain(error)):
        return "database"
    return "disk" if _is_full(error) else "files"


def sentence(error: BaseException, cause: Cause) -> str:
    """What went wrong beside the work, and what to do. It names no folder of this server."""
    said = first_line(error)
    if cause is Cause.MEMORY:
        return said if "memory" in said else f"out of memory: {said}"
    if cause is Cause.DEVICE:
        return f"The GPU broke off: {said}. {_ASK} it."
    code = code_of(error, cause)
    if code == "disk":
        return "The disk is full. Delete searches, checkpoints or data sets that nobody needs."
    if code == "database":
        return f"The database did not answer: {said}. {_ASK} it."
    if isinstance(error, StorageAway):
        return f"{UNANSWERED}. {_ASK} it."
    if isinstance(error, WorkDelayed | DeviceFull | DeviceUnusable):
        return said
    return f"{_file(error)}. {_ASK} its disk."


def without_folders(text: str) -> str:
    """The sentence with files called by their names alone: where they lie is the server's."""
    return _PATH.sub(lambda found: found[1] + PurePath(found[2]).name, text)


def first_line(error: BaseException) -> str:
    """The first line of an error's text, of 300 characters at most."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")[:300]


def _is_full(error: BaseException) -> bool:
    said = " ".join(str(one) for one in chain(error)).lower()
    numbers = {one.errno for one in chain(error) if isinstance(one, OSError)}
    return bool(numbers & set(_FULL)) or "no space left" in said or "disk is full" in said


def _file(error: BaseException) -> str:
    if not isinstance(error, OSError) or error.errno is None:
        return f"A file could not be read or written: {type(error).__name__}"
    name = error.filename
    called = f", {PurePath(os.fsdecode(name)).name}," if isinstance(name, str | bytes) else ""
    return f"A file{called} could not be read or written: {os.strerror(error.errno)}"
