"""With its files in a bucket, all that an installation does with files works as on a disk."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.test import Client

from search_engine.training.final_folder import FinalFolder
from tests.webapp.conftest import ClientOf
from tests.webapp.datasets import packing
from tests.webapp.datasets.conftest import prepare, streamed
from tests.webapp.searches.conftest import Launch, launch, own_files
from tests.webapp.searches.driving import work
from tests.webapp.storage.conftest import bucket_of
from tests.webapp.trainings.conftest import Train, train_fully, trial
from tests.webapp.trainings.driving import train
from tests.webapp.trainings.test_training import Killed, launched, learned, lose
from webapp.accounts import quota
from webapp.accounts.models import User
from webapp.checkpoints import lifecycle
from webapp.checkpoints.kinds import EXPORT
from webapp.checkpoints.models import Checkpoint, Export
from webapp.datasets import services as datasets
from webapp.datasets.models import Dataset, Look
from webapp.datasets.worker import load
from webapp.errors import StorageAway
from webapp.searches import services
from webapp.searches.models import Search, Trial
from webapp.searches.worker import memory
from webapp.state import State
from webapp.storage import folders
from webapp.storage.bucket import Bucket
from webapp.trainings import folders as training_folders
from webapp.trainings.models import Training
from webapp.upkeep import verification
from webapp.work import runner

__all__ = ["launch", "own_files", "train_fully", "trial"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.thorough]


@pytest.fixture
def in_bucket(own_files: None, bucket: Bucket) -> Bucket:
    return bucket


@pytest.fixture
def search(in_bucket: Bucket, launch: Launch) -> Search:
    return launch()


def other_machine(settings: Any, folder: Path) -> None:
    """From now on this is one with nothing on its disk and in its memory."""
    folder.mkdir()
    settings.VAR = folder
    memory.forget()


def test_an_upload_is_prepared_looked_at_and_loaded_elsewhere(
    in_bucket: Bucket,
    in_this_process: None,
    alice: User,
    alice_client: Client,
    settings: Any,
    tmp_path: Path,
) -> None:
    file = streamed(packing.packed(packing.good()))
    dataset = datasets.upload(alice, file, look=Look.ALWAYS)
    assert list(folders.all_files("")) == [f"datasets/{dataset.pk}/upload.zip"]
    other_machine(settings, tmp_path / "one")
    prepare(dataset)
    assert dataset.state == State.PAUSED
    address = f"/datasets/{dataset.pk}/"
    page = alice_client.get(address).content.decode()
    shown = re.findall(rf'src="({address}survey/[\w-]+\.png)', page)
    assert shown and alice_client.get(shown[0]).status_code == 200

    other_machine(settings, tmp_path / "two")
    datasets.answer(alice, dataset.pk, {}, look=Look.NEVER)
    prepare(dataset)
    assert dataset.state == State.COMPLETED, dataset.failure
    assert {name.rpartition("/")[0] for name in folders.all_files("")} == {dataset.prepared}
    other_machine(settings, tmp_path / "three")
    assert len(load(dataset.pk)) == 24
    picture = alice_client.get(f"{address}thumbnail.png")
    assert b"".join(picture.streaming_content).startswith(b"\x89PNG")  # type: ignore[attr-defined]
    assert list(verification.verify()) == []
    assert quota.usage(alice.pk).total == dataset.size_bytes


def test_a_search_goes_on_elsewhere_is_downloaded_in_ranges_by_its_owner_and_deleted(
    search: Search,
    in_this_process: None,
    alice_client: Client,
    charlie: User,
    client_of: ClientOf,
    settings: Any,
    tmp_path: Path,
) -> None:
    work(search, trials=1)
    other_machine(settings, tmp_path / "other")
    work(search)
    assert search.state == State.COMPLETED
    checkpoint = Checkpoint.objects.order_by("pk")[0]
    export = lifecycle.export_requested(checkpoint, "safetensors")
    runner.run(EXPORT.name, export.pk, "worker")
    export = Export.objects.get()
    assert export.state == State.COMPLETED, export.failure

    place = f"/api/v1/checkpoints/{checkpoint.pk}"
    for address in (f"{place}/download/", f"{place}/exports/{export.name}/download/"):
        whole: Any = alice_client.get(address)
        content = b"".join(whole.streaming_content)
        part = alice_client.get(address, headers={"Range": "bytes=100-199"})
        assert (part.status_code, part.content) == (206, content[100:200])
        assert client_of(charlie).get(address).status_code == 404

    assert list(verification.verify()) == []
    default_storage.delete(f"{checkpoint.folder}/weights.safetensors")
    (found,) = verification.verify()
    assert (found.kind, found.path) == ("missing", f"{checkpoint.folder}/weights.safetensors")
    services.delete(search.owner, search.pk)
    assert list(folders.all_files("")) == []


def test_pages_say_so_while_the_bucket_is_away(
    search: Search, alice_client: Client, settings: Any, s3_server: dict[str, str]
) -> None:
    work(search, trials=1)
    checkpoint = Checkpoint.objects.order_by("pk")[0]
    there = settings.STORAGES
    away = bucket_of(s3_server, endpoint_url="http://127.0.0.1:9")
    settings.STORAGES = {**there, "default": away}
    Dataset.objects.filter(pk=search.dataset_id).update(prepared="datasets/1/prepared-1")
    page = alice_client.get(f"/datasets/{search.dataset_id}/thumbnail.png")
    assert (page.status_code, "does not answer" in page.content.decode()) == (503, True)
    told = alice_client.get(f"/api/v1/checkpoints/{checkpoint.pk}/download/")
    assert (told.status_code, told.json()["code"]) == (503, "unavailable")
    trial = search.trials.get(state=State.QUEUED)
    memory.forget()
    runner.run("trial", trial.pk, "worker")
    trial.refresh_from_db()
    assert (trial.state, trial.delay_code) == (State.QUEUED, "files")
    settings.STORAGES = there


def test_a_backup_of_the_bucket_is_taken_back_onto_a_disk_and_into_a_bucket(
    search: Search, settings: Any, tmp_path: Path
) -> None:
    work(search, trials=1)
    kept, there = set(folders.all_files("")), settings.STORAGES
    target = tmp_path / "backup.tar"
    call_command("backup", str(target))
    disk = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    disk["OPTIONS"] = {"location": tmp_path / "disk" / "files"}  # type: ignore[assignment]
    other_machine(settings, tmp_path / "disk")
    for storage in (disk, there["default"]):
        for name in list(folders.all_files("")):
            default_storage.delete(name)
        settings.STORAGES = {**there, "default": storage}
        call_command("flush", interactive=False, verbosity=0)
        call_command("restore", str(target))
        assert set(folders.all_files("")) == kept
        assert list(verification.verify()) == []


def test_a_final_training_goes_on_after_its_last_epoch_on_another_machine(
    in_bucket: Bucket,
    trial: Trial,
    train_fully: Train,
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(training_folders, "MOST_OF_THE_TIME", float("inf"))
    undisturbed = train(launched(trial, train_fully))
    training = launched(trial, train_fully)
    copied = training_folders.Copied.after_epoch

    def then_killed(self: training_folders.Copied) -> None:
        copied(self)
        if len(Training.objects.get(pk=training.pk).history) == 2:
            monkeypatch.setattr(training_folders.Copied, "after_epoch", copied)
            raise Killed

    monkeypatch.setattr(training_folders.Copied, "after_epoch", then_killed)
    with pytest.raises(Killed):
        train(training)
    assert training_folders.used_bytes(trial.search.owner_id) > 0
    lose(training)

    other_machine(settings, tmp_path / "other")
    written: list[int] = []
    write = FinalFolder.write_epoch

    def watched(self: FinalFolder, ended: Any, state: Any) -> None:
        written.append(ended.epoch)
        write(self, ended, state)

    monkeypatch.setattr(FinalFolder, "write_epoch", watched)
    assert learned(train(training)) == learned(undisturbed)
    assert written == [3]
    assert folders.folders_in("trainings") == []
    assert list(verification.verify()) == []


def test_a_bucket_that_is_away_holds_no_training_up(
    in_bucket: Bucket, trial: Trial, train_fully: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused: list[str] = []
    put = folders.put_file

    def away(file: Any, name: str) -> None:
        if name.startswith("trainings/"):
            refused.append(name)
            raise StorageAway
        put(file, name)

    monkeypatch.setattr(folders, "put_file", away)
    assert train(launched(trial, train_fully)).state == State.COMPLETED
    assert refused


def test_a_published_data_set_is_downloaded_once_for_all_machines(
    in_bucket: Bucket, in_this_process: None, settings: Any, tmp_path: Path
) -> None:
    """Digits stand for one that is downloaded: they come with the package."""
    dataset = Dataset.objects.create(
        engine_name="digits", name="Digits", on_disk=True, downloadable=True, state=State.QUEUED
    )
    prepare(dataset)
    assert dataset.state == State.COMPLETED, dataset.failure
    names = folders.names_in(dataset.prepared)
    assert "dataset.safetensors" in names and "thumbnail.png" in names
    own = load(dataset.pk)
    other_machine(settings, tmp_path / "other")
    Dataset.objects.filter(pk=dataset.pk).update(engine_name="cifar10")
    copied = load(dataset.pk)
    assert (copied.images == own.images).all() and (copied.labels == own.labels).all()
