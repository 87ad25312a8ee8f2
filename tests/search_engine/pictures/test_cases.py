"""Archives as people have them, through the command line: exit status and JSON."""

import json
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from search_engine.command_line.main import main
from search_engine.data import read_folder
from search_engine.spec.pictures import Answers, Report
from search_engine.spec.pictures_text import HINTS, note_text, option_text, question_text
from tests.search_engine.pictures.cases import CASES, FOLDER, Case


def dataset(
    capsys: pytest.CaptureFixture[str], path: Path, *options: str
) -> tuple[int, dict[str, Any]]:
    status = main(["dataset", str(path), "--json", *options])
    return status, json.loads(capsys.readouterr().out)


def test_every_case_is_in_the_table() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_a_case_gives_what_a_user_would_expect(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path, case = FOLDER / name, CASES[name]
    status, found = dataset(capsys, path)
    assert list(found) == ["classes", "image", "notes", "faults", "questions"]
    assert status == case.status
    counts = {c["name"]: (c["train"], c["validation"], c["test"]) for c in found["classes"]}
    assert counts == case.classes
    assert {note["code"]: note["count"] for note in found["notes"]} == case.notes
    faults = {fault["code"]: fault["file"] for fault in found["faults"]}
    assert faults == {code: file or str(path) for code, file in case.faults.items()}
    asked = {question["code"]: list(question["options"]) for question in found["questions"]}
    assert {code: asked[code][: len(case.questions.get(code, ()))] for code in asked} == (
        case.questions
    )
    assert_image(found["image"], case)
    assert_told(found)


def assert_image(image: dict[str, Any] | None, case: Case) -> None:
    if case.image is None:
        assert image is None
        return
    assert image is not None
    size = {"height": case.image[1], "width": case.image[2]}
    if case.sizes:
        assert list(image) == ["channels", "sizes", "suggested"]
        assert len(image["sizes"]) == case.sizes
        assert (image["channels"], image["suggested"]) == (case.image[0], size)
    else:
        assert image == {"channels": case.image[0], **size}


def assert_told(found: dict[str, Any]) -> None:
    """Everything has its sentence, and the JSON says all that the report does."""
    report = Report.from_json(found)
    assert report.to_json() == found
    for note in report.notes:
        assert note_text(note).endswith(".")
    for fault in report.faults:
        assert fault.text.endswith(HINTS[fault.code])
    for question in report.questions:
        assert question_text(question).endswith("?")
        assert all(option_text(question.code, answer) for answer in question.options)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.answers])
def test_an_answered_case_can_be_used(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    case = CASES[name]
    options = [f"--{code.replace('_', '-')}={answer}" for code, answer in case.answers.items()]
    status, found = dataset(capsys, FOLDER / name, *options)
    assert (status, found["faults"], found["questions"]) == (0, [], [])
    assert [each["name"] for each in found["classes"]] == list(case.classes)


@pytest.mark.parametrize(
    "name", [name for name, case in CASES.items() if case.status == 0 or case.answers]
)
def test_a_usable_case_is_read(name: str) -> None:
    case = CASES[name]
    assert case.image is not None
    made = read_folder(FOLDER / name, answers=Answers.from_json(case.answers))
    assert made.image_shape == case.image
    assert list(made.class_names) == sorted(case.classes)
    assert made.class_counts == tuple(sum(case.classes[name]) for name in made.class_names)
    assert len(made.validation) == sum(validation for _, validation, _ in case.classes.values())
    assert len(made.test) == sum(test for _, _, test in case.classes.values())


def test_a_folder_and_a_tar_are_read_like_a_zip(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = FOLDER / "a05_roboflow_train_valid_test.zip"
    expected = dataset(capsys, source)
    zipfile.ZipFile(source).extractall(tmp_path / "folder")
    with tarfile.open(tmp_path / "photos.tar", "w") as tar:
        tar.add(tmp_path / "folder", arcname="photos")
    assert dataset(capsys, tmp_path / "photos.tar")[1]["classes"] == expected[1]["classes"]
    assert dataset(capsys, tmp_path / "folder") == expected


def test_text_names_classes_with_their_index_and_what_to_answer(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["dataset", str(FOLDER / "a38_nested_classes.zip")]) == 3
    out = capsys.readouterr().out
    assert "   0  big: 6 train" in out
    assert "--class-from top: The first folder (cat, dog)" in out


def test_choices_change_what_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    path = FOLDER / "a27_one_image_a_class.zip"
    options = ["--small-classes=keep", "--rename=c0=first", "--rename=c1=first", "--leave-out=c4"]
    status, found = dataset(capsys, path, *options, "--size=24")
    assert status == 0
    assert [(each["name"], each["train"]) for each in found["classes"]] == [
        ("c2", 1),
        ("c3", 1),
        ("first", 2),
    ]
    assert found["image"] == {"channels": 3, "height": 24, "width": 24}


def test_answers_stand_in_a_file_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "answers.json"
    file.write_text('{"class_from": "path", "renamed": {"cat/big": "lion"}}')
    _, found = dataset(capsys, FOLDER / "a38_nested_classes.zip", f"--answers={file}")
    assert [each["name"] for each in found["classes"]] == [
        "cat/small",
        "dog/big",
        "dog/small",
        "lion",
    ]
    file.write_text('{"class_from": "colour"}')
    assert main(["dataset", str(FOLDER), f"--answers={file}"]) == 2
    assert "class_from" in capsys.readouterr().err
