"""Alice brings a network of her own; nobody else sees it."""

from pathlib import Path
from typing import Any

import pytest

from tests.webapp.conftest import keep_files_in
from webapp.accounts.models import User
from webapp.adopted import services
from webapp.adopted.models import AdoptedNetwork
from webapp.adopted.names import Source
from webapp.datasets.models import Dataset
from webapp.state import State


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    """Files of a test go where no other test looks."""
    keep_files_in(tmp_path, settings)


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
def resnet(alice: User, photos: Dataset) -> AdoptedNetwork:
    """Not read yet."""
    return services.add(alice, Source.TORCHVISION, model="resnet18", dataset=photos)
