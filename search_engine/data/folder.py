"""Data sets from images in class folders: `cat/1.png`, `dog/1.png`, in a folder or a zip.

There may be two folders `train` and `test` above the class folders, and one more above it all.
"""

from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import torch

from search_engine.data.augmentation import Augmentation
from search_engine.data.dataset import Dataset
from search_engine.data.decoding import Size, decode
from search_engine.data.image_files import Entry, Limits, list_entries
from search_engine.errors import DatasetError

_PARTS = {"train", "test"}


def read_folder(path: Path, *, size: Size | None = None, limits: Limits | None = None) -> Dataset:
    """Read images in class folders.

    Args:
        path: a folder or a zip file, which is read without being extracted.
        size: height and width in pixels to resize all images to; None expects one size.
        limits: the most that is accepted.

    Raises:
        DatasetError: a file is unreadable, of another size, unsafe or out of place, or a class has
            no images; the message names it.
    """
    limits = limits or Limits()
    with list_entries(path, limits) as entries:
        entries, has_parts = _unwrap(entries)
        files = [entry for entry in entries if not entry.is_folder]
        if not files:
            raise DatasetError(str(path), "expected images in class folders, found no file")
        _check_layout(entries, has_parts=has_parts)
        images = decode(files, size, limits)
    names = sorted({file.parts[-2] for file in files})
    is_test = [has_parts and file.parts[0] == "test" for file in files]
    return Dataset(
        name=path.stem,
        images=images,
        labels=torch.tensor([names.index(file.parts[-2]) for file in files]),
        class_names=tuple(names),
        test=torch.tensor(is_test).nonzero().flatten(),
        licence="not stated",
        source=str(path),
        augmentation=Augmentation(padding=min(images.shape[2:]) // 8),
    )


def _unwrap(entries: list[Entry]) -> tuple[list[Entry], bool]:
    """Leave out folders around all class folders; say whether `train` and `test` are the top."""
    while True:
        tops = {entry.parts[0] for entry in entries}
        depth = min((len(entry.parts) for entry in entries if not entry.is_folder), default=0)
        if len(tops) != 1 or depth < 3:
            return entries, tops == _PARTS and depth >= 3
        entries = [entry.without_top() for entry in entries if len(entry.parts) > 1]


def _check_layout(entries: Sequence[Entry], *, has_parts: bool) -> None:
    """Every file lies in a class folder, and no class folder is empty."""
    depth = 3 if has_parts else 2
    filled = set(chain.from_iterable(_above(entry) for entry in entries if not entry.is_folder))
    for entry in entries:
        if entry.is_folder and entry.parts not in filled:
            raise DatasetError(entry.place, "is a class without images")
        if not entry.is_folder and len(entry.parts) != depth:
            expected = "/".join(("train or test", "class", "image")[-depth:])
            raise DatasetError(entry.place, f"expected an image at {expected}")


def _above(entry: Entry) -> set[tuple[str, ...]]:
    """The folders in which an entry lies."""
    return {entry.parts[:depth] for depth in range(1, len(entry.parts))}
