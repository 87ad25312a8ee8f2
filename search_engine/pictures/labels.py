"""Labels in a text: a table with columns, or JSON, that names files and their classes."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from search_engine.pictures.entries import Entry
from search_engine.pictures.sorting import suffix_of
from search_engine.spec.errors import DatasetError


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FILE_COLUMNS = _words(
    "file filename file_name image image_id img path filepath file_path image_path image_name"
    " imagename img_name id id_code name picture photo"
)
LABEL_COLUMNS = _words(
    "label labels class class_name classname label_name category category_name target species"
    " breed tag y diagnosis type variety gt ground_truth"
)
PART_COLUMNS = _words("split set subset partition part data_set dataset")
"""Usual names of columns, in small letters."""
_SEEN_ROWS = 2000
_MOST_CLASSES = 0.5
"""Of the rows: a column with more different values names no classes."""

Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of a text, and which columns say what.

    Args:
        file_column: the one that names pictures here.
        label_columns: those that look like classes, the likeliest first.
        others: the other columns.
        sure: the first of `label_columns` is what the file means.
        part_column: which part each picture is in; empty where none says so.
    """

    rows: tuple[Row, ...]
    file_column: str
    label_columns: tuple[str, ...]
    others: tuple[str, ...]
    sure: bool
    part_column: str = ""


class Finder:
    """Finds pictures by what a table calls them: path, end of a path, or name without its end."""

    def __init__(self, paths: Iterable[tuple[str, ...]]) -> None:
        self._by_end: dict[str, list[tuple[str, ...]]] = {}
        for path in paths:
            lowered = [part.casefold() for part in path]
            bare = [*lowered[:-1], PurePosixPath(lowered[-1]).stem]
            for names in (lowered, bare):
                for start in range(len(names)):
                    ends = self._by_end.setdefault("/".join(names[start:]), [])
                    if not ends or ends[-1] != path:
                        ends.append(path)

    def find(self, value: str, folder: tuple[str, ...] = ()) -> tuple[str, ...] | None:
        """The one picture that is meant, seen from a folder; None where there is none, or several.

        The rows of `train.csv` mean the pictures of `train`, where both have the same names.
        """
        wanted = "/".join(
            part for part in value.strip().replace("\\", "/").casefold().split("/") if part != "."
        ).strip("/")
        if not wanted:
            return None
        inside = "/".join([part.casefold() for part in folder] + [wanted])
        for name in (inside, wanted):
            found = self._by_end.get(name, [])
            if len(found) == 1:
                return found[0]
            exact = [path for path in found if "/".join(path).casefold() == name]
            if len(exact) == 1:
                return exact[0]
        return None


def read_table(entry: Entry, finder: Finder) -> Table | None:
    """A text as a table, where one of its columns names pictures; None for any other text."""
    try:
        text = _text(entry.read())
    except DatasetError:
        return None
    suffix = suffix_of(entry)
    rows = _json_rows(text, suffix) if "json" in suffix else _csv_rows(text)
    if not rows:
        return None
    files = _file_columns(rows, finder, entry.parts[:-1])
    if not files:
        return None
    rows, is_one_hot = _without_one_hot(rows, set(files))
    named = [column for column in rows[0] if column not in files]
    part_column = next((c for c in named if c.strip().casefold() in PART_COLUMNS), "")
    named = [column for column in named if column != part_column]
    labels = _label_columns(rows, named)
    usual = [column for column in labels if column.strip().casefold() in LABEL_COLUMNS]
    return Table(
        rows=tuple(rows),
        file_column=files[0],
        label_columns=tuple(labels),
        others=tuple(column for column in named if column not in labels),
        sure=is_one_hot or len(labels) == 1 or len(usual) == 1,
        part_column=part_column,
    )


