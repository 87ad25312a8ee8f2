"""Alice owns an upload, Bob and Charlie do not, and everybody sees what is published."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage

from tests.webapp.conftest import keep_files_in
from tests.webapp.datasets import packing
from webapp.accounts.models import User
from webapp.datasets import child, services, worker
from webapp.datasets.kinds import PREPARATION
from webapp.datasets.models import Dataset
from webapp.datasets.uploads import StreamedFile
from webapp.state import State
from webapp.storage.local import scratch
from webapp.work import runner
from webapp.work.runner import Hold

MakeUpload = Callable[..., Dataset]


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    keep_files_in(tmp_path, settings)


def on_disk(name: str) -> Path:
    """Where the storage has a file or folder."""
    return Path(default_storage.path(name))


def streamed(content: bytes, name: str = "leaves.zip") -> StreamedFile:
    file = StreamedFile(name, "application/zip")
    file.append(content)
    return file


@pytest.fixture
def make_upload(alice: User) -> MakeUpload:
    """Alice uploads; nothing has been prepared yet."""

    def make(content: bytes | None = None, **settings: Any) -> Dataset:
        file = streamed(content or packing.packed(packing.good()))
        return services.upload(alice, file, **settings)

    return make


@pytest.fixture
def leaves(make_upload: MakeUpload) -> Dataset:
    """Alice's upload, prepared; without the process of its own, which takes seconds to start."""
    dataset = make_upload()
    token = PREPARATION.claim(dataset.pk, "worker")
    assert token is not None
    hold = Hold(PREPARATION, dataset, token)
    with scratch() as folder, worker.upload_here(dataset) as upload:
        request = worker.reading_request(dataset, folder, upload)
        reading = child.read(request, lambda share, note: None)
        assert reading["facts"] is not None
        worker.keep(dataset, hold, folder, {**reading["facts"], "report": reading["report"]})
    dataset.refresh_from_db()
    assert dataset.is_ready, dataset.failure
    return dataset


def prepare(dataset: Dataset) -> Dataset:
    """As the task that workers run."""
    runner.run(PREPARATION.name, dataset.pk, "worker")
    dataset.refresh_from_db()
    return dataset


@pytest.fixture
def digits(db: None) -> Dataset:
    """A published data set's row."""
    return Dataset.objects.create(
        name="Digits of scikit-learn",
        engine_name="digits",
        state=State.COMPLETED,
        on_disk=True,
        classes=10,
        image_count=1797,
        class_names=list("0123456789"),
        class_counts=[178, 182, 177, 183, 181, 182, 181, 179, 174, 180],
        image_channels=1,
        image_height=8,
        image_width=8,
    )


@pytest.fixture
def missing(db: None) -> Dataset:
    """A published data set that is not on this server."""
    return Dataset.objects.create(
        name="CIFAR-10", engine_name="cifar10", downloadable=True, classes=10
    )
