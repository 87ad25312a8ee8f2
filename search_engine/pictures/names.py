"""Names of classes: composed, trimmed, in order, told apart, and read in the right code page."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence

from search_engine.pictures.entries import Entry

CODE_PAGES = (
    "utf-8",
    "gbk",
    "shift_jis",
    "big5",
    "euc_kr",
    "cp1251",
    "cp1252",
    "cp866",
    "cp437",
)
"""Code pages that names are tried in, the likeliest first."""
_PYTHON_NAMES = {"shift_jis": "cp932", "euc_kr": "cp949", "gbk": "gb18030"}


def composed(name: str) -> str:
    """Composed letters, and a space in place of each control character."""
    letters = unicodedata.normalize("NFC", name)
    return "".join(letter if letter.isprintable() else " " for letter in letters)


def cleaned(name: str) -> str:
    """Composed letters, no control characters, single spaces, none at the ends."""
    return " ".join(composed(name).split())


def alike(names: Iterable[str]) -> list[list[str]]:
    """Groups of different names that differ by case, spaces, hyphens and underlines only."""
    groups: dict[str, list[str]] = defaultdict(list)
    for name in sorted(set(names)):
        groups[re.sub(r"\s+", "", name.casefold())].append(name)
    return [group for group in groups.values() if len(group) > 1]


def decoded(raw: bytes, code_page: str) -> str | None:
    """A name in a code page; None where it cannot be one, or is none that people write."""
    try:
        text = raw.decode(_PYTHON_NAMES.get(code_page, code_page))
    except (UnicodeDecodeError, LookupError):
        return None
    if any(unicodedata.category(letter) in ("Cc", "Co", "Cn") for letter in text):
        return None
    return text


def code_pages_of(names: Sequence[bytes]) -> dict[str, tuple[str, ...]]:
    """Code pages in which all names can be read, the likeliest first, each with the names."""
    found = {}
    for page in CODE_PAGES:
        texts = [decoded(raw, page) for raw in names]
        if all(texts):
            found[page] = tuple(cleaned(str(text)) for text in texts)
    return found


def with_code_page(entry: Entry, code_page: str) -> tuple[str, ...]:
    """The path of an entry, its unclear names read in a code page."""
    if entry.raw is None:
        return entry.parts
    text = decoded(entry.raw, code_page)
    if text is None:
        return entry.parts
    return tuple(part for part in text.replace("\\", "/").split("/") if part not in ("", "."))
