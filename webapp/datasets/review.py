"""What was read of an upload, as its owner looks at it: classes, questions, faults, samples."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from search_engine.spec.pictures import (
    CANNOT_BE_USED,
    USABLE,
    Answers,
    ClassFound,
    Copies,
    Fit,
    ImageFound,
    Question,
    Report,
)
from search_engine.spec.pictures_text import note_text, option_text, question_text
from webapp.datasets.answers import of_upload, questions
from webapp.datasets.files import fault_name, fit_name
from webapp.datasets.models import Dataset
from webapp.storage import folders

FAULTS_SHOWN = 200
CLASSES_PER_PAGE = 100
_GIVES = 6
_COPIES = {
    Copies.KEEP: "Keep them",
    Copies.LEAVE_OUT_EQUAL: "Leave out equal ones",
    Copies.LEAVE_OUT_NEAR: "Leave out nearly equal ones, too",
}
_FITS = {
    Fit.STRETCH: "Stretch: the whole picture, out of proportion",
    Fit.CROP: "Crop: the middle, in proportion",
    Fit.PAD: "Pad: the whole picture, in proportion, with ground around it",
}


@dataclass(frozen=True, slots=True)
class FoundClass:
    """A class as it was found, and what becomes of it.

    Args:
        place: among all that were found.
        name: as found.
        shown: the name that it shall have.
        index: its label's number; None where it is left out.
        merged: whether another class has that name, too.
    """

    place: int
    name: str
    shown: str
    index: int | None
    merged: bool
    left_out: bool
    train: int
    validation: int
    test: int

    @property
    def was(self) -> str:
        """What became of it, such as `merged, was Oak`; empty where it stays as it was found."""
        renamed = f"was {self.name}" if self.shown != self.name else ""
        return ", ".join(filter(None, ("merged" if self.merged else "", renamed)))


@dataclass(frozen=True, slots=True)
class Option:
    """An answer with its sentence, and the first things that it gives."""

    answer: str
    text: str
    gives: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """A question; one that has an answer may still be answered otherwise."""

    code: str
    text: str
    options: tuple[Option, ...]
    is_open: bool


@dataclass(frozen=True, slots=True)
class SeenFault:
    """A fault, and the file of what can be seen of the picture; empty where nothing can."""

    file: str
    text: str
    picture: str


@dataclass(frozen=True, slots=True)
class Review:
    """All that a page shows of a report, with the answers so far.

    Args:
        shown: names of the files that show something of the upload.
    """

    dataset: Dataset
    report: Report
    answers: Answers
    shown: frozenset[str]

    @property
    def is_usable(self) -> bool:
        """Whether nothing must be answered first."""
        return self.report.status == USABLE

    @property
    def is_answerable(self) -> bool:
        """Whether other answers may lead to another end."""
        return self.report.status != CANNOT_BE_USED

    @property
    def only_broken_files(self) -> bool:
        """Whether all that is asked is whether to go on without broken files."""
        return [question.code for question in self.report.questions] == ["broken_files"]

    @property
    def pictures(self) -> int:
        return sum(c.train + c.validation + c.test for c in self.report.classes)

    @property
    def image(self) -> ImageFound | None:
        return self.report.image

    @property
    def sizes(self) -> str:
        """The commonest sizes, such as `640 × 480 (12), 480 × 640 (3) and 5 others`."""
        found = self.report.image.sizes if self.report.image else ()
        named = ", ".join(f"{size.width} × {size.height} ({size.count:,})" for size in found[:4])
        return named + (f" and {len(found) - 4:,} others" if len(found) > 4 else "")

    @property
    def notes(self) -> list[str]:
        return [note_text(note) for note in self.report.notes]

    @property
    def fault_count(self) -> int:
        return len(self.report.faults)

    @property
    def faults(self) -> list[SeenFault]:
        """The first faults; where there are more, `more_faults` says how many."""
        names = [fault_name(place) for place in range(FAULTS_SHOWN)]
        return [
            SeenFault(fault.file, fault.text, name if name in self.shown else "")
            for name, fault in zip(names, self.report.faults, strict=False)
        ]

    @property
    def more_faults(self) -> int:
        return max(0, len(self.report.faults) - FAULTS_SHOWN)

    @property
    def questions(self) -> list[Asked]:
        answered = self.answers.to_json()
        waiting = {question.code for question in self.report.questions}
        return [
            _asked(question, answered[question.code], question.code in waiting, self.fault_count)
            for question in questions(self.dataset.asked)
        ]

    @property
    def classes(self) -> list[FoundClass]:
        """All that were found, in natural order."""
        indexes = {n: i for i, n in enumerate(sorted(c.name for c in self.report.classes))}
        found = [ClassFound(**one) for one in self.dataset.classes_found]
        renamed, out = dict(self.answers.renamed), set(self.answers.left_out)
        shown = [renamed.get(one.name, one.name) for one in found]
        kept = Counter(n for one, n in zip(found, shown, strict=True) if one.name not in out)
        return [
            FoundClass(
                place=place,
                name=one.name,
                shown=name,
                index=None if one.name in out else indexes.get(name),
                merged=one.name not in out and kept[name] > 1,
                left_out=one.name in out,
                train=one.train,
                validation=one.validation,
                test=one.test,
            )
            for place, (one, name) in enumerate(zip(found, shown, strict=True))
        ]

    @property
    def has_parts(self) -> bool:
        """Whether validation or test pictures were given."""
        return any(one["validation"] or one["test"] for one in self.dataset.classes_found)

    @property
    def copies(self) -> list[Option]:
        """What may become of copies, where there are any."""
        codes = {note.code for note in self.report.notes}
        if not codes & {"equal_copies", "near_copies", "copies_left_out"}:
            return []
        return [Option(c, text, "", self.answers.copies == c) for c, text in _COPIES.items()]

    @property
    def fits(self) -> list[Option]:
        """Ways to the size, those of which there are samples; `gives` is the file with them."""
        return [
            Option(fit, text, fit_name(fit), self.answers.fit == fit)
            for fit, text in _FITS.items()
            if fit_name(fit) in self.shown
        ]


def review_of(dataset: Dataset) -> Review | None:
    """What was read of an upload; None where nothing was."""
    if not dataset.report:
        return None
    answers = Answers.from_json(of_upload(dataset))
    pictures = frozenset(folders.names_in(dataset.surveyed) if dataset.surveyed else ())
    return Review(dataset, Report.from_json(dataset.report), answers, pictures)


def _asked(question: Question, chosen: Any, is_open: bool, faults: int) -> Asked:
    options = tuple(
        Option(
            answer,
            _option_text(question.code, answer, faults),
            ", ".join(gives[:_GIVES]) + (", …" if len(gives) > _GIVES else ""),
            answer == chosen,
        )
        for answer, gives in question.options.items()
    )
    return Asked(question.code, question_text(question), options, is_open)


def _option_text(code: str, answer: str, faults: int) -> str:
    if code == "broken_files" and faults:
        return f"Go on without {'this one' if faults == 1 else f'these {faults:,}'}"
    return option_text(code, answer)
