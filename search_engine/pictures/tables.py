"""Classes from tables of labels: which tables hold, and what each picture is called by them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from search_engine.pictures.entries import Entry
from search_engine.pictures.findings import Findings
from search_engine.pictures.labels import Finder, Table, read_table
from search_engine.pictures.layout import TRAIN, Located, in_order, part_of
from search_engine.spec.pictures import Answers

FOLDERS = "folders"
"""The answer that folders name the classes, not a table."""
_COVERED = 0.5
"""Share of the pictures: a table that names fewer is not compared with folders."""

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Labelled:
    """What tables say of pictures.

    Args:
        labels: class and part of each picture by its path; the part is empty where none is said.
        missing: what they name that is not there.
        used: paths of the tables.
    """

    labels: Mapping[Path, tuple[str, str]]
    missing: tuple[str, ...]
    used: tuple[str, ...]


def readable_tables(entries: Sequence[Entry], found: Sequence[Located]) -> dict[str, Table]:
    """Tables that name pictures and something about them, by their paths."""
    if not entries:
        return {}
    finder = Finder(picture.path for picture in found)
    tables = {}
    for entry in entries:
        if "submission" in entry.parts[-1].casefold():
            continue
        table = read_table(entry, finder)
        if table is not None and (table.label_columns or table.others):
            tables[entry.path] = table
    return tables


def labels_of(
    tables: Mapping[str, Table], found: Sequence[Located], answers: Answers, findings: Findings
) -> Labelled:
    """What the tables say; asked where the column of classes is not clear."""
    finder = Finder(picture.path for picture in found)
    several = len(tables) > 1
    labels: dict[Path, tuple[str, str]] = {}
    missing: list[str] = []
    for path, table in sorted(tables.items()):
        column = _label_column(table, answers, findings)
        folder = PurePosixPath(path).parts[:-1]
        part = part_of(PurePosixPath(path).stem) if several else ""
        for row in table.rows:
            value, label = row.get(table.file_column, "").strip(), row.get(column, "").strip()
            picture = _meant(finder, value, folder, part)
            if picture is None:
                missing += [value] if value else []
            elif label:
                said = part_of(row.get(table.part_column, "")) if table.part_column else part
                labels.setdefault(picture, (label, said))
    return Labelled(labels, tuple(missing), tuple(sorted(tables)))


def _meant(finder: Finder, value: str, folder: Path, part: str) -> Path | None:
    """The picture that a row means: beside the table, or in the folder of the table's part."""
    return finder.find(value, folder) or (finder.find(value, (*folder, part)) if part else None)


def _label_column(table: Table, answers: Answers, findings: Findings) -> str:
    columns = (*table.label_columns, *table.others)
    if answers.label_column in columns:
        return str(answers.label_column)
    if not table.sure and all(q.code != "label_column" for q in findings.questions):
        findings.ask(
            "label_column",
            {column: in_order(row.get(column, "") for row in table.rows) for column in columns},
        )
    return columns[0]


def label_by_tables(
    found: Sequence[Located], labelled: Labelled, findings: Findings
) -> list[Located]:
    """Give each picture the class that the tables say; those without one are left out, noted."""
    made, without = [], []
    for picture in found:
        label, part = labelled.labels.get(picture.path, ("", ""))
        if label:
            own = picture.part if picture.part != TRAIN else part or TRAIN
            made.append(replace(picture, label=label, part=own))
        else:
            without.append(picture)
    for part in ("validation", "test"):
        apart = [p for p in without if p.part == part]
        if apart and all(p.part != part for p in made):
            findings.note(f"unlabelled_{part}", (p.name for p in apart))
            without = [p for p in without if p.part != part]
    findings.note("no_label", (p.name for p in without))
    findings.note("no_picture", labelled.missing)
    return made


def tables_hold(
    tables: Mapping[str, Table],
    by_folders: Sequence[Located],
    answers: Answers,
    findings: Findings,
) -> Mapping[str, Table]:
    """The tables that name classes in place of folders: asked where both do, and differ."""
    if answers.labels == FOLDERS:
        return {}
    if answers.labels in tables:
        return {str(answers.labels): tables[str(answers.labels)]}
    by_path = {picture.path: picture.label for picture in by_folders}
    options = {}
    for path, table in tables.items():
        if not table.label_columns:
            continue
        said = labels_of({path: table}, by_folders, answers, Findings()).labels
        differ = any(label != by_path[picture] for picture, (label, _) in said.items())
        if differ and len(said) >= _COVERED * len(by_folders):
            options[path] = in_order(label for label, _ in said.values())
    if options:
        findings.ask("labels", {FOLDERS: in_order(by_path.values()), **options})
    return {}
