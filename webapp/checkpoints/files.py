"""Where checkpoints' files lie in the storage, and what they are called. No torch."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from webapp.storage import folders
from webapp.storage.local import local as local_copy

WEIGHTS, DESCRIPTION = "weights.safetensors", "checkpoint.json"
NAMES = (WEIGHTS, DESCRIPTION)


def search_folder(search_id: int) -> str:
    """The folder of all that is kept of a search."""
    return f"searches/{search_id}"


def trial_folder(search_id: int, number: int, attempt: int) -> str:
    """The folder of one attempt: two workers that hold a trial by mistake never share a file."""
    return f"searches/{search_id}/trials/{number:05d}-{attempt}"


def put(source: Path, folder: str, names: Iterable[str] = NAMES) -> None:
    """Copy a checkpoint's files into the storage, in place of any that are there: all or none."""
    folders.put(source, folder, names)


@contextmanager
def local(folder: str, names: Iterable[str] = NAMES) -> Iterator[Path]:
    """A checkpoint's files on this machine, for as long as they are needed: to be read only."""
    with local_copy(folder, names) as path:
        yield path
