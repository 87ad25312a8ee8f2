"""Real builds, by the tasks that workers run."""

import hashlib
import io
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from django.core.files.storage import default_storage
from django.test import Client

from search_engine.checkpoint import load_checkpoint, read_description
from search_engine.loading import normalise
from tests.webapp.conftest import browser
from webapp.accounts.models import User
from webapp.checkpoints import files, lifecycle, worker
from webapp.checkpoints.kinds import EXPORT
from webapp.checkpoints.models import Checkpoint, Export
from webapp.checkpoints.worker import real_images
from webapp.state import State
from webapp.work import process, runner

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]


def build(export: Export) -> None:
    """As the task that workers run."""
    runner.run(EXPORT.name, export.pk, "worker")


def built(checkpoint: Checkpoint, kind: str) -> Export:
    export = lifecycle.export_requested(checkpoint, kind)
    build(export)
    export.refresh_from_db()
    return export


def download(client: Client, export: Export, **headers: str) -> bytes:
    address = f"/api/v1/checkpoints/{export.checkpoint_id}/exports/{export.name}/download/"
    answer: Any = client.get(address, headers=headers)
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def test_an_onnx_export_computes_what_the_checkpoint_does(
    start: Checkpoint, alice: User, tmp_path: Path
) -> None:
    export = built(start, "onnx")
    assert (export.state, export.failure) == (State.COMPLETED, "")
    report = export.report
    assert report is not None
    assert (report["images_compared"], report["images_are_real"]) == (256, True)
    assert report["largest_difference"] <= report["bound"] == 1e-4
    assert report["latency_1"] > 0 and report["latency_64"] > 0

    content = download(browser(alice), export)
    assert (len(content), hashlib.sha256(content).hexdigest()) == (export.bytes, export.sha256)
    session = onnxruntime.InferenceSession(content)
    compared = real_images(start)
    assert compared is not None
    images = compared.images
    with files.local(start.folder) as folder:
        network = load_checkpoint(folder)
        trained_on = read_description(folder).trained_on
    assert trained_on is not None
    inputs = normalise(images[:1], trained_on)
    (found,) = session.run(None, {session.get_inputs()[0].name: inputs.numpy()})
    with torch.inference_mode():
        assert np.allclose(found, network(inputs).numpy(), atol=1e-4)


@pytest.mark.usefixtures("in_this_process")
def test_a_broken_download_of_an_export_goes_on(start: Checkpoint, alice: User) -> None:
    export, client = built(start, "safetensors"), browser(alice)
    whole = download(client, export)
    parts = [download(client, export, Range=f"bytes={part}") for part in ("0-99", "100-")]
    assert b"".join(parts) == whole


@pytest.mark.usefixtures("in_this_process")
def test_plain_pytorch_needs_nothing_of_espalier(
    start: Checkpoint, alice: User, tmp_path: Path
) -> None:
    export = built(start, "pytorch")
    assert export.state == State.COMPLETED, export.failure
    with zipfile.ZipFile(io.BytesIO(download(browser(alice), export))) as archive:
        archive.extractall(tmp_path / "zip")
    (folder,) = (tmp_path / "zip").iterdir()
    assert (
        subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=folder, check=False).returncode == 0
    )
    script = "import sys; import network; assert 'search_engine' not in sys.modules"
    ran = subprocess.run([sys.executable, "-c", script], cwd=folder, check=False)
    assert ran.returncode == 0


@pytest.mark.usefixtures("in_this_process")
def test_what_the_engine_refuses_fails_with_its_reason(start: Checkpoint) -> None:
    name = f"{start.folder}/weights.safetensors"
    default_storage.delete(name)
    with default_storage.open(name, "wb") as file:
        file.write(b"torn")
    export = built(start, "safetensors")
    assert export.state == State.FAILED
    assert "SHA-256" in export.failure
    assert export.traceback == ""


def test_a_process_that_dies_fails_the_export_with_what_it_said(
    start: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "BUILD", "webapp.checkpoints.child:nowhere")
    export = lifecycle.export_requested(start, "safetensors")
    with pytest.raises(process.ProcessBroke):
        build(export)
    export.refresh_from_db()
    assert export.state == State.FAILED
    assert "nowhere" in export.failure and "Traceback" in export.traceback


def test_a_cancelled_build_ends_early_and_leaves_no_files(
    start: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = lifecycle.export_requested(start, "onnx")
    answer = process._answer

    def cancelled_meanwhile(*given: Any) -> Any:
        EXPORT.cancel(export.pk)
        return answer(*given)

    monkeypatch.setattr(process, "_answer", cancelled_meanwhile)
    build(export)
    export.refresh_from_db()
    assert (export.state, export.folder) == (State.CANCELLED, "")
    assert not default_storage.exists(f"{start.folder}/exports")


def test_images_are_those_that_it_has_not_learned_from(start: Checkpoint) -> None:
    found = real_images(start)
    assert found is not None and found.labels is not None and found.calibration is not None
    assert (found.images.dtype, tuple(found.images.shape)) == (torch.uint8, (359, 1, 8, 8))
    assert tuple(found.calibration.shape) == (128, 1, 8, 8)  # all that it learned from
    # 359 of 1,797 images are test images: none of them is among those to calibrate on.
    test = {image.numpy().tobytes() for image in found.images}
    assert not test & {image.numpy().tobytes() for image in found.calibration}
