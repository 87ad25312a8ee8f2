"""A worker prepares a data set in a process of its own; whatever dies, it can be prepared again."""

import os
import signal
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import torch
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from search_engine.data import read_folder
from tests.webapp.datasets import packing
from tests.webapp.datasets.conftest import MakeUpload, on_disk, prepare
from webapp.datasets import worker
from webapp.datasets.files import dataset_folder, prepared_folder
from webapp.datasets.kinds import PREPARATION
from webapp.datasets.models import Dataset
from webapp.datasets.worker import load
from webapp.state import State
from webapp.storage.local import scratch
from webapp.work import process, recovery
from webapp.work.causes import WorkDelayed
from webapp.work.runner import Hold

pytestmark = pytest.mark.thorough


def test_a_worker_loads_what_read_folder_reads(make_upload: MakeUpload, tmp_path: Path) -> None:
    expected = read_folder(packing.pack(tmp_path / "leaves.zip", packing.good()))
    found = load(prepare(make_upload()).pk)
    assert torch.equal(found.images, expected.images)
    assert torch.equal(found.labels, expected.labels)
    assert torch.equal(found.test, expected.test)
    assert found.class_names == expected.class_names
    assert found.augmentation == expected.augmentation


def test_loaded_images_lie_channels_last(leaves: Dataset) -> None:
    assert load(leaves.pk).images.is_contiguous(memory_format=torch.channels_last)


def test_the_row_says_what_is_in_it(leaves: Dataset) -> None:
    assert (leaves.image_count, leaves.classes, leaves.class_counts) == (24, 2, [12, 12])
    assert leaves.size_bytes == 24 * 3 * 8 * 8
    assert (leaves.share_done, leaves.failure, leaves.lease_until) == (1.0, "", None)


def test_the_zip_goes_once_it_has_been_prepare(leaves: Dataset) -> None:
    home = on_disk(dataset_folder(leaves.pk))
    assert [path.name for path in home.iterdir()] == ["prepared-1"]
    assert (leaves.upload, leaves.prepared) == ("", f"datasets/{leaves.pk}/prepared-1")


@pytest.mark.usefixtures("in_this_process")
def test_what_is_refused_fails_with_the_sentence_and_keeps_its_zip(make_upload: MakeUpload) -> None:
    dataset = prepare(make_upload(packing.packed(packing.classes({"oak": 12}))))
    assert dataset.state == State.FAILED
    assert dataset.failure == (
        "leaves.zip: Expected at least 2 classes, got 1: oak."
        " Give each class a folder of its own, and pack them together."
    )
    assert on_disk(dataset.upload).exists()
    assert dataset.prepared == ""


def test_a_data_set_that_is_not_ready_cannot_be_loaded(make_upload: MakeUpload) -> None:
    with pytest.raises(WorkDelayed, match="prepare the data set again"):
        load(make_upload().pk)


def test_a_damaged_file_is_an_error_with_its_name(leaves: Dataset) -> None:
    (on_disk(leaves.prepared) / "dataset.safetensors").write_bytes(b"no tensors")
    with pytest.raises(WorkDelayed, match="“leaves” cannot be read"):
        load(leaves.pk)


def test_a_second_message_does_nothing(leaves: Dataset) -> None:
    before = leaves.prepared_at
    assert prepare(leaves).prepared_at == before


@pytest.mark.usefixtures("in_this_process")
def test_a_worker_killed_in_mid_preparation_is_followed_by_another(make_upload: MakeUpload) -> None:
    dataset = make_upload()
    # What a worker killed with -9 leaves behind: a claim, a lease that runs out, half the files in
    # the storage, and a folder that it worked in.
    assert PREPARATION.claim(dataset.pk, "doomed") == 1
    half = f"{prepared_folder(dataset.pk, 1)}/dataset.safetensors"
    default_storage.save(half, ContentFile(b"half"))
    left = Path(settings.VAR) / "scratch" / "doomed"
    left.mkdir(parents=True)
    left.with_name("doomed.lock").touch()
    Dataset.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    recovery.recover()
    assert prepare(dataset).state == State.COMPLETED
    assert not left.exists() and not default_storage.exists(half)


