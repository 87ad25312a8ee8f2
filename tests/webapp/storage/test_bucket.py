"""A real S3 server keeps files as a disk does, and its faults are a disk's."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client

from tests.webapp.storage.conftest import bucket_of
from webapp.errors import StorageAway
from webapp.storage import folders
from webapp.storage.bucket import Bucket
from webapp.storage.folders import stored_bytes
from webapp.upkeep import checks
from webapp.work import causes
from webapp.work.causes import Cause

LARGE = 9 << 20
"""More than S3 takes in one part."""


def test_folders_are_filled_listed_measured_and_deleted(bucket: Bucket, tmp_path: Path) -> None:
    content = bytes(range(256)) * (LARGE // 256)
    (tmp_path / "weights").write_bytes(content)
    (tmp_path / "words").write_text("pear")
    folders.put(tmp_path, "searches/1/trials/00001-1", ["weights", "words"])
    folders.put(tmp_path, "searches/1/trials/00001-1", ["words"])  # in place of the one before
    assert folders.folders_in("searches/1") == ["trials"]
    assert folders.names_in("searches/1/trials/00001-1") == ["weights", "words"]
    assert stored_bytes("searches") == LARGE + 4
    with default_storage.open("searches/1/trials/00001-1/weights") as file:
        assert b"".join(file.chunks()) == content
    folders.delete("searches/1")
    assert list(folders.all_files("")) == []


def test_what_is_not_there_is_missing_as_on_a_disk(bucket: Bucket) -> None:
    for ask in (bucket.open, bucket.size, bucket.stored):
        with pytest.raises(FileNotFoundError):
            ask("searches/1/weights")
    assert not bucket.exists("searches/1/weights")
    assert folders.names_in("searches/1") == []
    folders.delete("searches/1")


def test_a_part_of_a_folder_is_not_left(bucket: Bucket, tmp_path: Path) -> None:
    (tmp_path / "weights").write_bytes(b"weights")
    with pytest.raises(FileNotFoundError):
        folders.put(tmp_path, "searches/1", ["weights", "words"])
    assert list(folders.all_files("")) == []


def test_a_prefix_keeps_to_itself(bucket: Bucket, s3_server: dict[str, str], settings: Any) -> None:
    bucket.save("of-others", ContentFile(b"1"))
    settings.STORAGES = {
        **settings.STORAGES,
        "default": bucket_of(s3_server, location="espalier"),
    }
    default_storage.save("ours", ContentFile(b"2"))
    assert list(folders.all_files("")) == ["ours"]
    settings.STORAGES = {**settings.STORAGES, "default": bucket_of(s3_server)}
    assert list(folders.all_files("")) == ["of-others", "espalier/ours"]


def readiness() -> tuple[int, object]:
    answer = Client().get("/readyz")
    return answer.status_code, answer.json()


def test_the_check_is_content_with_it(bucket: Bucket, db: None) -> None:
    assert readiness() == (200, {"database": "ok", "storage": "ok"})
    assert list(checks.bucket()) == []
    assert list(folders.all_files("")) == []


@pytest.mark.parametrize("option", ["secret_key", "endpoint_url", "bucket_name"])
def test_a_bucket_that_refuses_or_is_away_is_the_infrastructures_fault(
    bucket: Bucket, s3_server: dict[str, str], settings: Any, db: None, option: str
) -> None:
    # Nobody listens on port 9.
    wrong = "http://127.0.0.1:9" if option == "endpoint_url" else "wrong"
    settings.STORAGES = {
        **settings.STORAGES,
        "default": bucket_of(s3_server, **{option: wrong}),
    }
    with pytest.raises(StorageAway) as raised:
        default_storage.save("ours", ContentFile(b"2"))
    cause = causes.cause_of(raised.value)
    assert cause is Cause.INFRASTRUCTURE
    told = causes.sentence(raised.value, cause)
    assert told.startswith("The storage of files does not answer") and "127.0.0.1" not in told
    assert readiness() == (503, {"database": "ok", "storage": "unreachable"})
    (fault,) = checks.bucket()
    assert fault.hint is not None and "ESPALIER_S3_BUCKET" in fault.hint
    settings.STORAGES = {**settings.STORAGES, "default": bucket_of(s3_server)}
