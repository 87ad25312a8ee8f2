"""Published data sets: their rows, what is on this server, and downloads."""

import io
import urllib.request
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from search_engine.data import available_datasets
from tests.webapp.conftest import ClientOf
from tests.webapp.datasets.conftest import on_disk, prepare
from webapp.accounts.models import User
from webapp.datasets import services
from webapp.datasets.files import library_folder
from webapp.datasets.management.commands import sync_datasets
from webapp.datasets.models import Dataset
from webapp.datasets.worker import load
from webapp.errors import ProductError
from webapp.state import State

pytestmark = pytest.mark.thorough


def sync() -> str:
    out = io.StringIO()
    call_command("sync_datasets", stdout=out)
    return out.getvalue()


def test_what_comes_with_espalier_is_ready_at_once(alice_client: Client) -> None:
    said = sync()
    for name, title, images, of_the_first_class in (
        ("digits", "Digits of scikit-learn", 1797, 178),
        ("clothing", "Clothing", 25_000, 2_500),
    ):
        assert title in said
        row = Dataset.objects.get(engine_name=name)
        assert (row.state, row.image_count) == ("completed", images)
        assert row.class_counts[0] == of_the_first_class
        assert alice_client.get(f"/datasets/{row.pk}/samples/9.png").status_code == 200
        assert len(load(row.pk)) == images


def test_there_is_a_row_for_everything_that_the_engine_knows(db: None) -> None:
    sync_datasets.sync()
    known = {description.name for description in available_datasets(library_folder())}
    assert set(Dataset.objects.values_list("engine_name", flat=True)) == known
    cifar = Dataset.objects.get(engine_name="cifar10")
    assert (cifar.on_disk, cifar.downloadable, cifar.state) == (False, True, "")
    assert cifar.shape_text == "32 × 32 pixels, colour"


@pytest.mark.usefixtures("in_this_process")
def test_a_second_sync_changes_nothing(db: None) -> None:
    sync()
    before = list(Dataset.objects.order_by("pk").values())
    sync()
    after = list(Dataset.objects.order_by("pk").values())
    unsettled = {"sent_at"}  # what waits for a worker
    assert [{k: v for k, v in row.items() if k not in unsettled} for row in after] == [
        {k: v for k, v in row.items() if k not in unsettled} for row in before
    ]


def test_files_that_have_gone_take_the_state_with_them(missing: Dataset) -> None:
    Dataset.objects.update(state=State.COMPLETED, on_disk=True)
    sync_datasets.sync()
    missing.refresh_from_db()
    assert (missing.state, missing.is_missing) == ("", True)


@pytest.mark.usefixtures("in_this_process")
def test_a_download_without_network_fails_and_says_so(
    missing: Dataset, alice: User, alice_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nobody listens there: as on a server without a way to the Internet.
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setattr(urllib.request, "_opener", None)  # it would keep these for the next test
    services.download(alice, missing.pk)
    prepare(missing)
    assert missing.state == State.FAILED
    assert missing.failure.startswith("cifar10: cannot be downloaded to")
    assert "put the files into the folder datasets of ESPALIER_VAR by hand" in missing.failure
    assert str(library_folder()) not in missing.failure
    assert "Try the download again" in alice_client.get(f"/datasets/{missing.pk}/").content.decode()


def test_what_is_here_is_not_downloaded(digits: Dataset, alice: User) -> None:
    with pytest.raises(ProductError, match="is on this server already"):
        services.download(alice, digits.pk)


def test_the_download_button_queues_it(missing: Dataset, bob: User, client_of: ClientOf) -> None:
    response: Any = client_of(bob).post(f"/datasets/{missing.pk}/download/")
    assert response["Location"] == f"/datasets/{missing.pk}/"
    missing.refresh_from_db()
    assert missing.state == State.QUEUED


@pytest.mark.usefixtures("in_this_process")
def test_a_published_set_is_not_copied(db: None) -> None:
    sync()
    digits = Dataset.objects.get(engine_name="digits")
    assert {path.suffix for path in on_disk(digits.prepared).iterdir()} == {".png"}
