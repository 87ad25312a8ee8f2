"""`search`: run, record, report, stop with Ctrl-C, go on."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from search_engine.command_line.main import main

ROOT = Path(__file__).parents[3]


def search(*arguments: str | Path | int) -> int:
    """Run the subcommand on the CPU with children of one epoch."""
    return main(["search", "--device", "cpu", *map(str, arguments)])


def lines(folder: Path) -> list[dict[str, object]]:
    """The record of trials."""
    return [json.loads(line) for line in (folder / "trials.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished search of three trials."""
    folder = tmp_path_factory.mktemp("searches") / "digits"
    assert search("--preset", "digits-demo", "--trials", 3, "--epochs", 1, "--out", folder) == 0
    return folder


def test_a_search_leaves_record_report_and_checkpoints(finished: Path) -> None:
    assert [line["trial"] for line in lines(finished)] == [1, 2, 3]
    assert all(line["state"] == "completed" for line in lines(finished))
    report = (finished / "report.html").read_text(encoding="utf-8")
    assert (report.startswith("<!") and "Trial 3" in report) or "trial 3" in report
    assert len(list((finished / "trials").glob("*/weights.safetensors"))) == 3
    assert (finished / "start" / "checkpoint.json").exists()
    assert not (finished / "start_training").exists()


def test_a_finished_search_goes_on_with_a_larger_budget(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = lines(finished)
    assert search("--resume", finished, "--trials", 4) == 0
    assert lines(finished)[:3] == before
    assert len(lines(finished)) == 4
    assert "Best:" in capsys.readouterr().out


def test_a_folder_that_holds_a_search_is_not_overwritten(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert search("--out", finished) == 2
    assert f"--resume {finished}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "value"), [("--seed", "1"), ("--strategy", "random"), ("--epochs", "2")]
)
def test_a_resumed_search_keeps_its_settings(
    option: str, value: str, finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert search("--resume", finished, option, value) == 2
    assert option in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--data", "no-such-data"], "no-such-data"),
        (["--trials", "0"], "budget.max_trials"),
        (["--device", "cuda:99"], "--device"),
        (["--start", "/nowhere"], "/nowhere"),
        (["--resume", "/nowhere"], "/nowhere"),
    ],
)
def test_bad_input_is_named_in_one_line(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if "--resume" not in arguments:
        arguments = [*arguments, "--out", str(tmp_path / "search")]
    assert search(*arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ") and message in line


def test_a_search_starts_from_a_given_start_network(finished: Path, tmp_path: Path) -> None:
    arguments = ["--trials", "1", "--epochs", "1", "--out", str(tmp_path / "again")]
    assert search("--start", finished / "start", *arguments) == 0
    weights = [
        folder / "start" / "weights.safetensors" for folder in (finished, tmp_path / "again")
    ]
    assert weights[0].read_bytes() == weights[1].read_bytes()


def test_ctrl_c_stops_cleanly_and_says_how_to_go_on(tmp_path: Path) -> None:
    folder = tmp_path / "stopped"
    command = [sys.executable, "-u", "-m", "search_engine", "search", "--device", "cpu"]
    running = subprocess.Popen(
        [*command, "--trials", "30", "--epochs", "1", "--out", str(folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert running.stdout is not None
    for line in running.stdout:
        if line.startswith("Trial    2"):
            break
    running.send_signal(signal.SIGINT)
    rest = running.stdout.read()
    assert running.wait() == 130
    assert f"--resume {folder}" in rest and "Traceback" not in rest
    done = len(lines(folder))
    assert 2 <= done < 30
    assert search("--resume", folder, "--trials", done + 1) == 0
    assert [line["trial"] for line in lines(folder)] == list(range(1, done + 2))
