"""Where the files of data sets lie. No torch."""

from pathlib import Path

from django.conf import settings
from django.core.files.storage import default_storage

PREPARED = "prepared"
UPLOAD = "upload.zip"


def dataset_folder(dataset_id: int) -> Path:
    """All that is kept of one data set."""
    return Path(default_storage.path(f"datasets/{dataset_id}"))


def prepared_folder(dataset_id: int) -> Path:
    """What the last preparation that succeeded wrote."""
    return dataset_folder(dataset_id) / PREPARED


def upload_path(dataset_id: int) -> Path:
    """The zip as it came; gone once it has been prepared."""
    return dataset_folder(dataset_id) / UPLOAD


def incoming_folder() -> Path:
    """Where uploads go until they are complete: on the same disk, so that moving them is free."""
    return Path(default_storage.path("datasets/incoming"))


def library_folder() -> Path:
    """Where published data sets are looked for and downloaded to."""
    return Path(settings.VAR) / "datasets"
