"""Where a training keeps its state between epochs: a folder for each attempt.

A worker that was taken for dead and wakes up writes into its own attempt's folder, never into that
of the worker that went on in its place.
"""

import shutil
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.signals import post_delete

from webapp import disk
from webapp.state import FINAL_STATES
from webapp.trainings.models import Training


def training_folder(training_id: int) -> Path:
    """Of all attempts. Workers that share ESPALIER_VAR go on from it; elsewhere it begins anew."""
    return Path(settings.VAR) / "trainings" / str(training_id)


def attempt_folder(training_id: int, attempt: int) -> Path:
    """Of one attempt, with what the last one left; older attempts' folders are deleted."""
    root = training_folder(training_id)
    folder = root / str(attempt)
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


def used_bytes(user_id: int) -> int:
    """What a user's trainings have left on this machine's disk so as to go on from there."""
    unended = Training.objects.filter(search__owner_id=user_id).exclude(state__in=FINAL_STATES)
    return left_bytes(unended.values_list("pk", flat=True))


def left_bytes(training_ids: Iterable[int]) -> int:
    """What these trainings have left there."""
    return disk.bytes_under(*map(training_folder, training_ids))


def delete(training_id: int) -> None:
    """All that is left of it on this machine."""
    shutil.rmtree(training_folder(training_id), ignore_errors=True)


def watch() -> None:
    """A deleted training's folder goes; a signal, since rows also go with their search."""
    post_delete.connect(_deleted, sender=Training, dispatch_uid="training_folder")


def _deleted(instance: Training, **_: Any) -> None:
    transaction.on_commit(partial(delete, instance.pk))


def _attempts(root: Path, *, before: int) -> list[Path]:
    if not root.is_dir():
        return []
    return [path for path in root.iterdir() if path.name.isdecimal() and int(path.name) < before]
