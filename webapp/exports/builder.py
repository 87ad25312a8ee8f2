"""Building one export: claim, compare with real images, hand in. Worker side."""

import json
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from safetensors.torch import save_file
from torch import Tensor

from search_engine.config import SearchConfig
from search_engine.errors import SearchEngineError
from webapp import stopping
from webapp.checkpoints import files
from webapp.checkpoints.models import Checkpoint
from webapp.datasets.loading import load_images
from webapp.exports import lifecycle
from webapp.exports.build_process import ANSWER, IMAGES, REQUEST
from webapp.exports.models import Export
from webapp.searches.holding import Stop, renewed

MAX_IMAGES = 256
LOOK_SECONDS = 0.2
LOG = "log.txt"
MAX_LOG_CHARACTERS = 4_000


class BuildStopped(Exception):
    """It was cancelled, or this worker is to stop."""


class BuildRefused(Exception):
    """The engine says why this network cannot be exported so."""


class BuildBroken(Exception):
    """The process ended without an answer."""


def build(export_id: int, worker: str) -> None:
    """Build an export, unless somebody else does.

    What the engine refuses fails the export with that reason; a bug fails it with its traceback
    kept, and is raised again for the log.
    """
    # A stopping worker takes nothing new; recovery sends the message again.
    token = None if stopping.requested() else lifecycle.export_claimed(export_id, worker)
    if token is None:
        return
    stop = Stop(lambda: not lifecycle.is_current(export_id, token))
    try:
        with renewed(lambda: lifecycle.export_lease_renewed(export_id, token)):
            _build(Export.objects.select_related("checkpoint").get(pk=export_id), token, stop)
    except BuildStopped:
        lifecycle.export_interrupted(export_id, token, lost=False)
    except BuildRefused as refused:
        lifecycle.export_failed(export_id, token, str(refused))
    except ObjectDoesNotExist:
        return  # its checkpoint was deleted meanwhile
    except Exception as error:
        reason = f"A fault of Espalier, {type(error).__name__}: {error}"
        lifecycle.export_failed(export_id, token, reason, traceback.format_exc())
        raise


def _build(export: Export, token: int, stop: Callable[[], bool]) -> None:
    checkpoint = export.checkpoint
    with files.local(checkpoint.folder) as source, TemporaryDirectory(prefix="espalier-") as name:
        work = Path(name)
        request = {"checkpoint": str(source), "kind": export.kind, "out": str(work / "out")}
        (work / REQUEST).write_text(json.dumps(request), encoding="utf-8")
        images = real_images(checkpoint)
        if images is not None:
            save_file({"images": images}, work / IMAGES)
        report = _run(work, stop)
        folder = f"{checkpoint.folder}/exports/{export.kind}-{token}"
        names = [file["name"] for file in report["files"]]
        files.put(work / "out", folder, names)
    hashes = [file["sha256"] for file in report["files"]]
    sha256 = hashes[0] if len(hashes) == 1 else report["sha256"]
    if not lifecycle.export_completed(export.pk, token, report, folder=folder, sha256=sha256):
        files.delete(folder)


def real_images(checkpoint: Checkpoint) -> Tensor | None:
    """Test images of its data set, which it has not learned from.

    Returns:
        uint8, `(N, C, H, W)`, spread over all of them; None where they are no longer here.
    """
    if checkpoint.search is None:
        return None
    config = SearchConfig.from_json(checkpoint.search.config)
    try:
        images = load_images(checkpoint.search.dataset)
        splits = images.split(
            validation=config.data.validation,
            calibration=config.data.calibration,
            seed=config.seed,
            train_limit=config.data.train_limit,
        )
    except SearchEngineError:
        return None
    count = min(MAX_IMAGES, len(splits.test))
    places = torch.linspace(0, len(splits.test) - 1, count).round().long()
    return images.images[splits.test[places]].contiguous()


def _run(work: Path, stop: Callable[[], bool]) -> dict[str, Any]:
    """Let a process of its own build, and read its answer."""
    command = [sys.executable, "-m", "webapp.exports.build_process", str(work)]
    with (work / LOG).open("wb") as log:
        process = subprocess.Popen(command, cwd=settings.ROOT, stdout=log, stderr=log)
        try:
            _wait(process, stop)
        finally:
            process.kill()
            process.wait()
    if not (work / ANSWER).exists():
        said = (work / LOG).read_text(encoding="utf-8", errors="replace")[-MAX_LOG_CHARACTERS:]
        raise BuildBroken(f"the process ended with status {process.returncode}\n{said}")
    answer: dict[str, Any] = json.loads((work / ANSWER).read_text(encoding="utf-8"))
    if "failure" in answer:
        raise BuildRefused(answer["failure"])
    report: dict[str, Any] = answer["report"]
    return report


def _wait(process: "subprocess.Popen[bytes]", stop: Callable[[], bool]) -> None:
    while True:
        try:
            process.wait(LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            if stop():
                raise BuildStopped from None
        else:
            return
