"""The files below a folder or in an archive, listed with care: they may come from a stranger.

Nothing is extracted. Names that lead out of the archive, and more files or bytes than the limits
allow are refused before anything is read; a link, or a file that occurs twice, is a fault of that
file alone.
"""

import lzma
import os
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PureWindowsPath
from typing import IO

from search_engine.pictures.archives import opened_tar, opened_zip
from search_engine.spec.errors import DatasetError

_GIBIBYTE = 1 << 30
_ENCRYPTED, _UTF8 = 0x1, 0x800
"""Bits of a member's flags: it has a password; its name is in UTF-8."""
_DEFLATE64 = 9
_UNICODE_PATH = 0x7075


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that a folder or archive of pictures may hold.

    Args:
        files: number of files and folders.
        total_bytes: of all files, uncompressed, and again of all prepared pictures.
        image_pixels: number of pixels of one picture.
    """

    files: int = 500_000
    total_bytes: int = 8 * _GIBIBYTE
    image_pixels: int = 1 << 27


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder.

    Args:
        place: its name in errors.
        parts: its path from the top, part by part.
        raw: the bytes of its path, where nobody says in which code page they are.
        size_bytes: uncompressed size.
        open: opens a file's content.
        fault: code of what is wrong with it, known before it is read; empty where nothing is.
    """

    place: str
    parts: tuple[str, ...]
    is_folder: bool
    size_bytes: int
    open: Callable[[], IO[bytes]]
    raw: bytes | None = None
    fault: str = ""

    @property
    def path(self) -> str:
        """Its path from the top, with slashes."""
        return "/".join(self.parts)

    def read(self, most: int = -1) -> bytes:
        """Its content, or its first bytes.

        Raises:
            DatasetError: it cannot be read.
        """
        if self.fault:
            raise DatasetError(self.place, _REASONS[self.fault], self.fault)
        try:
            with self.open() as file:
                return file.read(most)
        except NotImplementedError as error:  # an unknown compression; a kind of RuntimeError
            reason = OF_THE_WHOLE["zip_deflate64"]
            raise DatasetError(self.place, reason, "zip_deflate64") from error
        except RuntimeError as error:
            raise DatasetError(self.place, "has a password", "zip_encrypted") from error
        except (
            zipfile.BadZipFile,
            tarfile.TarError,
            zlib.error,
            lzma.LZMAError,
            OSError,
            EOFError,
        ) as error:
            raise DatasetError(self.place, f"cannot be read: {error}", "unreadable_file") from error


OF_THE_WHOLE = {
    "zip_encrypted": "has a password",
    "zip_deflate64": "is packed in a way that cannot be read: most likely Deflate64",
}
"""Codes of faults that are the archive's where all of its pictures have them, and what it is."""

_REASONS = {"link": "expected a file or folder, got a link", "duplicate_file": "occurs twice"}


@contextmanager
def list_entries(path: Path, limits: Limits, *, shown_as: str = "") -> Iterator[list[Entry]]:
    """Everything below a folder or in an archive, in its order, readable inside the `with`.

    Args:
        shown_as: what errors call the folder or archive in place of its path; of an archive's
            members they then give the member's own path only.

    Raises:
        DatasetError: there is no such folder or archive, it is damaged, too large or unsafe.
    """
    name = shown_as or str(path)
    if path.is_dir():
        yield _collect(_in_folder(path), name, limits)
        return
    if not path.is_file():
        raise DatasetError(name, "expected a folder or an archive, found neither", "not_there")
    prefix = "" if shown_as else f"{path}:"
    archive = opened_zip(path, name)
    if archive is not None:
        with archive:
            yield _collect(_in_zip(archive, prefix), name, limits)
        return
    with opened_tar(path, name, limits.total_bytes) as tar:
        yield _collect(_in_tar(tar, prefix), name, limits)


