"""Where a final training keeps its state between epochs: a folder for each attempt.

A worker that was taken for dead and wakes up writes into its own attempt's folder, never into that
of the worker that went on in its place.
"""

import shutil
from pathlib import Path

from django.conf import settings


def training_folder(training_id: int) -> Path:
    """Of all attempts. Workers that share ESPALIER_VAR go on from it; elsewhere it begins anew."""
    return Path(settings.VAR) / "training" / f"final-{training_id}"


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


def delete(training_id: int) -> None:
    """All that is left of it on this machine."""
    shutil.rmtree(training_folder(training_id), ignore_errors=True)


def _attempts(root: Path, *, before: int) -> list[Path]:
    if not root.is_dir():
        return []
    return [path for path in root.iterdir() if path.name.isdecimal() and int(path.name) < before]
