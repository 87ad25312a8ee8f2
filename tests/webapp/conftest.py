"""Alice owns things, Bob is let in by her, Charlie is a stranger, and nobody has not signed in."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.test import Client

from tests.webapp.broker import broker_in
from webapp.accounts.models import User
from webapp.datasets.models import Dataset
from webapp.state import State
from webapp.work import child, process, runner
from webapp.work.causes import WorkDelayed
from webapp.work.runner import Hold, WorkRefused

PASSWORD = "correct horse battery"

ClientOf = Callable[[User], Client]


@pytest.fixture(autouse=True)
def no_renewals(monkeypatch: pytest.MonkeyPatch) -> None:
    """The transaction around a test locks SQLite: a thread that renews would wait for its end."""
    monkeypatch.setattr(runner, "RENEW_SECONDS", 3600.0)


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do here what a worker has done in a process of its own, which takes seconds to load torch.

    For tests of what comes of it; those of the process itself have one.
    """

    def run(task: str, request: Mapping[str, Any], hold: Hold[Any]) -> Any:
        def tell(share: float, note: str) -> None:
            hold.tell({"share": share, "note": note})

        said = child.answer(task, json.loads(json.dumps(request)), tell)
        if "refused" in said:
            raise WorkRefused(said["refused"], said["code"])
        if "delayed" in said:
            raise WorkDelayed(said["delayed"])
        return json.loads(json.dumps(said["answer"]))

    monkeypatch.setattr(process, "run", run)


@pytest.fixture
def alice(db: None) -> User:
    """The owner."""
    return User.objects.create_user("alice", "alice@example.org", PASSWORD)


@pytest.fixture
def bob(db: None) -> User:
    """The team-mate."""
    return User.objects.create_user("bob", "bob@example.org", PASSWORD)


@pytest.fixture
def charlie(db: None) -> User:
    """The stranger."""
    return User.objects.create_user("charlie", "charlie@example.org", PASSWORD)


@pytest.fixture
def admin(db: None) -> User:
    """The administrator."""
    return User.objects.create_superuser("admin", "admin@example.org", PASSWORD)


def browser(user: User | None) -> Client:
    """One in which the user has signed in, or nobody."""
    client = Client()
    if user is not None:
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def client_of() -> ClientOf:
    return browser


@pytest.fixture
def alice_client(alice: User, client_of: ClientOf) -> Client:
    return client_of(alice)


@pytest.fixture
def bob_client(bob: User, client_of: ClientOf) -> Client:
    return client_of(bob)


@pytest.fixture
def charlie_client(charlie: User, client_of: ClientOf) -> Client:
    return client_of(charlie)


@pytest.fixture
def admin_client(admin: User, client_of: ClientOf) -> Client:
    return client_of(admin)


@pytest.fixture
def anonymous_client(db: None) -> Client:
    """Nobody."""
    return Client()


def keep_files_in(folder: Path, settings: Any) -> None:
    """Files of a test go where no other test looks."""
    settings.VAR = folder
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": folder / "files"},
        },
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    assert default_storage.path("") == str(folder / "files")


@pytest.fixture
def messages(tmp_path: Path) -> Iterator[Path]:
    """The folder in which the embedded broker keeps the messages of this test."""
    if not settings.EMBEDDED:
        pytest.skip("messages are files with the embedded broker only")
    with broker_in(tmp_path / "broker") as folder:
        yield folder


@pytest.fixture
def digits(db: None) -> Dataset:
    return published("digits", side=8, images=1797)


@pytest.fixture
def clothing(db: None) -> Dataset:
    """What the first click grows a network on."""
    return published("clothing", side=28, images=25_000)


def published(name: str, *, side: int, images: int) -> Dataset:
    """The row of a published data set of grey images in ten classes."""
    known = {
        "name": name.capitalize(),
        "image_channels": 1,
        "image_height": side,
        "image_width": side,
        "image_count": images,
        "class_names": [str(index) for index in range(10)],
        "on_disk": True,
        "state": State.COMPLETED,
    }
    return Dataset.objects.update_or_create(engine_name=name, defaults=known)[0]
