"""Where pictures lie: outer folders, training, validation and test, and the folders of classes."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from search_engine.pictures.entries import Entry
from search_engine.pictures.findings import Findings
from search_engine.spec.order import natural_order
from search_engine.spec.pictures import Answers, ClassFrom, PartsAre

TRAIN, VALIDATION, TEST, APART = "train", "validation", "test", ""
_WORDS = {
    **dict.fromkeys(("train", "training", "trainset", "trn"), TRAIN),
    **dict.fromkeys(("val", "valid", "validation", "validate", "valset", "dev"), VALIDATION),
    **dict.fromkeys(("test", "testing", "testset", "tst", "holdout"), TEST),
}
_LEAST_OF_A_NAME = 2
"""Pictures that must share the beginning of their names, for it to be a class."""


@dataclass(frozen=True, slots=True)
class Located:
    """A picture and where it lies.

    Args:
        path: its path from the top, in the code page that was chosen.
        part: train, validation or test; empty where it lies beside them.
        folders: the folders below its part.
        label: its class; empty where nothing says so.
    """

    entry: Entry
    path: tuple[str, ...]
    part: str = TRAIN
    folders: tuple[str, ...] = ()
    label: str = ""

    @property
    def name(self) -> str:
        """Its path as text."""
        return "/".join(self.path)


def locate(pictures: Sequence[tuple[Entry, tuple[str, ...]]]) -> list[Located]:
    """Take off outer folders, and find the parts of the set."""
    found = [Located(entry, path, folders=path[:-1]) for entry, path in pictures]
    found = _with_parts(_unwrapped(found))
    made = []
    for part in (TRAIN, VALIDATION, TEST, APART):
        made += _unwrapped([picture for picture in found if picture.part == part])
    order = {path: place for place, (_, path) in enumerate(pictures)}
    return sorted(_without_common_leaf(made), key=lambda picture: order[picture.path])


def part_of(name: str) -> str:
    """Which part a folder or a table is, by the words in its name; empty where none or several."""
    words = re.split(r"[^a-z]+", name.casefold())
    parts = {_WORDS[word] for word in words if word in _WORDS}
    return parts.pop() if len(parts) == 1 else ""


def _unwrapped(found: list[Located]) -> list[Located]:
    """Without folders in which all pictures lie, as long as folders are left below."""
    while found and len({picture.folders[:1] for picture in found}) == 1:
        if max(len(picture.folders) for picture in found) < 2:
            break
        found = [replace(picture, folders=picture.folders[1:]) for picture in found]
    return found


def _with_parts(found: list[Located]) -> list[Located]:
    tops = {picture.folders[0] for picture in found if picture.folders}
    parts = {top: part_of(top) for top in tops}
    named = {part for part in parts.values() if part}
    deep = any(len(p.folders) > 1 and parts[p.folders[0]] for p in found)
    if len(named) > 1 and (deep or all(_is_exact(top) for top in tops)):
        return [
            replace(p, part=parts[p.folders[0]], folders=p.folders[1:])
            if p.folders
            else replace(p, part=APART)
            for p in found
        ]
    seconds = {p.folders[1] if len(p.folders) > 1 else "" for p in found}
    if len({part_of(name) for name in seconds}) > 1 and all(map(_is_exact, seconds)):
        return [
            replace(p, part=part_of(p.folders[1]), folders=p.folders[:1] + p.folders[2:])
            for p in found
        ]
    return found


def _is_exact(name: str) -> bool:
    return name.strip().casefold() in _WORDS


def _without_common_leaf(found: list[Located]) -> list[Located]:
    """Without a last folder that has the same name everywhere, such as `cat/images/1.jpg`."""
    labelled = [p for p in found if p.folders and p.part]
    leaves = {p.folders[-1] for p in labelled}
    above = {p.folders[:-1] for p in labelled}
    if len(leaves) != 1 or len(above) < 2 or () in above:
        return found
    return [replace(p, folders=p.folders[:-1]) if p.folders and p.part else p for p in found]


def leave_out_unplaced(found: list[Located], findings: Findings) -> list[Located]:
    """Without what lies beside the parts, or beside the class folders of its part; all noted."""
    apart = [p for p in found if not p.part]
    findings.note("other_folders", (p.name for p in apart if p.folders))
    loose = [p for p in apart if not p.folders]
    kept: list[Located] = []
    for part in (TRAIN, VALIDATION, TEST):
        inside = [p for p in found if p.part == part]
        unplaced = [p for p in inside if not p.folders]
        if len(unplaced) == len(inside) and part != TRAIN:
            findings.note(f"unlabelled_{part}", (p.name for p in unplaced))
        else:
            loose += unplaced
        kept += [p for p in inside if p.folders]
    findings.note("loose_pictures", (p.name for p in loose))
    return kept


def label_by_folders(found: list[Located], answers: Answers, findings: Findings) -> list[Located]:
    """Give each picture the class that its folders name; asked where folders lie in folders."""
    ways = {
        ClassFrom.FOLDER: lambda folders: folders[-1],
        ClassFrom.TOP: lambda folders: folders[0],
        ClassFrom.PATH: "/".join,
    }
    way = answers.class_from if answers.class_from in ways else None
    if way is None and any(len(p.folders) > 1 for p in found):
        options = {w.value: in_order(names(p.folders) for p in found) for w, names in ways.items()}
        useful = {w: names for w, names in options.items() if len(names) > 1}
        if len(useful) > 1:
            findings.ask("class_from", useful)
        way = ClassFrom(next(iter(useful), ClassFrom.FOLDER))
    label = ways[way or ClassFrom.FOLDER]
    return [replace(p, label=label(p.folders)) for p in found]


def are_flat(found: Sequence[Located]) -> bool:
    """Whether no picture to learn from lies in a class folder of its part, or all in one."""
    return len({p.folders for p in found if p.part in (TRAIN, "")}) < 2


def label_by_names(found: Sequence[Located]) -> list[Located]:
    """Give each picture the class that its file's name begins with; none where they do not."""
    made = [replace(p, label=_beginning(p.path[-1])) for p in found if p.part == TRAIN]
    counts: dict[str, int] = {}
    for picture in made:
        counts[picture.label] = counts.get(picture.label, 0) + 1
    if len(counts) < 2 or "" in counts or min(counts.values()) < _LEAST_OF_A_NAME:
        return []
    known = [
        replace(p, label=_beginning(p.path[-1]))
        for p in found
        if p.part != TRAIN and _beginning(p.path[-1]) in counts
    ]
    return made + known


def _beginning(name: str) -> str:
    return re.split(r"[\d(]", PurePosixPath(name).stem)[0].strip(" ._-")


def ask_about_parts(found: Sequence[Located], answers: Answers, findings: Findings) -> bool:
    """Ask whether folders called train and test without classes inside are classes.

    Returns:
        They are.
    """
    tops = in_order({p.path[-2] for p in found if p.part and len(p.path) > 1})
    if answers.parts is None:
        findings.ask("parts", {PartsAre.PARTS: (), PartsAre.CLASSES: tops})
    return answers.parts == PartsAre.CLASSES


def in_order(names: Iterable[str]) -> list[str]:
    """Different names, numbers within them as numbers."""
    return sorted(set(names), key=natural_order)
