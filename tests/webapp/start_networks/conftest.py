"""Alice brings a network of her own; nobody else sees it."""

from pathlib import Path
from typing import Any

import pytest

from webapp.accounts.models import User
from webapp.datasets.models import Dataset
from webapp.searches import holding
from webapp.start_networks import services
from webapp.start_networks.models import Source, StartNetwork
from webapp.state import State


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of a test go where no other test looks."""
    # The transaction around a test locks SQLite, so a thread that renews would wait for its end.
    monkeypatch.setattr(holding, "RENEW_SECONDS", 3600.0)
    settings.VAR = tmp_path
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "files"},
        },
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture
def photos(db: None) -> Dataset:
    """Colour images of 32 x 32 pixels in three classes; only their shape counts here."""
    return Dataset.objects.create(
        engine_name="photos",
        name="Photos",
        image_channels=3,
        image_height=32,
        image_width=32,
        image_count=600,
        class_names=["oak", "birch", "fir"],
        on_disk=True,
        state=State.COMPLETED,
    )


@pytest.fixture
def resnet(alice: User, photos: Dataset) -> StartNetwork:
    """Not read yet."""
    return services.add(alice, Source.TORCHVISION, model="resnet18", dataset=photos)
