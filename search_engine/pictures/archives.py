"""Opens archives: zip, and tar with or without compression. Says what a file is in their place."""

import bz2
import gzip
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import zstandard

from search_engine.spec.errors import DatasetError

_CHUNK = 1 << 20
_TAR_MARK = slice(257, 262)
_FOLLOWS = 1 << 16
"""The most that a tar's own headers add for each of its bytes of content, and once."""

_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = (b"PK\x05\x06", b"PK\x07\x08")
_COMPRESSED: dict[bytes, Callable[[IO[bytes]], Any]] = {
    b"\x1f\x8b": partial(gzip.GzipFile, None, "rb", 9),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\0": lzma.LZMAFile,
    b"\x28\xb5\x2f\xfd": partial(
        zstandard.ZstdDecompressor().stream_reader, read_across_frames=True
    ),
}
_OTHER_ARCHIVES = {
    b"Rar!": "a RAR archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"MSCF": "a Windows cabinet",
    b"MZ": "a program for Windows",
    b"LZIP": "an lzip file",
    b"\x04\x22\x4d\x18": "an LZ4 file",
    b"!<arch>": "a Unix library",
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"\x89HDF": "an HDF5 file",
    b"SQLite format 3": "a database",
}


def opened_zip(path: Path, name: str) -> zipfile.ZipFile | None:
    """The zip; None where the file does not begin like one.

    Args:
        name: what errors call it.

    Raises:
        DatasetError: it is damaged, or has been cut off.
    """
    head = _head(path, name)
    # A program may stand before a zip that unpacks itself; its directory is at the end.
    if not head.startswith((_ZIP, *_EMPTY_ZIP)) and not (
        head.startswith(b"MZ") and zipfile.is_zipfile(path)
    ):
        return None
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        if head.startswith(_ZIP) and not zipfile.is_zipfile(path):
            reason = "is a zip that has been cut off: its end, with the list of files, is missing"
            raise DatasetError(name, reason, "zip_cut_off") from error
        raise DatasetError(name, f"is a damaged zip: {error}", "zip_damaged") from error


@contextmanager
def opened_tar(path: Path, name: str, total_bytes: int) -> Iterator[tarfile.TarFile]:
    """The tar. A compressed one is unpacked into a temporary file, for a stream has one direction.

    Args:
        name: what errors call it.
        total_bytes: the most that it may unpack to.

    Raises:
        DatasetError: it is no tar, damaged, cut off or too large.
    """
    head = _head(path, name)
    opener = next((o for mark, o in _COMPRESSED.items() if head.startswith(mark)), None)
    if opener is None and head[_TAR_MARK] != b"ustar":
        raise _no_archive(head, name)
    with ExitStack() as stack:
        file = stack.enter_context(path.open("rb"))
        unpacked = stack.enter_context(TemporaryFile())
        if opener is not None:
            _unpack(opener(file), unpacked, name, total_bytes)
        try:
            within = file if opener is None else unpacked
            tar = stack.enter_context(tarfile.open(fileobj=within, mode="r:"))
            tar.getmembers()
        except (tarfile.TarError, OSError, EOFError, ValueError) as error:
            if opener is not None and not _is_tar(unpacked):
                raise DatasetError(
                    name, "is a compressed file, but there is no tar in it", "not_an_archive"
                ) from error
            raise DatasetError(name, f"is a damaged tar: {error}", "archive_cut_off") from error
        yield tar


def _unpack(stream: Any, into: IO[bytes], name: str, total_bytes: int) -> None:
    most = total_bytes + total_bytes // 2 + _FOLLOWS
    try:
        with stream:
            while chunk := stream.read(_CHUNK):
                into.write(chunk)
                if into.tell() > most:
                    reason = f"holds more than {total_bytes} bytes, uncompressed"
                    raise DatasetError(name, reason, "archive_too_large")
    except EOFError as error:
        raise DatasetError(name, "has been cut off", "archive_cut_off") from error
    except (OSError, zlib.error, lzma.LZMAError, zstandard.ZstdError) as error:
        raise DatasetError(name, f"is damaged: {error}", "archive_cut_off") from error
    into.seek(0)


def _is_tar(file: IO[bytes]) -> bool:
    file.seek(0)
    return file.read(512)[_TAR_MARK] == b"ustar"


def _head(path: Path, name: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(512)
    except OSError as error:
        raise DatasetError(name, error.strerror or str(error), "not_an_archive") from error


def _no_archive(head: bytes, name: str) -> DatasetError:
    """What the file is in place of an archive."""
    if not head:
        return DatasetError(name, "is an empty file", "empty_file")
    other = next((what for mark, what in _OTHER_ARCHIVES.items() if head.startswith(mark)), "")
    if other:
        return DatasetError(name, f"is {other}, and no zip or tar", "other_archive")
    text = head.lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if text.startswith((b"<!doctype", b"<html", b"<head", b"<?xml", b"{")):
        return DatasetError(name, "is a web page, and no archive", "web_page")
    return DatasetError(name, "is no zip and no tar", "not_an_archive")
