"""Files go with their rows, however those go; and what does not agree is found."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.test import Client

from tests.webapp.searches.conftest import Launch, launch, own_files
from tests.webapp.searches.driving import work
from webapp.accounts.models import User
from webapp.adopted.models import AdoptedNetwork
from webapp.checkpoints.models import Checkpoint
from webapp.datasets.files import upload_path
from webapp.datasets.models import Dataset
from webapp.searches import services
from webapp.searches.models import Search
from webapp.state import State
from webapp.upkeep import verification

__all__ = ["launch", "own_files"]

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]

OnCommit = Callable[..., Any]


def stored() -> set[str]:
    """All files in the storage."""
    root = Path(default_storage.location)  # type: ignore[attr-defined]
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


@pytest.fixture
def searched(launch: Launch) -> Search:
    search = launch()
    work(search)
    assert search.state == State.COMPLETED
    return search


@pytest.fixture
def other_files(alice: User) -> None:
    """An upload, and a network of Alice's own."""
    dataset = Dataset.objects.create(owner=alice, name="Leaves", engine_name="leaves-1")
    upload_path(dataset.pk).parent.mkdir(parents=True)
    upload_path(dataset.pk).write_bytes(b"zip")
    network = AdoptedNetwork.objects.create(
        owner=alice, name="Mine", source="torchvision", files=["weights.pth"]
    )
    default_storage.save(f"{network.folder}/weights.pth", ContentFile(b"weights"))


def test_a_search_takes_its_files_with_it_and_leaves_no_folder(
    searched: Search, django_capture_on_commit_callbacks: OnCommit
) -> None:
    assert sum(path.endswith("weights.safetensors") for path in stored()) >= 2
    with django_capture_on_commit_callbacks(execute=True):
        services.delete(searched.owner, searched.pk)
    assert stored() == set()
    assert not (Path(default_storage.location) / f"searches/{searched.pk}").exists()  # type: ignore[attr-defined]


def test_a_user_who_is_deleted_by_a_command_takes_all_files_along(
    searched: Search, other_files: None, django_capture_on_commit_callbacks: OnCommit
) -> None:
    assert len(stored()) >= 6
    with django_capture_on_commit_callbacks(execute=True):
        Search.objects.all().delete()  # the published data set of it is nobody's
        User.objects.get(username="alice").delete()
    assert stored() == set()


def test_what_is_missing_changed_or_unknown_is_found(
    searched: Search,
    other_files: None,
    admin_client: Client,
    capsys: pytest.CaptureFixture[str],
) -> None:
    call_command("verify_files")
    assert "no differences" in capsys.readouterr().out
    assert "Every file is there" in admin_client.get("/system/").content.decode()

    one, other = Checkpoint.objects.order_by("pk")[:2]
    default_storage.delete(f"{one.folder}/weights.safetensors")
    path = Path(default_storage.path(f"{other.folder}/weights.safetensors"))
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    default_storage.save("searches/999/trials/00001-1/weights.safetensors", ContentFile(b"x"))
    with pytest.raises(SystemExit):
        call_command("verify_files")
    assert {(found.kind, found.path) for found in verification.verify()} == {
        ("missing", f"{one.folder}/weights.safetensors"),
        ("changed", f"{other.folder}/weights.safetensors"),
        ("unknown", "searches/999"),
    }
    assert "searches/999" in admin_client.get("/system/").content.decode()

    with pytest.raises(SystemExit):
        call_command("verify_files", "--delete-unknown")
    assert not any(path.startswith("searches/999") for path in stored())
