"""kill -9 of the worker in mid-build: the export is built once more, and one set of files stays."""

import hashlib
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from tests.webapp.core.process_tree import command_line, find, until
from tests.webapp.searches.test_workers import database_url
from webapp.checkpoints import lifecycle
from webapp.checkpoints.kinds import EXPORT
from webapp.checkpoints.models import Checkpoint, Export
from webapp.state import State
from webapp.work import recovery, runner

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.thorough]

ROOT = Path(__file__).parents[3]
BUILD = "webapp.checkpoints.child:build"
WORKER = """
import sys
import django
django.setup()
from webapp.work import runner
runner.run("export", int(sys.argv[1]), "doomed@0")
"""
"""Builds, as the child of a worker does."""


def start_worker(export: Export, folder: Path) -> "subprocess.Popen[bytes]":
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "webapp.settings",
        "ESPALIER_VAR": str(folder),
        "ESPALIER_DATABASE_URL": database_url(),
    }
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, str(export.pk)],
        env=environment,
        cwd=ROOT,
    )


def lose(export: Export) -> None:
    """The worker is dead, with its claim; the lease runs out, and the periodic task looks."""
    export.refresh_from_db()
    assert export.state == State.RUNNING
    past = timezone.now() - timedelta(seconds=1)
    Export.objects.filter(pk=export.pk).update(lease_until=past)
    recovery.recover()
    export.refresh_from_db()
    assert export.state == State.QUEUED


def test_an_export_whose_worker_is_killed_is_built_once_and_leaves_one_set_of_files(
    start: Checkpoint, tmp_path: Path
) -> None:
    export = lifecycle.export_requested(start, "safetensors")
    worker = start_worker(export, tmp_path)
    (build,) = until(lambda: find(worker.pid, BUILD), "the process that builds", 120)
    worker.kill()
    assert worker.wait(60) == -signal.SIGKILL
    until(lambda: BUILD not in command_line(build), "the end of what was being built")
    lose(export)
    # Killed a moment later, it would have left this; what is of another kind stays.
    for left in ("safetensors-1/weights.safetensors", "onnx-1/network.onnx"):
        default_storage.save(f"{start.folder}/exports/{left}", ContentFile(b"half of it"))

    for _ in range(2):  # a message of the request, and one of the loss
        runner.run(EXPORT.name, export.pk, "worker")
    export.refresh_from_db()
    assert (export.state, export.attempt, export.workers_lost) == (State.COMPLETED, 2, 1), (
        export.failure
    )
    folders, _ = default_storage.listdir(f"{start.folder}/exports")
    assert set(folders) == {"safetensors-2", "onnx-1"}
    assert export.folder == f"{start.folder}/exports/safetensors-2"
    assert export.report is not None
    told = {file["name"]: file["sha256"] for file in export.report["files"]}
    _, names = default_storage.listdir(export.folder)
    assert {name: sha256_of(f"{export.folder}/{name}") for name in names} == told


def sha256_of(name: str) -> str:
    with default_storage.open(name) as file:
        return hashlib.sha256(file.read()).hexdigest()