def _collect(entries: Iterator[Entry], place: str, limits: Limits) -> list[Entry]:
    collected: list[Entry] = []
    known: set[tuple[str, ...]] = set()
    total_bytes = 0
    for entry in entries:
        total_bytes += entry.size_bytes
        if len(collected) >= limits.files:
            raise DatasetError(place, f"holds more than {limits.files} files", "archive_too_large")
        if total_bytes > limits.total_bytes:
            reason = f"holds more than {limits.total_bytes} bytes, uncompressed"
            raise DatasetError(place, reason, "archive_too_large")
        if entry.parts:
            twice = entry.parts in known and not entry.is_folder
            collected.append(replace(entry, fault="duplicate_file") if twice else entry)
            known.add(entry.parts)
    return collected


def _in_folder(root: Path) -> Iterator[Entry]:
    for path in sorted(root.rglob("*")):
        status = path.lstat()
        is_folder = stat.S_ISDIR(status.st_mode)
        is_link = not is_folder and not stat.S_ISREG(status.st_mode)
        name = path.relative_to(root)
        raw = None if _is_text(str(name)) else os.fsencode(name)
        yield Entry(
            place=str(path).encode(errors="replace").decode(),
            parts=name.parts,
            is_folder=is_folder,
            size_bytes=0 if is_folder else status.st_size,
            open=_opener(path),
            raw=raw,
            fault="link" if is_link else "",
        )


def _opener(path: Path) -> Callable[[], IO[bytes]]:
    return lambda: path.open("rb")


def _in_zip(archive: zipfile.ZipFile, prefix: str) -> Iterator[Entry]:
    for member in archive.infolist():
        text = _unicode_path(member)
        raw = None
        if text is None:
            text = member.filename
            if not member.flag_bits & _UTF8 and not text.isascii():
                raw = member.orig_filename.encode("cp437")
        yield Entry(
            place=prefix + text,
            parts=_safe(text, prefix + text),
            is_folder=member.is_dir(),
            size_bytes=member.file_size,
            open=_member(archive, member),
            raw=raw,
            fault="link" if stat.S_ISLNK(member.external_attr >> 16) else "",
        )


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Callable[[], IO[bytes]]:
    # zipfile reads no more than the declared size, so the limit on the sum of sizes holds.
    return lambda: archive.open(member)


def _unicode_path(member: zipfile.ZipInfo) -> str | None:
    """The name that Info-ZIP's extra field has in UTF-8, where it is of this name."""
    extra = member.extra
    while len(extra) >= 4:
        kind, length = struct.unpack("<HH", extra[:4])
        field, extra = extra[4 : 4 + length], extra[4 + length :]
        if kind == _UNICODE_PATH and len(field) > 5 and field[0] == 1:
            checked = zlib.crc32(member.orig_filename.encode("cp437", "replace"))
            if checked == int.from_bytes(field[1:5], "little"):
                return field[5:].decode("utf-8", "replace")
    return None


def _in_tar(tar: tarfile.TarFile, prefix: str) -> Iterator[Entry]:
    for member in tar:
        name = member.name
        place = (prefix + name).encode(errors="replace").decode()
        yield Entry(
            place=place,
            parts=tuple(part for part in _safe(name, place) if part != "."),
            is_folder=member.isdir(),
            size_bytes=member.size,
            open=_tar_member(tar, member),
            raw=None if _is_text(name) else name.encode("utf-8", "surrogateescape"),
            fault="" if member.isdir() or member.isreg() else "link",
        )


def _tar_member(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Callable[[], IO[bytes]]:
    def opened() -> IO[bytes]:
        file = tar.extractfile(member)
        if file is None:
            raise OSError("it is no file")
        return file

    return opened


def _safe(text: str, place: str) -> tuple[str, ...]:
    """Parts of a member's name. Windows' rules are the stricter ones: both separators count, and
    drive letters."""
    name = PureWindowsPath(text)
    if name.anchor or ".." in name.parts:
        raise DatasetError(place, "expected a path inside the archive", "unsafe_path")
    return name.parts


def _is_text(name: str) -> bool:
    """Whether its bytes were UTF-8; Python marks those that were not."""
    return not any("\ud800" <= letter <= "\udfff" for letter in name)
