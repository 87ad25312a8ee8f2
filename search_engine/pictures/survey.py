"""The one reading of pictures: for the command line, for uploads, and for training from a folder.

with surveyed(Path("photos.zip"), Answers()) as survey:
    if survey.report.status == USABLE:
        dataset = survey.read()
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from search_engine.pictures.classes import classes_found
from search_engine.pictures.copies import groups_of_copies
from search_engine.pictures.entries import OF_THE_WHOLE, Entry, Limits, list_entries
from search_engine.pictures.findings import Findings
from search_engine.pictures.layout import TRAIN, Located
from search_engine.pictures.looking import Look, look_at
from search_engine.pictures.naming import labelled
from search_engine.pictures.sizes import image_found, is_tiny
from search_engine.pictures.sorting import Sorted, sort_entries, suffix_of
from search_engine.spec.errors import DatasetError
from search_engine.spec.pictures import (
    Answers,
    BrokenFiles,
    Copies,
    ImageFound,
    Rendering,
    Report,
)

Tell = Callable[[int, int], None]
"""Hears how many pictures have been looked at, and of how many."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found, and all that is needed to read it.

    Args:
        pictures: those that are used, in the archive's order.
        looks: what is known of each.
        groups: positions of copies, equal or nearly so.
        name: what to call the whole.
    """

    report: Report
    pictures: tuple[Located, ...]
    looks: tuple[Look, ...]
    groups: tuple[tuple[int, ...], ...]
    rendering: Rendering
    name: str


@contextmanager
def surveyed(
    path: Path,
    answers: Answers | None = None,
    *,
    limits: Limits | None = None,
    shown_as: str = "",
    tell: Tell = lambda done, of: None,
) -> Iterator[Survey]:
    """Look at all pictures of a folder or archive; they can be read inside the `with`.

    Args:
        shown_as: what messages call it, in place of its path.

    Raises:
        DatasetError: there is nothing at the path, or it is unsafe, damaged or too large.
    """
    limits, answers = limits or Limits(), answers or Answers()
    with list_entries(path, limits, shown_as=shown_as) as entries:
        yield _survey(entries, answers, limits, shown_as or str(path), tell)


def report_on(
    path: Path,
    answers: Answers | None = None,
    *,
    limits: Limits | None = None,
    shown_as: str = "",
    tell: Tell = lambda done, of: None,
) -> Report:
    """What is in a folder or archive; one that cannot be opened is a fault in the report."""
    try:
        with surveyed(path, answers, limits=limits, shown_as=shown_as, tell=tell) as survey:
            return survey.report
    except DatasetError as error:
        findings = Findings()
        findings.refuse(error.code, error.place, error.reason)
        return Report(faults=tuple(findings.refusals))


def _survey(
    entries: Sequence[Entry], answers: Answers, limits: Limits, name: str, tell: Tell
) -> Survey:
    findings, files = Findings(), sort_entries(entries)
    looks = _looks(files.pictures, limits, findings, tell)
    readable = [entry for entry in files.pictures if not entry.fault and entry.parts in looks]
    pictures: list[Located] = []
    if readable:
        pictures = labelled(readable, files, answers, findings, name)
        if findings.faults and answers.broken_files is None:
            named = [fault.file for fault in findings.faults]
            findings.ask("broken_files", {BrokenFiles.LEAVE_OUT: named})
    else:
        _refuse(files, findings, name)
    pictures, groups = _without_copies(pictures, looks, answers, findings)
    chosen = [looks[picture.entry.parts] for picture in pictures]
    _note_looks(pictures, chosen, findings)
    image = _image(chosen or list(looks.values()), answers, findings)
    if image is not None and len(chosen) * image.bytes > limits.total_bytes:
        reason = f"decodes to more than {limits.total_bytes} bytes"
        findings.refuse("images_too_large", name, reason)
    return Survey(
        report=_report(pictures, image, answers, findings),
        pictures=tuple(pictures),
        looks=tuple(chosen),
        groups=groups,
        rendering=_rendering(chosen, answers),
        name=name,
    )


def _looks(
    pictures: Sequence[Entry], limits: Limits, findings: Findings, tell: Tell
) -> dict[tuple[str, ...], Look]:
    """A look at each picture that can be read; the others are faults."""
    looks = {}
    for done, entry in enumerate(pictures):
        tell(done, len(pictures))
        try:
            looks[entry.parts] = look_at(entry, limits)
        except DatasetError as error:
            findings.broken(error.code, entry.path, error.reason)
    return looks


def _refuse(files: Sorted, findings: Findings, name: str) -> None:
    """No picture can be read: there is none, or all have the same fault, or each its own."""
    codes = {fault.code for fault in findings.faults}
    if not files.pictures:
        inside = next((e.path for e in files.others if suffix_of(e) in (".zip", ".tar")), "")
        reason = f"expected images in class folders, found none among {len(files.others)} files"
        more = f"; unpack {inside} first" if inside else ""
        findings.refuse("no_images", name, reason + more)
    elif len(codes) == 1 and codes <= OF_THE_WHOLE.keys():
        code = codes.pop()
        findings.faults.clear()
        findings.refuse(code, name, OF_THE_WHOLE[code])
    else:
        first = findings.faults[0]
        many = f"none of its {len(files.pictures)} images can be read, such as {first.file}"
        findings.refuse("no_images", name, f"{many}: {first.text}")


def _without_copies(
    pictures: list[Located],
    looks: Mapping[tuple[str, ...], Look],
    answers: Answers,
    findings: Findings,
) -> tuple[list[Located], tuple[tuple[int, ...], ...]]:
    """Note copies, and leave them out where so answered; the groups of those that stay."""
    equal, near = groups_of_copies([looks[p.entry.parts] for p in pictures])
    torn = [g for g in near if len({pictures[place].label for place in g}) > 1]
    findings.note("equal_copies", (pictures[place].name for g in equal for place in g[1:]))
    known = {place for group in equal for place in group[1:]}
    others = [place for group in near for place in group[1:] if place not in known]
    findings.note("near_copies", (pictures[place].name for place in others))
    apart = [g for g in near if len({pictures[place].part for place in g}) > 1]
    findings.note(
        "copies_across_parts",
        (pictures[p].name for g in apart for p in g if pictures[p].part != TRAIN),
    )
    findings.note("conflicting_copies", (pictures[place].name for g in torn for place in g))
    groups = {Copies.LEAVE_OUT_EQUAL: equal, Copies.LEAVE_OUT_NEAR: near}.get(answers.copies, [])
    out = {place for group in groups for place in group[1:]}
    if not out:
        return pictures, tuple(map(tuple, near))
    findings.note("copies_left_out", (pictures[place].name for place in sorted(out)))
    left = [place for place in range(len(pictures)) if place not in out]
    moved = {place: new for new, place in enumerate(left)}
    kept = [tuple(moved[place] for place in group if place in moved) for group in near]
    return [pictures[place] for place in left], tuple(g for g in kept if len(g) > 1)


def _note_looks(pictures: Sequence[Located], looks: Sequence[Look], findings: Findings) -> None:
    def names(holds: Callable[[Look], bool]) -> list[str]:
        pairs = zip(pictures, looks, strict=True)
        return [picture.name for picture, look in pairs if holds(look)]

    findings.note("rotated", names(lambda look: look.rotated))
    findings.note("several_frames", names(lambda look: look.frames))
    findings.note("transparent", names(lambda look: look.transparent))
    findings.note("sixteen_bit", names(lambda look: look.levels is not None))
    findings.note("wrong_extension", names(lambda look: look.misnamed))
    findings.note("tiny_pictures", names(lambda look: is_tiny(look.size)))
    grey = names(lambda look: not look.has_colour)
    if len(grey) == len(looks):
        findings.note("grey_in_colour", names(lambda look: not look.is_grey))
    else:
        findings.note("mixed_colours", grey)
    sizes = [f"{size[1]}x{size[0]}" for size in dict.fromkeys(look.size for look in looks)]
    findings.note("mixed_sizes", sizes if len(sizes) > 1 else ())


def _image(looks: Sequence[Look], answers: Answers, findings: Findings) -> ImageFound | None:
    if not looks or findings.refusals:
        return None
    channels = 3 if any(look.has_colour for look in looks) else 1
    return image_found([look.size for look in looks], channels, answers.size)


def _rendering(looks: Sequence[Look], answers: Answers) -> Rendering:
    levels = [look.levels for look in looks if look.levels is not None]
    lowest, highest = ([level[end] for level in levels] for end in (0, 1))
    scale = {"levels": (min(lowest), max(highest))} if levels else {}
    return Rendering(fit=answers.fit, ground=answers.ground, **scale)


def _report(
    pictures: Sequence[Located], image: ImageFound | None, answers: Answers, findings: Findings
) -> Report:
    faults = findings.faults
    if answers.broken_files == BrokenFiles.LEAVE_OUT:
        findings.note("broken_left_out", (fault.file for fault in faults))
        faults = []
    return Report(
        classes=classes_found(pictures) if not findings.refusals else (),
        image=image,
        notes=tuple(findings.notes),
        faults=(*findings.refusals, *faults),
        questions=() if findings.refusals else tuple(findings.questions),
    )
