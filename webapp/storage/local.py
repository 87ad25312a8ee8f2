"""Files of the storage on this machine: the storage's own where that is a disk, else copies.

Copies are kept for the next time, up to ESPALIER_CACHE_BYTES: what was not used for longest goes
first, and never what is in use.
"""

import errno
import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast
from urllib.parse import quote

from django.conf import settings
from django.core.files.storage import FileSystemStorage, default_storage

from webapp import disk
from webapp.storage import pins

if TYPE_CHECKING:  # boto3 takes a moment to load, and most have no bucket
    from webapp.storage.bucket import Bucket, Stored

KNOWN = ".known.json"


def is_disk() -> bool:
    """Whether the storage is a disk of this machine, or one that looks like it."""
    return isinstance(default_storage, FileSystemStorage)


@contextmanager
def local(folder: str, names: Iterable[str]) -> Iterator[Path]:
    """Files of a folder of the storage on this machine, while they are needed: to be read only.

    Raises:
        FileNotFoundError: one of them is not there.
    """
    if is_disk():
        path = Path(default_storage.path(folder))
        for name in names:
            if not (path / name).is_file():
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
        yield path
        return
    entry = cache_folder() / quote(folder, safe="")
    fetched = False
    try:
        with pins.pinned(entry):
            fetched = _bring(folder, list(names), entry)
            yield entry
    finally:
        if fetched:
            make_room()  # for it may be more than is kept


def opened(name: str) -> IO[bytes]:
    """A file of the storage, to be read and sought in; it stays readable whatever becomes of it.

    Raises:
        FileNotFoundError: it is not there.
    """
    folder, _, own = name.rpartition("/")
    with local(folder, [own]) as path:
        return (path / own).open("rb")


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for one piece of work, on the disk where a storage would be, which may move files.

    What a process that was killed has left goes when the next begins.
    """
    root = Path(settings.VAR) / "scratch"
    for left in pins.last_used(root):
        pins.remove(left)
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = root / secrets.token_hex(8)
    try:
        with pins.pinned(folder):
            folder.mkdir(mode=0o700)
            yield folder
    finally:
        pins.remove(folder)


def bucket() -> "Bucket":
    """The storage, where it is no disk."""
    return cast("Bucket", default_storage)


def cache_folder() -> Path:
    """Where copies are kept."""
    return Path(settings.VAR) / "cache"


def forget(folder: str) -> None:
    """Delete what is copied here of a folder; what is in use goes when there is no room for it."""
    pins.remove(cache_folder() / quote(folder, safe=""))


def make_room(more_bytes: int = 0) -> None:
    """Delete copies until so much more may be kept, or all that are left are in use."""
    folders = pins.last_used(cache_folder())
    sizes = {folder: disk.bytes_under(folder) for folder in folders}
    total = sum(sizes.values()) + more_bytes
    for folder in folders:
        if total <= settings.CACHE_BYTES and not disk.is_short(more_bytes):
            return
        if pins.remove(folder):
            total -= sizes[folder]


def _bring(folder: str, names: list[str], entry: Path) -> bool:
    """Copy what is not here as it is in the bucket; whether anything was."""
    now = {name: bucket().stored(f"{folder}/{name}") for name in names}
    if not _lacking(entry, now):
        return False
    entry.mkdir(mode=0o700, exist_ok=True)
    with pins.alone(entry):
        lacking = _lacking(entry, now)  # others may have copied it meanwhile
        make_room(sum(now[name].size for name in lacking))
        for name in lacking:
            new = entry / f"{name}.new"
            bucket().fetch(f"{folder}/{name}", new)
            new.replace(entry / name)
            known = {**_known(entry), name: now[name].tag}
            (entry / f"{KNOWN}.new").write_text(json.dumps(known), encoding="utf-8")
            (entry / f"{KNOWN}.new").replace(entry / KNOWN)
    return bool(lacking)


def _lacking(entry: Path, now: "Mapping[str, Stored]") -> list[str]:
    known = _known(entry)
    return [
        name
        for name, stored in now.items()
        if known.get(name) != stored.tag or not (entry / name).is_file()
    ]


def _known(entry: Path) -> dict[str, str]:
    """Which content of each file is here."""
    try:
        found: dict[str, str] = json.loads((entry / KNOWN).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found
