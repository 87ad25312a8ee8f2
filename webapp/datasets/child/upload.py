"""An archive that somebody uploaded: surveyed, and read where nothing is to be asked or shown."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from search_engine.data import Dataset, Limits
from search_engine.data.folder import keep
from search_engine.pictures.findings import Findings
from search_engine.pictures.survey import Survey, Tell, surveyed
from search_engine.spec.errors import DatasetError
from search_engine.spec.pictures import USABLE, Answers, Report
from search_engine.spec.pictures_text import note_text
from webapp.datasets.child.facts import Flaw
from webapp.datasets.child.previews import write_fault_pictures, write_fits

Begin = Callable[[str, float, float], None]
"""Hears that a part has begun: what it does, at which share of the whole, how much of it."""

_COPIES = {"equal_copies", "near_copies", "conflicting_copies"}
LOOK_AT = _COPIES | {"class_only_in_test", "class_only_in_validation"}
"""Codes of notes that mean a choice: copies can be left out, classes may have been misnamed."""
_WORTH_FIXING = _COPIES | {"few_pictures", "unbalanced"}


def read_upload(
    request: Mapping[str, Any], begin: Begin, tell: Tell
) -> tuple[Report, Dataset | None]:
    """What is in the archive, and what is known of its images, which are written into the folder
    one by one; or pictures for its owner to look at first.

    Args:
        request: as `worker.reading_request` makes it.
        begin: hears of each part.
        tell: hears how much of a part is done.
    """
    path, folder = Path(request["path"]), Path(request["folder"])
    limits = Limits(files=request["limit_files"], total_bytes=request["limit_bytes"])
    answers, name = Answers.from_json(request["answers"]), str(request["shown_name"])
    begin("Looking at the images", 0.05, 0.4)
    try:
        with surveyed(path, answers, limits=limits, shown_as=name, tell=tell) as survey:
            report = survey.report
            if report.status == USABLE and not must_wait(report, request["look"]):
                begin("Reading images", 0.45, 0.45)
                return report, keep(survey, folder, name=name, tell=tell)
            begin("Drawing samples", 0.5, 0.4)
            _draw(folder, survey, tell)
    except DatasetError as error:
        return refused(error), None
    begin("Drawing samples", 0.9, 0.1)
    write_fault_pictures(folder, path, report.faults, limits)
    return report, None


def _draw(folder: Path, survey: Survey, tell: Tell) -> None:
    if survey.report.image is not None:
        write_fits(folder, survey, survey.report.image, tell)


def must_wait(report: Report, look: str) -> bool:
    """Whether the owner is to see what was read before it is prepared.

    Args:
        look: `always`, `never`, or `needed`: where a size or another choice is to be made.
    """
    chooses = report.image is not None and not report.image.chosen
    noted = any(note.code in LOOK_AT for note in report.notes)
    return look == "always" or (look == "needed" and (chooses or noted))


def refused(error: DatasetError) -> Report:
    """What cannot be opened, as a report."""
    findings = Findings()
    findings.refuse(error.code, error.place, error.reason)
    return Report(faults=tuple(findings.refusals))


def warnings_of(report: Report) -> list[Flaw]:
    """What does not forbid training, but is worth fixing."""
    found = [note for note in report.notes if note.code in _WORTH_FIXING]
    return [Flaw(code=note.code, message=note_text(note)) for note in found]
