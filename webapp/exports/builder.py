"""Building one export, compared on real images where there are any. Worker side."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from safetensors.torch import save_file

from webapp.checkpoints import files
from webapp.exports import lifecycle
from webapp.exports.build_process import ANSWER, IMAGES, REQUEST
from webapp.exports.images import real_images
from webapp.exports.models import Export
from webapp.exports.working import WorkRefused, WorkStopped, work

LOOK_SECONDS = 0.2
LOG = "log.txt"
MAX_LOG_CHARACTERS = 4_000


class BuildBroken(Exception):
    """The process ended without an answer."""


def build(export_id: int, worker: str) -> None:
    """Build an export, unless somebody else does."""
    work(lifecycle.EXPORTS, export_id, worker, _build)


def _build(export: Export, token: int, stop: Callable[[], bool]) -> None:
    checkpoint = export.checkpoint
    with files.local(checkpoint.folder) as source, TemporaryDirectory(prefix="espalier-") as name:
        place = Path(name)
        request = {"checkpoint": str(source), "kind": export.kind, "out": str(place / "out")}
        (place / REQUEST).write_text(json.dumps(request), encoding="utf-8")
        images = real_images(checkpoint, export.dataset)
        if images is not None:
            save_file({"images": images}, place / IMAGES)
        report = _run(place, stop)
        folder = f"{checkpoint.folder}/exports/{export.kind}-{token}"
        names = [file["name"] for file in report["files"]]
        files.put(place / "out", folder, names)
    hashes = [file["sha256"] for file in report["files"]]
    sha256 = hashes[0] if len(hashes) == 1 else report["sha256"]
    if lifecycle.export_completed(export.pk, token, report, folder=folder, sha256=sha256):
        _delete_others(folder, export.kind)
    else:
        files.delete(folder)


def _delete_others(folder: str, kind: str) -> None:
    """What attempts have stored whose worker was killed before it could say so."""
    place, _, own = folder.rpartition("/")
    for name in default_storage.listdir(place)[0]:
        if name != own and name.rpartition("-")[0] == kind:
            files.delete(f"{place}/{name}")


def _run(place: Path, stop: Callable[[], bool]) -> dict[str, Any]:
    """Let a process of its own build, and read its answer."""
    command = [sys.executable, "-m", "webapp.exports.build_process", str(place)]
    with (place / LOG).open("wb") as log:
        process = subprocess.Popen(command, cwd=settings.ROOT, stdout=log, stderr=log)
        try:
            _wait(process, stop)
        finally:
            process.kill()
            process.wait()
    if not (place / ANSWER).exists():
        said = (place / LOG).read_text(encoding="utf-8", errors="replace")[-MAX_LOG_CHARACTERS:]
        raise BuildBroken(f"the process ended with status {process.returncode}\n{said}")
    answer: dict[str, Any] = json.loads((place / ANSWER).read_text(encoding="utf-8"))
    if "failure" in answer:
        raise WorkRefused(answer["failure"])
    report: dict[str, Any] = answer["report"]
    return report


def _wait(process: "subprocess.Popen[bytes]", stop: Callable[[], bool]) -> None:
    while True:
        try:
            process.wait(LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            if stop():
                raise WorkStopped from None
        else:
            return
