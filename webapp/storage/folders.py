"""Folders of the storage: filled, emptied, and gone with the row that they belong to."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Model
from django.db.models.signals import post_delete

from webapp import disk
from webapp.storage.local import bucket, forget, is_disk


class Movable(File):  # type: ignore[type-arg]  # not subscriptable when it runs
    """A file that nobody needs where it is: a storage on the same disk moves it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path.open("rb"), path.name)
        self._path = path

    def temporary_file_path(self) -> str:
        return str(self._path)


def put(source: Path, folder: str, names: Iterable[str], *, move: bool = False) -> None:
    """Copy files into the storage, in place of any that are there: all or none.

    Args:
        move: they are not needed any more where they are.
    """
    try:
        for name in names:
            path = source / name
            with Movable(path) if move else File(path.open("rb")) as file:
                put_file(file, f"{folder}/{name}")
    except OSError:
        # A part is of no use, and takes room on a disk that may be full.
        delete(folder)
        raise


def put_file(file: "File[Any]", name: str) -> None:
    """Into the storage, in place of one of this name."""
    default_storage.delete(name)
    default_storage.save(name, file)


def delete(folder: str) -> None:
    """Delete a folder with all that is in it. What is gone already is no mistake."""
    inner, names = _listed(folder)
    for name in names:
        default_storage.delete(f"{folder}/{name}")
    for name in inner:
        delete(f"{folder}/{name}")
    if is_disk():
        default_storage.delete(folder)
    else:
        forget(folder)


def names_in(folder: str) -> list[str]:
    """Names of the files in a folder."""
    return sorted(_listed(folder)[1])


def folders_in(folder: str) -> list[str]:
    """Names of the folders within a folder."""
    return sorted(_listed(folder)[0])


def all_files(folder: str) -> Iterator[str]:
    """Whole names of all files within it, at any depth; the whole storage's where it is empty."""
    inner, names = _listed(folder)
    start = f"{folder}/" if folder else ""
    yield from (f"{start}{name}" for name in sorted(names))
    for name in sorted(inner):
        yield from all_files(f"{start}{name}")


def stored_bytes(*folders: str) -> int:
    """What files in these folders of the storage take, and so what deleting them frees."""
    if is_disk():
        return disk.bytes_under(*(Path(default_storage.path(folder)) for folder in folders))
    return sum(bucket().bytes_in(folder) for folder in folders)


def go_with(rows: type[Model], folder_of: Callable[[Any], str]) -> None:
    """Have a row's files go with it, on commit, however it goes: with its user, by a command."""

    def deleted(instance: Model, **_: Any) -> None:
        if folder := folder_of(instance):
            transaction.on_commit(partial(delete, folder), robust=True)

    post_delete.connect(deleted, rows, weak=False, dispatch_uid=f"files of {rows.__name__}")


def _listed(folder: str) -> tuple[list[str], list[str]]:
    try:
        return default_storage.listdir(folder)
    except FileNotFoundError:
        return [], []
