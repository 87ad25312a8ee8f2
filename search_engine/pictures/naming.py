"""From files to classes: each picture with its part and its class, asked where that is unclear."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from search_engine.pictures.classes import learnable, name_classes
from search_engine.pictures.entries import Entry
from search_engine.pictures.findings import Findings
from search_engine.pictures.labels import Table
from search_engine.pictures.layout import (
    Located,
    are_flat,
    ask_about_parts,
    in_order,
    label_by_folders,
    label_by_names,
    leave_out_unplaced,
    locate,
)
from search_engine.pictures.names import code_pages_of, with_code_page
from search_engine.pictures.sorting import Sorted
from search_engine.pictures.tables import (
    FOLDERS,
    label_by_tables,
    labels_of,
    readable_tables,
    tables_hold,
)
from search_engine.spec.pictures import Answers, ClassFrom


def labelled(
    pictures: Sequence[Entry], files: Sorted, answers: Answers, findings: Findings, whole: str
) -> list[Located]:
    """The pictures that are used, with part and class.

    Where something is asked and not yet answered, the likeliest answer is taken, to see further.

    Args:
        pictures: those that can be read.
        whole: what to call the set in faults.
    """
    page = _code_page(pictures, answers, findings)
    found = locate([(entry, with_code_page(entry, page)) for entry in pictures])
    used: tuple[str, ...] = ()
    tables = readable_tables(files.tables, found)
    if are_flat(found):
        named: Mapping[str, Table] = {} if answers.labels == FOLDERS else tables
        if answers.labels in tables:
            named = {str(answers.labels): tables[str(answers.labels)]}
        if named:
            said = labels_of(named, found, answers, findings)
            found, used = label_by_tables(found, said, findings), said.used
        else:
            found = _of_flat(found, answers, findings, whole)
    else:
        by_folders = label_by_folders(leave_out_unplaced(found, findings), answers, findings)
        named = tables_hold(tables, by_folders, answers, findings)
        if named:
            said = labels_of(named, found, answers, findings)
            found, used = label_by_tables(found, said, findings), said.used
        else:
            found = by_folders
    _note_others(files, used, findings)
    if findings.refusals:
        return []
    found = name_classes(found, answers, findings)
    return _learnable(found, answers, findings, whole)


def _code_page(pictures: Sequence[Entry], answers: Answers, findings: Findings) -> str:
    """In which code page names are read; asked where that changes the name of a folder."""
    unclear = {entry.raw for entry in pictures if entry.raw is not None}
    folders = {b"/".join(raw.replace(b"\\", b"/").split(b"/")[:-1]) for raw in unclear}
    asked = sorted(raw for raw in folders if not raw.isascii())
    if answers.code_page is not None:
        return answers.code_page
    pages = code_pages_of(asked or sorted(unclear))
    if asked and pages:
        findings.ask("code_page", pages)
    return next(iter(pages), "cp437")


def _of_flat(
    found: list[Located], answers: Answers, findings: Findings, whole: str
) -> list[Located]:
    """Classes of pictures that lie in no class folders, or all in one, and that no table names."""
    by_name = label_by_names(found)
    has_parts = len({p.part for p in found}) > 1
    tops = in_order({p.path[-2] for p in found if len(p.path) > 1})
    if by_name and answers.class_from != ClassFrom.FOLDER:
        options = {ClassFrom.NAME.value: in_order(p.label for p in by_name)}
        if has_parts:
            options[ClassFrom.FOLDER.value] = tops
        if answers.class_from is None:
            findings.ask("class_from", options)
        return by_name
    if has_parts and not any(p.folders for p in found):
        if answers.class_from == ClassFrom.FOLDER or ask_about_parts(found, answers, findings):
            return [replace(p, part="train", label=p.path[-2]) for p in found if len(p.path) > 1]
        if answers.parts is None:
            return []
    if any(p.folders for p in found):
        return label_by_folders(leave_out_unplaced(found, findings), answers, findings)
    reason = "nothing says which class its pictures are of: they lie in no class folders"
    findings.refuse("no_classes", whole, reason)
    return []


def _note_others(files: Sorted, used: Sequence[str], findings: Findings) -> None:
    others = [*files.others, *(entry for entry in files.tables if entry.path not in used)]
    findings.note("other_files", in_order(entry.path for entry in others))
    filled = {
        entry.parts[:depth]
        for entry in (*files.pictures, *files.tables, *files.others)
        for depth in range(1, len(entry.parts))
    }
    leaves = set(files.folders) - {f[:d] for f in files.folders for d in range(1, len(f))}
    findings.note("empty_classes", in_order("/".join(f) for f in leaves - filled))


def _learnable(
    found: list[Located], answers: Answers, findings: Findings, whole: str
) -> list[Located]:
    """What can be learned; while classes are asked about, nothing is refused for them."""
    if not findings.questions:
        return learnable(found, answers, findings, whole)
    if not found:
        return []
    apart = Findings()
    kept = learnable(found, answers, apart, whole)
    findings.notes += apart.notes
    findings.questions += apart.questions
    return kept if not apart.refusals else found
