"""A folder that appears complete or not at all."""

import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from search_engine.spec.errors import ExportError

_OLD_SECONDS = 24 * 60 * 60


@contextmanager
def made(folder: Path, form: str) -> Iterator[Path]:
    """A folder to write in, which gets its name when the `with` ends well, and goes otherwise.

    Args:
        folder: the name it gets; nothing, or an empty folder, is there.
        form: what errors name.

    Raises:
        ExportError: there is something under that name, or nothing can be written there.
    """
    folder = folder.absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ExportError(form, f"{folder} is in use: expected a folder that is new or empty")
    new = folder.with_name(f".{folder.name}.new-{secrets.token_hex(8)}")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(folder)
        new.mkdir()
    except OSError as error:
        raise ExportError(form, f"{folder}: {error.strerror or error}") from None
    try:
        yield new
        _sync(new)
        new.rename(folder)  # onto an empty folder as well, in one step
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise


def _remove_leftovers(folder: Path) -> None:
    """Remove what a process that was killed has left; what is fresh may be under way."""
    for path in folder.parent.glob(f".{folder.name}.new-*"):
        if time.time() - path.stat().st_mtime > _OLD_SECONDS:
            shutil.rmtree(path, ignore_errors=True)


def _sync(folder: Path) -> None:
    """Let the files reach the disk before they get their names."""
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
