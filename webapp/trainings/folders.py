"""Where a training keeps its state between epochs: a folder for each attempt.

A worker that was taken for dead and wakes up writes into its own attempt's folder, never into that
of the worker that went on in its place. Folders lie on a disk that all workers share; where files
are in a bucket, each worker has its own, and what others go on from is in the bucket, too.
"""

import logging
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings
from django.core.files import File
from django.db import transaction
from django.db.models.signals import post_delete

from webapp import disk
from webapp.state import FINAL_STATES
from webapp.storage import folders
from webapp.storage.local import bucket, is_disk, scratch
from webapp.trainings.models import Training

MOST_OF_THE_TIME = 0.1
"""Share of a training's time that may go into copying its state to the bucket."""
STATE = "training.safetensors"
OWN = ("lock", "dataset.safetensors")
"""Files that are a machine's own: the engine's lock, and images for its further processes."""

logger = logging.getLogger(__name__)


def training_folder(training_id: int) -> Path:
    """The folder of all attempts, on this machine."""
    return Path(settings.VAR) / "trainings" / str(training_id)


def stored_folder(training_id: int) -> str:
    """The folder of all attempts, in the bucket."""
    return f"trainings/{training_id}"


def attempt_folder(training_id: int, attempt: int) -> Path:
    """The folder of one attempt, with what the last one left; older ones are deleted."""
    root = training_folder(training_id)
    folder = root / str(attempt)
    if not is_disk():
        _clear()
        _fetch_last(training_id, root, before=attempt)
    earlier = sorted(_attempts(root, before=attempt), key=lambda path: int(path.name))
    if not folder.exists():
        if earlier:
            copy = root / f"{attempt}.new"
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(earlier[-1], copy)
            copy.rename(folder)
        else:
            folder.mkdir(parents=True)
    for path in earlier:
        shutil.rmtree(path, ignore_errors=True)
    return folder


class Copied:
    """Copies a training's state to the bucket, where there is one, for another machine to go on."""

    def __init__(self, training_id: int, attempt: int) -> None:
        self._stored, self._attempt = stored_folder(training_id), attempt
        self._folder = training_folder(training_id) / str(attempt)
        self._seen: dict[str, tuple[int, int]] = {}
        self._not_before = float("-inf")

    def after_epoch(self) -> None:
        """Copy what has changed, unless the last copy was a moment ago.

        A bucket that is away holds no training up: the state is here, and is copied later.
        """
        began = time.monotonic()
        if is_disk() or began < self._not_before:
            return
        try:
            self._copy()
        except OSError as error:
            logger.warning("the state of a training could not be copied: %s", error)
        took = time.monotonic() - began
        self._not_before = began + took / MOST_OF_THE_TIME

    def now(self) -> None:
        """Copy what has changed: this worker leaves."""
        self._not_before = float("-inf")
        self.after_epoch()

    def _copy(self) -> None:
        with scratch() as moment:
            names = _link_all(self._folder, moment)
            changed = [name for name in names if self._mark(moment / name) != self._seen.get(name)]
            for name in changed:
                with (moment / name).open("rb") as file:
                    folders.put_file(File(file), f"{self._stored}/{self._attempt}/{name}")
                self._seen[name] = self._mark(moment / name)
        for other in folders.folders_in(self._stored):
            if other.isdecimal() and int(other) < self._attempt:
                folders.delete(f"{self._stored}/{other}")

    @staticmethod
    def _mark(path: Path) -> tuple[int, int]:
        found = path.stat()
        return found.st_ino, found.st_mtime_ns


def _link_all(folder: Path, moment: Path) -> list[str]:
    """Links to all that others need, the state last: it was read first, so that nothing that is
    written before it is older than it. Files are only ever replaced.
    """
    names = sorted(_names(folder), key=lambda name: PurePosixPath(name).name != STATE)
    linked = []
    for name in names:
        (moment / name).parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(folder / name, moment / name)
        except FileNotFoundError:
            continue  # the result is there now, and the state not any more
        linked.append(name)
    return linked[::-1]


def _names(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        if path.is_file() and path.name not in OWN and path.suffix != ".new":
            yield path.relative_to(folder).as_posix()


def _fetch_last(training_id: int, root: Path, *, before: int) -> None:
    """Fetch the last attempt's folder, where that was on another machine."""
    stored = stored_folder(training_id)
    there = [int(name) for name in folders.folders_in(stored) if name.isdecimal()]
    last = max((attempt for attempt in there if attempt < before), default=None)
    here = [int(path.name) for path in _attempts(root, before=before + 1)]
    if last is None or max(here, default=-1) >= last:
        return
    new = root / f"{last}.new"
    shutil.rmtree(new, ignore_errors=True)
    for name in folders.all_files(f"{stored}/{last}"):
        target = new / PurePosixPath(name).relative_to(f"{stored}/{last}")
        target.parent.mkdir(parents=True, exist_ok=True)
        bucket().fetch(name, target)
    if new.is_dir():
        new.rename(root / str(last))


def _clear() -> None:
    """Delete what was left here of trainings that have ended, or were deleted, elsewhere."""
    root = Path(settings.VAR) / "trainings"
    here = [path for path in root.glob("*") if path.name.isdecimal()]
    unended = Training.objects.exclude(state__in=FINAL_STATES)
    ids = set(unended.filter(pk__in=[int(p.name) for p in here]).values_list("pk", flat=True))
    for path in here:
        if int(path.name) not in ids:
            shutil.rmtree(path, ignore_errors=True)


def used_bytes(user_id: int) -> int:
    """What a user's trainings keep so as to go on from there."""
    unended = Training.objects.filter(search__owner_id=user_id).exclude(state__in=FINAL_STATES)
    return left_bytes(unended.values_list("pk", flat=True))


def left_bytes(training_ids: Iterable[int]) -> int:
    """What these trainings have left there."""
    if not is_disk():
        return folders.stored_bytes(*map(stored_folder, training_ids))
    return disk.bytes_under(*map(training_folder, training_ids))


def delete(training_id: int) -> None:
    """All that is left of it, on this machine and in the bucket."""
    shutil.rmtree(training_folder(training_id), ignore_errors=True)
    if not is_disk():
        folders.delete(stored_folder(training_id))


def watch() -> None:
    """A deleted training's folder goes; a signal, since rows also go with their search."""
    post_delete.connect(_deleted, sender=Training, dispatch_uid="training_folder")


def _deleted(instance: Training, **_: Any) -> None:
    transaction.on_commit(partial(delete, instance.pk), robust=True)


def _attempts(root: Path, *, before: int) -> list[Path]:
    if not root.is_dir():
        return []
    return [path for path in root.iterdir() if path.name.isdecimal() and int(path.name) < before]