def test_the_reader_learns_no_secret_and_killed_says_that_memory_may_have_run_out(
    make_upload: MakeUpload, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ESPALIER_DATABASE_URL", "postgresql://user:password@host/name")
    dataset, seen = make_upload(), dict[str, str]()
    whole: Any = subprocess.Popen

    def doomed(*args: Any, env: dict[str, str], **options: Any) -> Any:
        seen.update(env)
        process = whole(*args, env=env, **options)
        os.kill(process.pid, signal.SIGKILL)
        return process

    monkeypatch.setattr(subprocess, "Popen", doomed)
    assert prepare(dataset).state == State.FAILED
    assert "memory ran out" in dataset.failure
    assert seen and not {"ESPALIER_DATABASE_URL", "ESPALIER_SECRET_KEY"} & set(seen)


def test_too_much_memory_is_refused_with_what_to_do(make_upload: MakeUpload, settings: Any) -> None:
    settings.PROCESS_MEMORY_BYTES = 1 << 26
    large = packing.plain((4000, 4000))
    files = {f"{name}/{number}.png": large for name in ("oak", "fir") for number in range(10)}
    dataset = prepare(make_upload(packing.packed(files)))
    assert dataset.state == State.FAILED
    assert dataset.failure.startswith("It needs more memory than the 0.0671 GB")
    assert dataset.failure.endswith("or choose a smaller image size.")
    assert dataset.traceback == ""


def test_a_set_may_be_larger_than_the_memory_it_is_prepared_in(
    make_upload: MakeUpload, settings: Any
) -> None:
    """288 MiB of images within 192: they are written one by one, and never mapped."""
    settings.PROCESS_MEMORY_BYTES = 192 << 20
    dataset = make_upload(packing.packed(packing.good()))
    dataset.answers = {"height": 2048, "width": 2048}
    dataset.save()
    assert prepare(dataset).state == State.COMPLETED, dataset.failure
    assert load(dataset.pk).images.nbytes == 288 << 20


def test_a_preparation_that_takes_too_long_is_ended(make_upload: MakeUpload, settings: Any) -> None:
    settings.PROCESS_SECONDS = 0.2  # loading torch alone takes longer than this
    assert prepare(make_upload()).state == State.FAILED
    assert Dataset.objects.get().failure.startswith("It took longer than")


def test_a_cancelled_one_ends_its_process_and_can_be_prepared_again(
    make_upload: MakeUpload, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, answer = make_upload(), process._answer

    def cancelled_meanwhile(*given: Any) -> Any:
        PREPARATION.cancel(dataset.pk)
        return answer(*given)

    monkeypatch.setattr(process, "_answer", cancelled_meanwhile)
    assert prepare(dataset).state == State.CANCELLED
    assert [path.name for path in on_disk(dataset_folder(dataset.pk)).iterdir()] == ["upload.zip"]
    assert list((Path(settings.VAR) / "scratch").iterdir()) == []


def test_a_bug_fails_it_and_is_raised_for_the_log(
    make_upload: MakeUpload, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = make_upload()
    monkeypatch.setattr(worker, "READ", "webapp.datasets.child:nothing_of_this_name")
    with pytest.raises(process.ProcessBroke, match="AttributeError"):
        prepare(dataset)
    dataset.refresh_from_db()
    assert dataset.state == State.FAILED
    assert "AttributeError" in dataset.failure and "Traceback" in dataset.traceback


def test_an_upload_that_is_gone_is_said_to_be(make_upload: MakeUpload) -> None:
    dataset = make_upload()
    default_storage.delete(dataset.upload)
    assert prepare(dataset).state == State.FAILED
    assert dataset.failure == "leaves.zip: The upload is gone. Upload it again."


def test_a_data_set_deleted_meanwhile_leaves_nothing(make_upload: MakeUpload) -> None:
    dataset = make_upload()
    token = PREPARATION.claim(dataset.pk, "worker")
    assert token is not None
    with scratch() as folder:
        (folder / "dataset.safetensors").write_bytes(b"images")
        Dataset.objects.filter(pk=dataset.pk).delete()
        facts = {"image_count": 0, "image_channels": 1, "image_height": 8, "image_width": 8}
        hold = Hold(PREPARATION, dataset, token)
        worker.keep(dataset, hold, folder, {**facts, "class_names": []})
    assert not on_disk(dataset_folder(dataset.pk)).exists()
