"""Copies of a bucket's files: fetched once, never one in use deleted, and no more than may be."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from webapp.storage import folders, local, pins
from webapp.storage.bucket import Bucket


@pytest.fixture
def fetched(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is fetched from the bucket."""
    names: list[str] = []
    whole = Bucket.fetch

    def watched(self: Bucket, name: str, target: Path) -> None:
        names.append(name)
        whole(self, name, target)

    monkeypatch.setattr(Bucket, "fetch", watched)
    return names


def keep(folder: str, size: int = 1000, name: str = "weights") -> None:
    default_storage.save(f"{folder}/{name}", ContentFile(os.urandom(size)))


def read(folder: str, name: str = "weights") -> bytes:
    with local.local(folder, [name]) as path:
        return (path / name).read_bytes()


def copies() -> set[str]:
    return {path.name for path in pins.last_used(local.cache_folder())}


def test_a_file_is_fetched_once_and_again_when_it_has_changed(fetched: list[str]) -> None:
    keep("one")
    assert read("one") == read("one")
    assert fetched == ["one/weights"]
    default_storage.save("one/weights", ContentFile(b"others"))
    assert read("one") == b"others"
    assert len(fetched) == 2
    folders.delete("one")
    assert copies() == set()
    with pytest.raises(FileNotFoundError):
        read("one")


def test_what_was_not_used_for_longest_goes_first(fetched: list[str], settings: Any) -> None:
    settings.CACHE_BYTES = 2500
    for folder in ("one", "two"):
        keep(folder)
        read(folder)
    read("one")
    keep("three")
    read("three")
    assert copies() == {"one", "three"}
    read("two")
    assert fetched == ["one/weights", "two/weights", "three/weights", "two/weights"]


def test_nothing_in_use_goes_and_more_than_may_be_kept_is_used_and_then_deleted(
    fetched: list[str], settings: Any
) -> None:
    settings.CACHE_BYTES = 1500
    keep("one")
    keep("large", 5000)
    with local.local("one", ["weights"]) as one:
        with local.local("large", ["weights"]) as large:
            assert (one / "weights").stat().st_size == 1000
            assert (large / "weights").stat().st_size == 5000
        assert copies() == {"one"}
    read("one")
    assert fetched == ["one/weights", "large/weights"]


def test_a_file_that_is_open_stays_readable_without_its_copy(bucket: Bucket, settings: Any) -> None:
    settings.CACHE_BYTES = 0
    keep("one")
    with local.opened("one/weights") as file:
        assert copies() == set()
        assert len(file.read()) == 1000


def test_short_of_room_copies_make_way(bucket: Bucket, settings: Any) -> None:
    keep("one")
    read("one")
    settings.MIN_FREE_BYTES = 1 << 62
    local.make_room()
    assert copies() == set()


HOLDING = """
import sys
from pathlib import Path
from webapp.storage import pins
with pins.pinned(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_what_another_process_uses_stays_until_it_dies(bucket: Bucket, settings: Any) -> None:
    keep("one")
    read("one")
    settings.CACHE_BYTES = 0
    command = [sys.executable, "-c", HOLDING, str(local.cache_folder() / "one")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None and other.stdout.readline() == b"held\n"
        local.make_room()
        assert copies() == {"one"}
        other.send_signal(signal.SIGKILL)
        other.wait()
        local.make_room()
    assert copies() == set()


def test_a_scratch_folder_goes_with_its_work_and_a_dead_ones_with_the_next(
    bucket: Bucket, tmp_path: Path
) -> None:
    left = tmp_path / "scratch" / "left"
    left.mkdir(parents=True)
    left.with_name("left.lock").touch()
    with local.scratch() as one, local.scratch() as other:
        assert not left.exists()
        assert one.is_dir() and other.is_dir() and one != other
    assert list((tmp_path / "scratch").iterdir()) == []
