"""A bucket on a real S3 server, empty for each test, and a machine with a folder of its own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage

from tests.webapp import servers
from webapp.storage import folders
from webapp.storage.bucket import Bucket


@pytest.fixture(scope="session")
def s3_server() -> Iterator[dict[str, str]]:
    with servers.s3() as environment:
        yield environment


@pytest.fixture
def bucket(s3_server: dict[str, str], settings: Any, tmp_path: Path) -> Iterator[Bucket]:
    """All files are in it; this machine's own folder is the test's."""
    settings.VAR = tmp_path
    settings.STORAGES = {**settings.STORAGES, "default": bucket_of(s3_server)}
    assert isinstance(default_storage, Bucket)
    yield default_storage
    for name in list(folders.all_files("")):
        default_storage.delete(name)


def bucket_of(environment: dict[str, str], **more: str) -> dict[str, Any]:
    """As the settings make it of the environment."""
    options = {
        "bucket_name": environment["ESPALIER_S3_BUCKET"],
        "endpoint_url": environment["ESPALIER_S3_ENDPOINT"],
        "region_name": environment["ESPALIER_S3_REGION"],
        "access_key": environment["ESPALIER_S3_ACCESS_KEY"],
        "secret_key": environment["ESPALIER_S3_SECRET_KEY"],
    }
    return {"BACKEND": "webapp.storage.bucket.Bucket", "OPTIONS": {**options, **more}}
