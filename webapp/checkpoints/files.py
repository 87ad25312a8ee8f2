"""Checkpoints' files in Django's storage: on disk, or wherever the storage keeps them. No torch."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Model
from django.db.models.signals import post_delete

WEIGHTS, DESCRIPTION = "weights.safetensors", "checkpoint.json"
NAMES = (WEIGHTS, DESCRIPTION)


def start_folder(search_id: int) -> str:
    return f"searches/{search_id}/start"


def search_folder(search_id: int) -> str:
    """With all that is kept of a search."""
    return f"searches/{search_id}"


def trial_folder(search_id: int, number: int, attempt: int) -> str:
    """Of one attempt: two workers that hold the same trial by mistake never share a file."""
    return f"searches/{search_id}/trials/{number:05d}-{attempt}"


def put(source: Path, folder: str, names: Iterable[str] = NAMES) -> None:
    """Copy files, a checkpoint's, into the storage, in place of any that are there: all or none."""
    try:
        for name in names:
            target = f"{folder}/{name}"
            default_storage.delete(target)
            with (source / name).open("rb") as file:
                default_storage.save(target, File(file))
    except OSError:
        delete(folder)  # a part is of no use, and takes room on a disk that may be full
        raise


def delete(folder: str) -> None:
    """Delete a checkpoint's files, its exports with them. What is gone already is no mistake."""
    try:
        inner, names = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in names:
        default_storage.delete(f"{folder}/{name}")
    for name in inner:
        delete(f"{folder}/{name}")
    default_storage.delete(folder)  # on a disk there is a folder left


def go_with(rows: type[Model], folder_of: Callable[[Any], str]) -> None:
    """Have a row's files go with it, on commit, however it goes: with its user, by a command."""

    def deleted(instance: Model, **_: Any) -> None:
        if folder := folder_of(instance):
            transaction.on_commit(partial(delete, folder), robust=True)

    post_delete.connect(deleted, rows, weak=False, dispatch_uid=f"files of {rows.__name__}")


def description(folder: str) -> dict[str, Any]:
    """A checkpoint's readable half."""
    with default_storage.open(f"{folder}/{DESCRIPTION}") as file:
        document: dict[str, Any] = json.loads(file.read())
    return document


@contextmanager
def local(folder: str, names: Iterable[str] = NAMES) -> Iterator[Path]:
    """The files in a folder of this machine, for as long as they are needed."""
    with TemporaryDirectory(prefix="espalier-") as name:
        for file_name in names:
            with default_storage.open(f"{folder}/{file_name}") as file:
                (Path(name) / file_name).write_bytes(file.read())
        yield Path(name)
