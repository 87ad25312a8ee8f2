"""Folders of this machine that several processes use, and that must not go while one does.

Each has a file beside it that is locked by whoever uses it: a lock goes with its process, however
that ends, so a folder whose lock is free is nobody's.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LOCK = ".lock"


@contextmanager
def pinned(folder: Path) -> Iterator[None]:
    """Keep a folder, which need not be there yet, until the `with` ends or the process dies."""
    descriptor = _locked(folder, fcntl.LOCK_SH)
    assert descriptor is not None
    try:
        os.utime(_lock_of(folder))
        yield
    finally:
        os.close(descriptor)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Be the only one who changes a folder; whoever uses it is not waited for."""
    with (folder / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def remove(folder: Path) -> bool:
    """Delete a folder unless somebody uses it; whether it went."""
    descriptor = _locked(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    if descriptor is None:
        return False
    try:
        shutil.rmtree(folder, ignore_errors=True)
        _lock_of(folder).unlink(missing_ok=True)
    finally:
        os.close(descriptor)
    return True


def last_used(root: Path) -> list[Path]:
    """The folders within one that can be pinned, the one not used for longest first."""
    found = []
    for lock in root.glob(f"*{LOCK}"):
        with suppress(FileNotFoundError):
            found.append((lock.stat().st_mtime_ns, lock.with_name(lock.name.removesuffix(LOCK))))
    return [folder for _, folder in sorted(found)]


def _locked(folder: Path, how: int) -> int | None:
    """A descriptor that holds its lock; None where others do, and are not waited for."""
    path = _lock_of(folder)
    while True:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, how)
            if _is_still(path, descriptor):
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            return None
        os.close(descriptor)  # it was removed between the two


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return path.stat().st_ino == os.fstat(descriptor).st_ino
    except FileNotFoundError:
        return False


def _lock_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}{LOCK}")
