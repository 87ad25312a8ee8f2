"""Checkpoints' files in Django's storage: on disk, or wherever the storage keeps them. No torch."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.files import File
from django.core.files.storage import default_storage

WEIGHTS, DESCRIPTION = "weights.safetensors", "checkpoint.json"
NAMES = (WEIGHTS, DESCRIPTION)


def start_folder(search_id: int) -> str:
    return f"searches/{search_id}/start"


def trial_folder(search_id: int, number: int, attempt: int) -> str:
    """Of one attempt: two workers that hold the same trial by mistake never share a file."""
    return f"searches/{search_id}/trials/{number:05d}-{attempt}"


def put(source: Path, folder: str, names: Iterable[str] = NAMES) -> None:
    """Copy files, a checkpoint's, into the storage, in place of any that are there."""
    for name in names:
        target = f"{folder}/{name}"
        default_storage.delete(target)
        with (source / name).open("rb") as file:
            default_storage.save(target, File(file))


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


def delete_all(folders: Iterable[str]) -> None:
    for folder in folders:
        delete(folder)


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
