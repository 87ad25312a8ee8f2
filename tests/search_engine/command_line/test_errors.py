"""What `show` says of input that is at fault: one line, exit status 2, no traceback."""

import subprocess
import sys
from pathlib import Path

import pytest

from search_engine.command_line.main import main


def failure(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line that the command prints."""
    try:
        status: object = main(arguments)
    except SystemExit as end:
        status = end.code
    captured = capsys.readouterr()
    assert (status, captured.out) == (2, "")
    assert captured.err.startswith("error: ")
    assert captured.err.endswith("\n")
    assert len(captured.err.splitlines()) == 1
    assert len(captured.err) < 400
    return captured.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["draw"], "invalid choice: 'draw'"),
        (["show", "--depth", "3"], "unrecognized arguments: --depth 3"),
        (
            ["show", "--network", "resnet"],
            "argument --network: expected one of densenet, pyramidnet",
        ),
        (["show", "--order", "bn"], "argument --order: invalid choice: 'bn'"),
        (["show", "--growth", "x"], "argument --growth: invalid int value: 'x'"),
        (["show", "--growth", "0"], "growth: expected a whole number 1 to 1024, got 0"),
        (["show", "--growth", "9" * 40], "growth: expected a whole number 1 to 1024"),
        (["show", "--growth", "13"], "groups: the start cell does not fit: stage1_block1"),
        (["show", "--blocks", "99999999"], "blocks: expected a whole number 1 to 256"),
        (["show", "--blocks", "1,2"], "--blocks: densenet takes one number for all its stages"),
        (["show", "--blocks", "1,,2"], "--blocks: expected whole numbers with commas between"),
        (["show", "--network", "condensenet", "--blocks", "3"], "blocks: expected 1 to 8 stages"),
        (["show", "--alpha", "84"], "--alpha: densenet has no such setting"),
        (["show", "--channels", "8"], "--channels: densenet has no such setting"),
        (["show", "--network", "pyramidnet", "--growth", "8"], "--growth: pyramidnet has no such"),
        (["show", "--image", "3,32"], "expected channels,height,width, got '3,32'"),
        (["show", "--image", "3,32,x"], "expected whole numbers with commas between, got"),
        (["show", "--image", "3,30,32"], "image.height: densenet halves its feature maps"),
        (["show", "--image", "3,-32,32"], "image.height: expected a whole number 1 to 4096"),
        (["show", "--classes", "1"], "classes: expected a whole number 2 to 100,000, got 1"),
        (["show", "--cell", "tree-cell-c"], "cell: expected start, tree-cell-a, tree-cell-b, a"),
        (["show", "--cell", ""], "cell: expected start, tree-cell-a, tree-cell-b, a .json file"),
        (["show", "--cell", "x" * 9000], "got '" + "x" * 60 + "'"),
        (["show", "--cell", "add[G3x3]"], "column 1: expected at least 2 branches under add"),
        (["show", "--cell", "add[G3x3,\nfoo]"], "column 11: expected an operation"),
        (["show", "--cell", "[" * 100_000], "notation: expected at most 16384 characters"),
        (["show", "--cell", "[max3]"], "stage1_block1: root.branches[0]: max_pool_3x3 keeps width"),
        (["show", "--cell", "a\0b.json"], "embedded null byte"),
        (["show", "--cell", "no such\nfile.json"], "no such file.json: No such file or directory"),
    ],
    ids=range(30),
)
def test_input_at_fault_is_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert message in failure(capsys, *arguments)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "cell: not JSON at line 1, column 1"),
        (b"\x89PNG\r\n", "cell: not JSON: "),
        (b"[" * 100_000, "cell: the JSON is nested too deeply"),
        (b" " * 10_000_000, "cell: expected at most 262,144 bytes of JSON"),
        (b'{"version": 2, "root": {}}', "cell.version: expected 1, got 2"),
        (
            b'{"version": 1, "root": {"merge": "sum", "allocation": "replicate", "branches": []}}',
            "root.merge: expected one of none, add",
        ),
    ],
)
def test_a_file_at_fault_is_one_line(
    content: bytes, message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "cell.json"
    path.write_bytes(content)
    assert message in failure(capsys, "show", "--cell", str(path))


def test_a_folder_is_no_cell(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = tmp_path / "cells.json"
    folder.mkdir()
    assert "cells.json: Is a directory" in failure(capsys, "show", "--cell", str(folder))


def test_a_large_file_is_not_read_to_its_end(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "cell.json"
    with path.open("wb") as file:
        file.truncate(10**12)  # a hole: as large as one likes, and nothing on the disk
    assert "expected at most 262,144 bytes" in failure(capsys, "show", "--cell", str(path))


def test_the_process_ends_with_status_2_and_no_traceback() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "search_engine", "show", "--cell", "add[G3x3]"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: column 1: expected at least 2 branches under add, got 1\n"


@pytest.mark.parametrize("arguments", [["--help"], ["show", "--help"]])
def test_help_is_no_error(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 0
    assert "usage: python -m search_engine" in capsys.readouterr().out
