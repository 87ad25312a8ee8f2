"""`dataset`: what is in a folder or archive of pictures, and what is to be answered first."""

import argparse
import json
from pathlib import Path

from search_engine.command_line.options import ANSWER_FLAGS, changed, given
from search_engine.pictures.survey import report_on
from search_engine.spec.declared import read
from search_engine.spec.errors import InvalidConfig
from search_engine.spec.pictures import USABLE, Answers, Report
from search_engine.spec.pictures_text import note_text, option_text, question_text

_SHOWN = 8


def show_dataset(arguments: argparse.Namespace) -> int:
    """Say what was read, as text or JSON.

    Returns:
        The exit status: 0 where it can be used as it is, 3 where a question must be answered first,
        2 where it cannot be used.

    Raises:
        InvalidConfig: an answer is none of the choices.
    """
    report = report_on(arguments.path, answers_of(arguments))
    if arguments.out is not None and report.status == USABLE:
        _prepare(arguments)
    if arguments.json:
        print(json.dumps(report.to_json(), indent=2, ensure_ascii=False))
    else:
        _print(report)
    return report.status


def _prepare(arguments: argparse.Namespace) -> None:
    """Store the images in a folder that `--data` of other commands takes."""
    from search_engine.data.folder import read_folder  # only who prepares waits for torch

    arguments.out.mkdir(parents=True, exist_ok=True)
    read_folder(arguments.path, answers=answers_of(arguments), keep_in=arguments.out)


def answers_of(arguments: argparse.Namespace) -> Answers:
    """The answers that the options give, on top of those in a file.

    Raises:
        InvalidConfig: the file is no JSON of answers, or a value is none of the choices.
    """
    answers = Answers()
    if arguments.answers is not None:
        answers = read(Answers, _json_of(arguments.answers), str(arguments.answers))
    settings = given(arguments, ANSWER_FLAGS)
    if arguments.rename:
        settings["renamed"] = dict(answers.renamed) | dict(map(_renaming, arguments.rename))
    if arguments.leave_out:
        settings["left_out"] = [*answers.left_out, *arguments.leave_out]
    if arguments.size is not None:
        settings["height"], settings["width"] = arguments.size
    return changed(answers, settings)


def _json_of(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidConfig("--answers", f"{path}: {error}") from None


def _renaming(text: str) -> tuple[str, str]:
    old, mark, new = text.partition("=")
    if not mark or not new.strip():
        raise InvalidConfig("--rename", f"expected OLD=NEW, got {text!r}")
    return old, new.strip()


def _print(report: Report) -> None:
    indexes = {name: i for i, name in enumerate(sorted(found.name for found in report.classes))}
    for found in report.classes:
        parts = ((n, getattr(found, n)) for n in ("train", "validation", "test"))
        counts = ", ".join(f"{count:,} {name}" for name, count in parts if count)
        print(f"{indexes[found.name]:>4}  {found.name}: {counts}")
    if report.image is not None:
        image = report.image
        kind = "grey" if image.channels == 1 else "colour"
        how = "" if image.chosen else ", suggested"
        print(f"{image.width} x {image.height} pixels{how}, {kind}")
    for note in report.notes:
        print(f"note: {note_text(note)}")
    for fault in report.faults:
        print(f"fault: {fault.file}: {fault.text}")
    for question in report.questions:
        flag = question.code.replace("_", "-")
        print(f"question: {question_text(question)}")
        for answer, gives in question.options.items():
            named = ", ".join(gives[:_SHOWN]) + (", …" if len(gives) > _SHOWN else "")
            shown = option_text(question.code, answer)
            print(f"  --{flag} {answer}: {shown}" + (f" ({named})" if named else ""))
