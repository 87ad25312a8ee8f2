"""Names that users give, cleaned."""

import secrets
import unicodedata
from pathlib import PureWindowsPath

from django.utils.text import slugify

MAX_NAME = 100


def clean(text: str, longest: int = MAX_NAME) -> str:
    """Composed letters, no control characters, single spaces, not too long."""
    composed = unicodedata.normalize("NFC", text)
    printable = "".join(letter if letter.isprintable() else " " for letter in composed)
    return " ".join(printable.split())[:longest].strip()


def file_name(text: str) -> str:
    """The last part of what a browser called the file."""
    return clean(PureWindowsPath(text).name, 200) or "upload.zip"


def from_file_name(text: str) -> str:
    """A data set's name where the user gave none."""
    return clean(PureWindowsPath(file_name(text)).stem.replace("_", " ")) or "Images"


def engine_name(name: str) -> str:
    """What a search config calls an upload: readable, and different from every other."""
    return f"{slugify(name)[:60] or 'images'}-{secrets.token_hex(4)}"
