"""Which files are pictures, which may say what is on them, and which are neither."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from search_engine.pictures.entries import Entry
from search_engine.spec.errors import DatasetError


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PICTURE_SUFFIXES = _words(
    ".png .apng .jpg .jpeg .jpe .jfif .mpo .webp .bmp .dib .gif .ppm .pgm .pbm .pnm .tif .tiff"
    " .jp2 .j2k .jpx .jpf .j2c .avif .avifs .heic .heif .hif"
)
UNREAD_SUFFIXES = _words(
    ".svg .psd .ai .eps .xcf .cr2 .cr3 .nef .arw .dng .orf .rw2 .raf .pef .srw .exr .hdr .jxl .dcm"
    " .tga .ico .cur .pcx .dds .webm .mp4 .mov .avi"
)
"""Pictures and films of kinds that are not read: whoever has them is told how to convert them."""
LABEL_SUFFIXES = frozenset((".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".txt"))
_TEXT_SUFFIXES = LABEL_SUFFIXES | _words(
    ".md .rst .xml .html .htm .yaml .yml .toml .ini .cfg .py .ipynb .js .sh .bat .pdf .doc .docx"
    " .xls .xlsx .zip .gz .tar .rar .7z .npy .npz .pkl .pt .pth .h5 .hdf5 .mat .db .log .lnk .url"
    " .cache .lock .bib .tex .css .parquet .arrow .tfrecord .onnx .safetensors"
)
_OF_PROGRAMS = frozenset(
    name.casefold()
    for name in (
        "__MACOSX",
        "Thumbs.db",
        "ehthumbs.db",
        "desktop.ini",
        "__pycache__",
        "@eaDir",
        "$RECYCLE.BIN",
        "RECYCLER",
        "System Volume Information",
        "lost+found",
        "Icon\r",
    )
)
_MARKS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"BM", b"II*\0", b"MM\0*")
_LONGEST_LABELS = 64 << 20
"""A larger text is not read for labels, in bytes."""


@dataclass(frozen=True, slots=True)
class Sorted:
    """Files by what they are good for; folders that hold none of them.

    Args:
        pictures: what is a picture, or pretends to be one.
        tables: texts that may say which class each picture is of.
        others: files that are neither.
        folders: paths of all folders, part by part.
    """

    pictures: tuple[Entry, ...]
    tables: tuple[Entry, ...]
    others: tuple[Entry, ...]
    folders: tuple[tuple[str, ...], ...]


def sort_entries(entries: Iterable[Entry]) -> Sorted:
    """Tell pictures from other files by name, and where the name says nothing by content."""
    pictures, tables, others, folders = [], [], [], []
    for entry in entries:
        if any(_is_hidden(part) for part in entry.parts):
            if not entry.is_folder:
                others.append(entry)
        elif entry.is_folder:
            folders.append(entry.parts)
        elif is_picture(entry):
            pictures.append(entry)
        elif suffix_of(entry) in LABEL_SUFFIXES and entry.size_bytes <= _LONGEST_LABELS:
            tables.append(entry)
        else:
            others.append(entry)
    return Sorted(tuple(pictures), tuple(tables), tuple(others), tuple(folders))


def suffix_of(entry: Entry) -> str:
    """The end of its name, in small letters."""
    return PurePosixPath(entry.parts[-1].strip()).suffix.lower()


def is_picture(entry: Entry) -> bool:
    """Whether a file is a picture, or is called like one."""
    suffix = suffix_of(entry)
    if suffix in PICTURE_SUFFIXES or suffix in UNREAD_SUFFIXES:
        return True
    return suffix not in _TEXT_SUFFIXES and bool(entry.size_bytes) and _begins_like_one(entry)


def _is_hidden(part: str) -> bool:
    return part.startswith(".") or part.casefold() in _OF_PROGRAMS


def _begins_like_one(entry: Entry) -> bool:
    try:
        head = entry.read(16)
    except DatasetError:
        return False
    is_webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    return is_webp or head.startswith(_MARKS) or head[4:8] == b"ftyp"
