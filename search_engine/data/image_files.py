"""The files below a folder or in a zip, listed with care: they may come from a stranger.

Nothing is extracted. Links, names that lead out of the archive, and more files or bytes than the
limits allow are refused before anything is read.
"""

import lzma
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PureWindowsPath

from search_engine.errors import DatasetError

_IGNORED = {".DS_Store", "__MACOSX", "Thumbs.db"}
_GIBIBYTE = 1 << 30


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that a folder or zip of images may hold.

    Args:
        files: number of files and folders.
        total_bytes: of all files, uncompressed, and again of all decoded images.
        image_pixels: of one image.
    """

    files: int = 500_000
    total_bytes: int = 8 * _GIBIBYTE
    image_pixels: int = 4096 * 4096


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder.

    Args:
        place: how errors name it.
        parts: its path from the top, part by part.
        is_folder: whether it is a folder.
        size_bytes: uncompressed size.
        read: returns the content of a file.
    """

    place: str
    parts: tuple[str, ...]
    is_folder: bool
    size_bytes: int
    read: Callable[[], bytes]

    def without_top(self) -> "Entry":
        """The same entry, its path counted from one folder further down."""
        return replace(self, parts=self.parts[1:])


@contextmanager
def list_entries(path: Path, limits: Limits) -> Iterator[list[Entry]]:
    """Everything below a folder or in a zip, in order of path, readable inside the `with`.

    Raises:
        DatasetError: there is no such folder or zip, it is damaged, too large or unsafe.
    """
    if path.is_dir():
        yield _collect(_in_folder(path), path, limits)
        return
    if not path.is_file():
        raise DatasetError(str(path), "expected a folder or a zip file, found neither")
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise DatasetError(str(path), f"expected a zip file: {error}") from error
    with archive:
        yield _collect(_in_zip(path, archive), path, limits)


def _collect(entries: Iterator[Entry], path: Path, limits: Limits) -> list[Entry]:
    collected: dict[tuple[str, ...], Entry] = {}
    total_bytes = 0
    for count, entry in enumerate(entries, start=1):
        total_bytes += entry.size_bytes
        if count > limits.files:
            raise DatasetError(str(path), f"holds more than {limits.files} files")
        if total_bytes > limits.total_bytes:
            raise DatasetError(
                str(path), f"holds more than {limits.total_bytes} bytes, uncompressed"
            )
        if entry.parts and _IGNORED.isdisjoint(entry.parts):
            if entry.parts in collected:
                raise DatasetError(entry.place, "occurs twice")
            collected[entry.parts] = entry
    return [collected[parts] for parts in sorted(collected)]


def _in_folder(root: Path) -> Iterator[Entry]:
    for path in root.rglob("*"):
        status = path.lstat()
        is_folder = stat.S_ISDIR(status.st_mode)
        if not is_folder and not stat.S_ISREG(status.st_mode):
            raise DatasetError(str(path), "expected a file or folder, got a link or device")
        size_bytes = 0 if is_folder else status.st_size
        parts = path.relative_to(root).parts
        yield Entry(str(path), parts, is_folder, size_bytes, path.read_bytes)


def _in_zip(path: Path, archive: zipfile.ZipFile) -> Iterator[Entry]:
    for member in archive.infolist():
        place = f"{path}:{member.filename}"
        # Windows' rules are the stricter ones: both separators count, and drive letters.
        name = PureWindowsPath(member.filename)
        if name.anchor or ".." in name.parts:
            raise DatasetError(place, "expected a path inside the archive")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise DatasetError(place, "expected a file or folder, got a link")
        reader = _reader(archive, member, place)
        yield Entry(place, name.parts, member.is_dir(), member.file_size, reader)


def _reader(archive: zipfile.ZipFile, member: zipfile.ZipInfo, place: str) -> Callable[[], bytes]:
    def read() -> bytes:
        # zipfile reads no more than the declared size, so the limit on the sum of sizes holds.
        try:
            return archive.read(member)
        except (
            zipfile.BadZipFile,
            zlib.error,
            lzma.LZMAError,
            OSError,
            EOFError,
            RuntimeError,  # encrypted, or an unknown compression
        ) as error:
            raise DatasetError(place, f"cannot be read: {error}") from error

    return read
