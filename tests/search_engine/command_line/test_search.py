"""`search`: run, record, report, stop with Ctrl-C, go on."""

import json
import re
import signal
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from search_engine.checkpoint import load_checkpoint, read_description
from search_engine.command_line.main import main
from search_engine.command_line.progress import Progress
from search_engine.networks import build_network
from search_engine.search.folder import SearchFolder
from search_engine.spec import Architecture
from search_engine.spec.presets import preset, start_folder
from search_engine.spec.recipe import ClassWeights
from search_engine.spec.start_training import StartResult
from search_engine.spec.trial import TrialResult
from tests.devices import DEVICE
from tests.search_engine.test_report import state

pytestmark = pytest.mark.thorough

ROOT = Path(__file__).parents[3]
BALANCED = ClassWeights.BALANCED
ALONE = ("--control", 0, "--confirm", 0)
"""Children alone: nothing of theirs is measured against anything."""

ONE_ROUND = ("--start-rounds", 1)


def search(*arguments: str | Path | int) -> int:
    """Run the subcommand on the CPU."""
    return main(["search", "--device", str(DEVICE), *map(str, arguments)])


def lines(folder: Path) -> list[dict[str, object]]:
    """The record of trials."""
    return [json.loads(line) for line in (folder / "trials.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished search of three trials."""
    folder = tmp_path_factory.mktemp("searches") / "digits"
    options = ("--preset", "digits-demo", "--trials", 3, "--epochs", 1, *ALONE, *ONE_ROUND)
    assert search(*options, "--out", folder) == 0
    return folder


def test_a_search_leaves_record_report_and_checkpoints(finished: Path) -> None:
    assert [line["trial"] for line in lines(finished)] == [1, 2, 3]
    assert all(line["state"] == "completed" for line in lines(finished))
    found = state((finished / "report.html").read_text(encoding="utf-8"))
    assert found["columns"]["number"] == [1, 2, 3]
    assert len(list((finished / "trials").glob("*/weights.safetensors"))) == 3
    assert (finished / "start" / "checkpoint.json").exists()
    assert not (finished / "start_training").exists()


def test_a_start_network_that_comes_with_the_preset_is_not_trained(tmp_path: Path) -> None:
    arguments = ("--preset", "clothing-demo", "--trials", 1, "--epochs", 1, *ALONE)
    assert search(*arguments, "--seed", 3, "--out", tmp_path) == 0
    packed = read_description(start_folder("clothing-demo"))
    assert read_description(tmp_path / "start").metrics["accuracy"] == packed.metrics["accuracy"]


def test_a_finished_search_goes_on_with_a_larger_budget(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = lines(finished)
    assert search("--resume", finished, "--trials", 4) == 0
    assert lines(finished)[:3] == before
    assert len(lines(finished)) == 4
    said = capsys.readouterr().out
    assert re.search(r"Best: \d+\.\d+ % ± \d\.\d+ of \d+ validation images, trial \d of 4", said)


def test_winner_control_and_start_network_meet_the_test_images(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    short = ("--trials", 2, "--epochs", 1, *ONE_ROUND)
    found = ("--strategy", "grow", "--control", 1, "--confirm", 1, "--confirm-seeds", 2)
    assert search(*short, *found, "--out", tmp_path) == 0
    comparison = SearchFolder(tmp_path).read_comparison()
    assert comparison is not None and comparison.control is not None
    assert comparison.gain is not None and comparison.gain.difference == pytest.approx(
        comparison.winner.accuracy - comparison.control.accuracy
    )
    assert comparison.sentence in " ".join(capsys.readouterr().out.split())
    roles = {line["trial"]: line["role"] for line in lines(tmp_path)}
    assert roles[comparison.winner.trial] == roles[comparison.control.trial] == "confirmation"
    report = state((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert report["comparison"]["sentence"] == comparison.sentence


def test_rare_classes_can_count_in_all_trainings_and_in_what_is_best(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    short = ("--trials", 1, "--epochs", 1, "--start-rounds", 2, *ALONE)
    chosen = ("--class-weights", "balanced", "--measure", "balanced_accuracy")
    assert search(*short, *chosen, "--out", tmp_path) == 0
    config = SearchFolder(tmp_path).read_config()
    assert config.recipe.class_weights is config.start_recipe.class_weights is BALANCED
    assert config.start_rounds.max_rounds == 2
    kept = SearchFolder(tmp_path).read_start()
    assert kept is not None and kept[1].last_gain is not None
    said = " ".join(capsys.readouterr().out.split())
    assert f"Start network: balanced accuracy {kept[1].balanced_accuracy:.2%}" in said
    (line,) = lines(tmp_path)
    result = TrialResult.from_json(line["result"])
    assert f"Best balanced accuracy: {result.balanced_accuracy:.2%}" in said


@pytest.mark.parametrize(("gain", "learning"), [(0.0123, True), (0.001, False), (None, False)])
def test_a_start_network_that_was_still_learning_is_named(
    gain: float | None, learning: bool, tmp_path: Path
) -> None:
    config, console = preset("digits-demo"), Console(file=StringIO(), width=1000)
    network = build_network(Architecture.start(config.skeleton), seed=0)
    progress = Progress(config, tmp_path, console)
    progress.start_ready(network, StartResult(accuracy=0.9, last_gain=gain))
    assert isinstance(console.file, StringIO)
    said = console.file.getvalue()
    assert "accuracy 90.00%" in said
    assert ("still learning: its last round gained 1.23 points" in said) is learning


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
        (["--minutes", "0"], "--minutes"),
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
    arguments = ("--trials", 1, "--epochs", 1, *ALONE, "--out", tmp_path / "again")
    assert search("--start", finished / "start", *arguments) == 0
    weights = [
        folder / "start" / "weights.safetensors" for folder in (finished, tmp_path / "again")
    ]
    assert weights[0].read_bytes() == weights[1].read_bytes()


def test_a_grown_network_grows_further(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grown = finished / "trials" / "0001"
    arguments = ("--start", grown, "--trials", 1, "--epochs", 1, *ALONE)
    assert search(*arguments, "--strategy", "random", "--out", tmp_path / "no") == 2
    assert "only it can begin with a network that has grown" in capsys.readouterr().err
    assert search(*arguments, "--out", tmp_path / "further") == 0
    config = SearchFolder(tmp_path / "further").read_config()
    assert config.strategy == "grow"
    assert config.start_architecture(10) == load_checkpoint(grown).architecture


def test_ctrl_c_stops_cleanly_and_says_how_to_go_on(tmp_path: Path) -> None:
    folder = tmp_path / "stopped"
    command = [sys.executable, "-u", "-m", "search_engine", "search", "--device", str(DEVICE)]
    running = subprocess.Popen(
        [
            *command,
            "--trials",
            "30",
            "--epochs",
            "1",
            *map(str, ALONE + ONE_ROUND),
            "--out",
            str(folder),
        ],
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