def _text(content: bytes) -> str:
    for encoding in ("utf-8-sig", "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ""):
        if encoding:
            try:
                return content.decode(encoding)
            except UnicodeDecodeError:
                continue
    return content.decode("cp1252", "replace")


def _json_rows(text: str, suffix: str) -> list[Row]:
    """Rows of JSON lines, of an array of objects, or of one object from files to classes."""
    try:
        if suffix == ".json":
            document = json.loads(text)
            if isinstance(document, dict) and all(
                isinstance(value, str | int) for value in document.values()
            ):
                document = [{"file": key, "label": value} for key, value in document.items()]
            found = document if isinstance(document, list) else []
        else:
            found = [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError):
        return []
    if not all(isinstance(row, dict) for row in found):
        return []
    columns = list(dict.fromkeys(str(key) for row in found for key in row))
    return [
        {c: str(row[c]) if isinstance(row.get(c), str | int | float) else "" for c in columns}
        for row in found
    ]


def _csv_rows(text: str) -> list[Row]:
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return []
    counts = {mark: lines[0].count(mark) for mark in (",", ";", "\t", "|")}
    mark = max(counts, key=counts.__getitem__)
    if not counts[mark]:
        mark = " "
    try:
        cells = list(csv.reader(io.StringIO("\n".join(lines)), delimiter=mark))
    except csv.Error:
        return []
    width = len(cells[0])
    if width < 2:
        return []
    usual = {*FILE_COLUMNS, *LABEL_COLUMNS, *PART_COLUMNS}
    has_header = any(cell.strip().casefold() in usual for cell in cells[0]) or not any(
        PurePosixPath(cell).suffix for cell in cells[0]
    )
    names = (
        [cell.strip() or f"column {n}" for n, cell in enumerate(cells[0], start=1)]
        if has_header
        else [f"column {n}" for n in range(1, width + 1)]
    )
    return [dict(zip(names, row, strict=False)) for row in cells[has_header:] if len(row) >= 2]


def _file_columns(rows: Sequence[Row], finder: Finder, folder: tuple[str, ...]) -> list[str]:
    """Columns whose values name pictures here, the one with most of them first."""
    seen = rows[:_SEEN_ROWS]
    found: Counter[str] = Counter()
    for row in seen:
        for column, value in row.items():
            found[column] += finder.find(value, folder) is not None
    usual = {name: rank for rank, name in enumerate(FILE_COLUMNS)}
    columns = [column for column, count in found.items() if count * 2 >= len(seen)]
    return sorted(columns, key=lambda c: (-found[c], usual.get(c.strip().casefold(), len(usual))))


def _label_columns(rows: Sequence[Row], columns: Sequence[str]) -> list[str]:
    """Columns that may name classes, those with a usual name first."""
    usual = {name: rank for rank, name in enumerate(LABEL_COLUMNS)}

    def is_one(column: str) -> bool:
        values = {row.get(column, "").strip() for row in rows} - {""}
        named = column.strip().casefold() in usual
        return bool(values) and (named or len(values) <= max(2, len(rows) * _MOST_CLASSES))

    found = [column for column in columns if is_one(column)]
    return sorted(found, key=lambda column: usual.get(column.strip().casefold(), len(usual)))


def _without_one_hot(rows: list[Row], apart: set[str]) -> tuple[list[Row], bool]:
    """Columns of zeros and a single one in each row, as the one column `class`."""
    columns = [c for c in rows[0] if c not in apart and c.strip().casefold() not in PART_COLUMNS]
    if len(columns) < 2:
        return rows, False
    made: list[Row] = []
    for row in rows:
        values = [row.get(column, "").strip() for column in columns]
        ones = [c for c, value in zip(columns, values, strict=True) if value in ("1", "1.0")]
        if len(ones) != 1 or any(value not in ("0", "0.0", "1", "1.0") for value in values):
            return rows, False
        made.append(
            {**{c: v for c, v in row.items() if c not in columns}, "class": ones[0].strip()}
        )
    return made, True
