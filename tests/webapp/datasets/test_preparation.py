"""A worker prepares a data set in a process of its own; whatever dies, it can be prepared again."""

import os
import signal
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import torch
from django.utils import timezone

from search_engine.data import read_folder
from search_engine.errors import DatasetError
from tests.webapp.datasets import packing
from tests.webapp.datasets.conftest import MakeUpload
from webapp import stopping
from webapp.datasets import lifecycle, limits, preparation, tasks
from webapp.datasets.loading import load
from webapp.datasets.models import Dataset
from webapp.datasets.paths import dataset_folder, prepared_folder, upload_path
from webapp.state import State


@pytest.fixture
def stop() -> Iterator[None]:
    """This worker has been asked to stop."""
    stopping.request()
    yield
    stopping._asked.clear()


def prepared(dataset: Dataset) -> Dataset:
    preparation.prepare(dataset.pk)
    dataset.refresh_from_db()
    return dataset


def test_a_worker_loads_what_read_folder_reads(make_upload: MakeUpload, tmp_path: Path) -> None:
    expected = read_folder(packing.pack(tmp_path / "leaves.zip", packing.good()))
    found = load(prepared(make_upload()).pk)
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
    assert (leaves.progress, leaves.failure, leaves.lease_until) == (1.0, "", None)


def test_the_zip_goes_once_it_has_been_prepared(leaves: Dataset) -> None:
    assert [path.name for path in dataset_folder(leaves.pk).iterdir()] == ["prepared"]
    assert not upload_path(leaves.pk).exists()


def test_what_is_refused_fails_with_the_sentence_and_keeps_its_zip(make_upload: MakeUpload) -> None:
    dataset = prepared(make_upload(packing.packed(packing.classes({"oak": 12}))))
    assert dataset.state == State.FAILED
    assert dataset.failure == (
        "leaves.zip: expected at least 2 classes, got 1."
        " Give each class a folder of its own, and pack them together."
    )
    assert upload_path(dataset.pk).exists()
    assert not prepared_folder(dataset.pk).exists()


def test_a_data_set_that_is_not_ready_cannot_be_loaded(make_upload: MakeUpload) -> None:
    with pytest.raises(DatasetError, match="has not been prepared"):
        load(make_upload().pk)


def test_a_damaged_file_is_an_error_with_its_name(leaves: Dataset) -> None:
    (prepared_folder(leaves.pk) / "dataset.safetensors").write_bytes(b"no tensors")
    with pytest.raises(DatasetError, match="leaves: its prepared files cannot be read"):
        load(leaves.pk)


def test_a_second_message_does_nothing(leaves: Dataset) -> None:
    before = leaves.prepared_at
    assert prepared(leaves).prepared_at == before


def test_a_worker_killed_in_mid_preparation_is_followed_by_another(make_upload: MakeUpload) -> None:
    dataset = make_upload()
    # What a worker killed with -9 leaves behind: a claim, a lease that runs out, half a folder.
    assert lifecycle.preparation_claimed(dataset.pk) == 1
    left = dataset_folder(dataset.pk) / "attempt-1"
    left.mkdir()
    (left / "dataset.safetensors").write_bytes(b"half")
    Dataset.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    tasks.recover_datasets()
    assert prepared(dataset).state == State.COMPLETED
    assert not left.exists()


def test_the_reader_killed_says_that_memory_may_have_run_out(
    make_upload: MakeUpload, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = make_upload()
    whole: Any = subprocess.Popen

    def doomed(*args: Any, **options: Any) -> Any:
        process = whole(*args, **options)
        os.kill(process.pid, signal.SIGKILL)
        return process

    monkeypatch.setattr(subprocess, "Popen", doomed)
    assert prepared(dataset).state == State.FAILED
    assert "memory ran out" in dataset.failure


def test_a_preparation_that_takes_too_long_is_ended(
    make_upload: MakeUpload, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Loading torch alone takes longer than this.
    monkeypatch.setattr(limits, "preparation_limit_seconds", lambda: 0.2)
    assert prepared(make_upload()).state == State.FAILED
    assert Dataset.objects.get().failure.startswith("Preparing it took longer than")


@pytest.mark.usefixtures("stop")
def test_a_worker_that_stops_puts_it_back_into_the_queue(make_upload: MakeUpload) -> None:
    dataset = prepared(make_upload())
    assert (dataset.state, dataset.losses) == (State.QUEUED, 0)
    assert dataset.progress_note == "Interrupted; waiting for a worker"


def test_a_bug_fails_it_and_is_raised_for_the_log(make_upload: MakeUpload) -> None:
    dataset = make_upload()
    upload_path(dataset.pk).unlink()
    with pytest.raises(preparation.PreparationBroke, match="Traceback"):
        preparation.prepare(dataset.pk)
    dataset.refresh_from_db()
    assert dataset.state == State.FAILED
    assert dataset.failure.startswith("Preparing it broke down: FileNotFoundError")


def test_a_data_set_deleted_meanwhile_leaves_nothing(make_upload: MakeUpload) -> None:
    dataset = make_upload()
    with preparation.working_folder(dataset, 1):
        Dataset.objects.filter(pk=dataset.pk).delete()
    assert not dataset_folder(dataset.pk).exists()


def test_the_reader_learns_no_secret(
    make_upload: MakeUpload, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ESPALIER_DATABASE_URL", "postgresql://user:password@host/name")
    seen: dict[str, str] = {}
    whole: Any = subprocess.Popen

    def watched(*args: Any, env: Any, **options: Any) -> Any:
        seen.update(env)
        return whole(*args, env=env, **options)

    monkeypatch.setattr(subprocess, "Popen", watched)
    prepared(make_upload())
    assert not {"ESPALIER_DATABASE_URL", "ESPALIER_SECRET_KEY"} & set(seen)
