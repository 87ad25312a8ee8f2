"""Files go with their rows, however those go; and what does not agree is found."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.test import Client

from tests.webapp.conftest import ClientOf
from tests.webapp.searches.conftest import Launch, launch, own_files
from tests.webapp.searches.driving import work
from webapp.accounts.models import User
from webapp.adopted.models import AdoptedNetwork
from webapp.checkpoints.models import Checkpoint
from webapp.datasets.files import upload_name
from webapp.datasets.models import Dataset
from webapp.searches import services
from webapp.searches.models import Search
from webapp.state import State
from webapp.trainings import folders
from webapp.trainings.models import Purpose, Training
from webapp.upkeep import verification

__all__ = ["launch", "own_files"]

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]

OnCommit = Callable[..., Any]


def stored() -> set[str]:
    """All files in the storage."""
    root = Path(default_storage.location)  # type: ignore[attr-defined]
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def kept_bytes() -> int:
    """Of the storage, and of what trainings go on from."""
    roots = Path(default_storage.location), Path(settings.VAR) / "trainings"  # type: ignore[attr-defined]
    return sum(path.stat().st_size for root in roots for path in root.rglob("*") if path.is_file())


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
    dataset.upload, dataset.sha256 = upload_name(dataset.pk), hashlib.sha256(b"zip").hexdigest()
    dataset.save()
    default_storage.save(dataset.upload, ContentFile(b"zip"))
    network = AdoptedNetwork.objects.create(
        owner=alice, name="Mine", source="torchvision", files=["weights.pth"]
    )
    default_storage.save(f"{network.folder}/weights.pth", ContentFile(b"weights"))


@pytest.fixture
def final(searched: Search) -> Training:
    """A final training of Alice's that was paused, and has left what it goes on from."""
    training = Training.objects.create(
        search=searched,
        purpose=Purpose.FINAL,
        name="Large",
        config={},
        epochs=2,
        parameters=1,
        multiply_adds=1,
        state=State.PAUSED,
    )
    folder = folders.attempt_folder(training.pk, 1)
    (folder / "state.safetensors").write_bytes(bytes(3000))
    return training


def test_a_search_takes_its_files_with_it_and_leaves_no_folder(
    searched: Search, django_capture_on_commit_callbacks: OnCommit
) -> None:
    assert sum(path.endswith("weights.safetensors") for path in stored()) >= 2
    with django_capture_on_commit_callbacks(execute=True):
        services.delete(searched.owner, searched.pk)
    assert stored() == set()
    assert not (Path(default_storage.location) / f"searches/{searched.pk}").exists()  # type: ignore[attr-defined]


def test_deleting_frees_what_its_page_says(
    searched: Search,
    other_files: None,
    final: Training,
    client_of: ClientOf,
    django_capture_on_commit_callbacks: OnCommit,
) -> None:
    browser = client_of(searched.owner)
    best = Checkpoint.objects.filter(search=searched, trial__isnull=False).first()
    assert best is not None
    default_storage.save(f"{best.folder}/exports/a-1/model.onnx", ContentFile(bytes(5000)))
    for address in (
        f"/checkpoints/{best.pk}/delete/",
        f"/final-trainings/{final.pk}/delete/",
        f"/searches/{searched.pk}/delete/",
        f"/datasets/{Dataset.objects.get(name='Leaves').pk}/delete/",
        f"/start-networks/{AdoptedNetwork.objects.get().pk}/delete/",
    ):
        before, said = kept_bytes(), browser.get(address).json()
        assert said["bytes"] > 0 and said["text"].startswith("This frees "), address
        with django_capture_on_commit_callbacks(execute=True):
            assert browser.post(address).status_code == 302
        assert before - kept_bytes() == said["bytes"], address
    assert kept_bytes() == 0


def test_a_user_who_is_deleted_by_a_command_takes_all_files_along(
    searched: Search,
    other_files: None,
    final: Training,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: OnCommit,
) -> None:
    own = Dataset.objects.get(name="Leaves")
    Search.objects.filter(pk=searched.pk).update(dataset=own)  # which protects it
    before = kept_bytes()
    monkeypatch.setattr("builtins.input", lambda _: "no")
    with pytest.raises(CommandError, match="Nothing was deleted"):
        call_command("delete_user", "alice")
    assert kept_bytes() == before > 0
    monkeypatch.setattr("builtins.input", lambda _: "alice")
    with django_capture_on_commit_callbacks(execute=True):
        call_command("delete_user", "alice")
    assert f"({before} bytes)" in capsys.readouterr().out
    assert kept_bytes() == 0 and not User.objects.filter(username="alice").exists()


def test_who_cannot_be_deleted_is_named_with_the_reason(searched: Search, admin: User) -> None:
    own = Dataset.objects.create(owner=admin, name="Leaves", engine_name="leaves-1")
    Search.objects.filter(pk=searched.pk).update(dataset=own)
    for name, reason in (
        ("nobody", "There is no user nobody"),
        ("admin", "the last administrator"),
    ):
        with pytest.raises(CommandError, match=reason):
            call_command("delete_user", name, "--yes")
    User.objects.create_superuser("another")
    with pytest.raises(CommandError, match=f"Others use what admin has: “{searched.name}”"):
        call_command("delete_user", "admin", "--yes")
    assert User.objects.filter(username="admin").exists()


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
