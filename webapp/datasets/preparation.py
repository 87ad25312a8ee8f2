"""Worker side: prepares a data set in a process of its own, and writes its progress to the row."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from django.conf import settings

from webapp import stopping
from webapp.datasets import lifecycle, limits, paths
from webapp.datasets.hints import with_hint
from webapp.datasets.models import Dataset

# The reader opens a stranger's files: it need not know where the database is.
_SECRETS = ("ESPALIER_SECRET_KEY", "ESPALIER_DATABASE_URL", "ESPALIER_REDIS_URL")
KILLED = (
    "Preparing it was stopped by the system, most likely because memory ran out. Upload fewer or"
    " smaller images, or let them be resized."
)
TOO_SLOW = "Preparing it took longer than the {limit:,} seconds that this server allows."
NO_NETWORK = (
    ". If this server has no way to the Internet, put the files into {folder} by hand, and try"
    " again."
)


class PreparationBroke(Exception):
    """A bug: the reader ended without a result."""


def prepare(dataset_id: int) -> None:
    """Claim, read, and keep what was read; nothing where another worker was first."""
    attempt = lifecycle.preparation_claimed(dataset_id)
    if attempt is None:
        return
    dataset = Dataset.objects.get(pk=dataset_id)
    with working_folder(dataset, attempt) as folder:
        message = _read(dataset, attempt, reading_request(dataset, folder))
        if message is None:
            return
        if "facts" in message:
            keep(dataset, attempt, folder, message["facts"])
        else:
            failure = _failure(dataset, message["refused"])
            lifecycle.preparation_failed(dataset_id, attempt, failure)


def reading_request(dataset: Dataset, folder: Path) -> dict[str, Any]:
    """What the reader is asked to do."""
    if dataset.is_built_in:
        return {
            "kind": "built_in",
            "folder": str(folder),
            "name": dataset.engine_name,
            "library": str(paths.library_folder()),
            "download": not dataset.on_disk,
        }
    return {
        "kind": "upload",
        "folder": str(folder),
        "path": str(paths.upload_path(dataset.pk)),
        "shown_name": dataset.file_name,
        "resize_pixels": dataset.resize_pixels,
        "limit_files": limits.FILES_LIMIT,
        "limit_bytes": limits.unpacked_limit_bytes(),
    }


@contextmanager
def working_folder(dataset: Dataset, attempt: int) -> Iterator[Path]:
    """A folder of this attempt alone; what earlier attempts left behind goes."""
    home = paths.dataset_folder(dataset.pk)
    for left in home.glob("attempt-*"):
        shutil.rmtree(left, ignore_errors=True)
    folder = home / f"attempt-{attempt}"
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if not Dataset.objects.filter(pk=dataset.pk).exists():
            shutil.rmtree(home, ignore_errors=True)


def _read(dataset: Dataset, attempt: int, request: dict[str, Any]) -> dict[str, Any] | None:
    """The reader's last message; None where the attempt was interrupted or counts no more."""
    started = time.monotonic()
    with tempfile.TemporaryFile() as log, _reader(log, request) as process:
        assert process.stdout
        for line in process.stdout:
            message: dict[str, Any] = json.loads(line)
            if "progress" not in message:
                return message
            if stopping.requested():
                lifecycle.preparation_interrupted(dataset.pk, attempt)
                return None
            note, progress = message["note"], message["progress"]
            if not lifecycle.preparation_progressed(dataset.pk, attempt, progress, note):
                return None
        return _ended_early(dataset, attempt, process.wait(), time.monotonic() - started, log)


@contextmanager
def _reader(log: IO[bytes], request: dict[str, Any]) -> Iterator["subprocess.Popen[bytes]"]:
    """The reader with its request, killed at the end, or when its time is over."""
    process = subprocess.Popen(
        [sys.executable, "-m", "webapp.datasets.reader", json.dumps(request)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=log,
        cwd=settings.ROOT,
        env={name: value for name, value in os.environ.items() if name not in _SECRETS}
        | {"OMP_NUM_THREADS": "1"},
    )
    timer = threading.Timer(limits.preparation_limit_seconds(), process.kill)
    timer.daemon = True
    timer.start()
    with process:
        try:
            yield process
        finally:
            process.kill()
            timer.cancel()


def _ended_early(
    dataset: Dataset, attempt: int, code: int, seconds: float, log: IO[bytes]
) -> dict[str, Any] | None:
    if stopping.requested() or code in (-signal.SIGINT, -signal.SIGTERM):
        lifecycle.preparation_interrupted(dataset.pk, attempt)
        return None
    limit = limits.preparation_limit_seconds()
    if code == -signal.SIGKILL:
        return {"refused": KILLED if seconds < limit else TOO_SLOW.format(limit=limit)}
    log.seek(0)
    traceback = log.read().decode(errors="replace")
    last = (traceback.strip().splitlines() or [f"exit code {code}"])[-1]
    lifecycle.preparation_failed(dataset.pk, attempt, f"Preparing it broke down: {last}")
    raise PreparationBroke(traceback)


def _failure(dataset: Dataset, refused: str) -> str:
    if "cannot be downloaded" in refused:
        return refused.rstrip(".") + NO_NETWORK.format(folder=paths.library_folder())
    return with_hint(refused)


def keep(dataset: Dataset, attempt: int, folder: Path, facts: dict[str, Any]) -> None:
    """Move the files into place, unless another attempt has begun meanwhile."""
    if not lifecycle.preparation_progressed(dataset.pk, attempt, 1.0, "Keeping"):
        return
    kept = paths.prepared_folder(dataset.pk)
    pixels = facts["image_count"] * facts["image_channels"]
    size_bytes = pixels * facts["image_height"] * facts["image_width"]
    shutil.rmtree(kept, ignore_errors=True)
    folder.replace(kept)
    completed = lifecycle.preparation_completed(
        dataset.pk,
        attempt,
        classes=len(facts["class_names"]),
        size_bytes=size_bytes,
        on_disk=True,
        **facts,
    )
    if completed:
        paths.upload_path(dataset.pk).unlink(missing_ok=True)
