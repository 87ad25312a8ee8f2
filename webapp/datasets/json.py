"""Data sets as JSON: one shape for pages and API."""

from typing import Any, TypedDict

from django.urls import reverse

from search_engine.spec.pictures import Fault, Note, Question, Report
from search_engine.spec.pictures_text import note_text, option_text, question_text
from webapp.api.shapes import filled
from webapp.datasets.answers import of_upload, questions
from webapp.datasets.models import Dataset
from webapp.datasets.selectors import ClassRow


class FlawJSON(TypedDict):
    """A fault of the images that does not forbid training."""

    code: str
    message: str


class ProgressJSON(TypedDict):
    """How far a preparation is; `state` is null where a published one is not on this server."""

    state: str | None
    progress: float
    progress_note: str
    failure: str


class DatasetJSON(ProgressJSON):
    """A data set."""

    id: int
    name: str
    engine_name: str
    owner: str | None
    built_in: bool
    warnings: list[FlawJSON]
    on_disk: bool
    downloadable: bool
    image_channels: int
    image_height: int
    image_width: int
    image_count: int
    test_count: int
    classes: int
    class_names: list[str]
    class_counts: list[int]
    size_bytes: int
    file_name: str
    sha256: str
    resize_pixels: int | None
    licence: str
    source: str
    created_at: str
    prepared_at: str | None


class ClassFoundJSON(TypedDict):
    """A class with its index, and how many pictures of it were given for each purpose."""

    index: int
    name: str
    train: int
    validation: int
    test: int


class NoteJSON(TypedDict):
    """Something that nobody need do anything about; `files` are the first of them."""

    code: str
    count: int
    files: list[str]
    text: str


class FaultJSON(TypedDict):
    """A file that cannot be read, or why the whole cannot be used."""

    code: str
    file: str
    text: str


class OptionJSON(TypedDict):
    """An answer, its sentence, and names of classes or files that it gives."""

    answer: str
    text: str
    gives: list[str]


class QuestionJSON(TypedDict):
    """What is asked; `code` is the answer's name. Answered ones may be answered otherwise."""

    code: str
    text: str
    answered: bool
    options: list[OptionJSON]


class ReportJSON(TypedDict):
    """What was read of an upload, and the answers so far; empty until it has been looked at."""

    state: str | None
    failure: str
    look: str
    answers: dict[str, Any]
    classes: list[ClassFoundJSON]
    classes_found: list[str]
    image: dict[str, Any] | None
    notes: list[NoteJSON]
    faults: list[FaultJSON]
    questions: list[QuestionJSON]


class SamplesJSON(TypedDict):
    """Where the sample pictures of a class are."""

    index: int
    name: str
    count: int
    url: str


def progress_json(dataset: Dataset) -> ProgressJSON:
    return {
        "state": dataset.state or None,
        "progress": dataset.share_done,
        "progress_note": dataset.progress_note,
        "failure": dataset.failure,
    }


def dataset_json(dataset: Dataset) -> DatasetJSON:
    return filled(
        DatasetJSON,
        dataset,
        owner=dataset.owner.get_username() if dataset.owner else None,
        built_in=dataset.is_built_in,
        **progress_json(dataset),
    )


def samples_json(dataset: Dataset, row: ClassRow) -> SamplesJSON:
    return {
        "index": row.index,
        "name": row.name,
        "count": row.count,
        "url": reverse("api-dataset-samples-png", args=[dataset.pk, row.index]),
    }


def report_json(dataset: Dataset) -> ReportJSON:
    report = Report.from_json(dataset.report or Report().to_json())
    indexes = {n: i for i, n in enumerate(sorted(found.name for found in report.classes))}
    waiting = {question.code for question in report.questions}
    return {
        "state": dataset.state or None,
        "failure": dataset.failure,
        "look": dataset.look,
        "answers": of_upload(dataset),
        "classes": [
            {
                "index": indexes[found.name],
                "name": found.name,
                "train": found.train,
                "validation": found.validation,
                "test": found.test,
            }
            for found in report.classes
        ],
        "classes_found": [found["name"] for found in dataset.classes_found],
        "image": report.to_json()["image"],
        "notes": [_note_json(note) for note in report.notes],
        "faults": [_fault_json(fault) for fault in report.faults],
        "questions": [_question_json(one, waiting) for one in questions(dataset.asked)],
    }


def _note_json(note: Note) -> NoteJSON:
    text = note_text(note)
    return {"code": note.code, "count": note.count, "files": list(note.files), "text": text}


def _fault_json(fault: Fault) -> FaultJSON:
    return {"code": fault.code, "file": fault.file, "text": fault.text}


def _question_json(question: Question, waiting: set[str]) -> QuestionJSON:
    return {
        "code": question.code,
        "text": question_text(question),
        "answered": question.code not in waiting,
        "options": [
            {"answer": answer, "text": option_text(question.code, answer), "gives": list(gives)}
            for answer, gives in question.options.items()
        ],
    }
