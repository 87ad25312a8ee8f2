"""Whole searches on one machine: resume, kill -9, failing children, Ctrl-C, what is kept."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from search_engine.checkpoint import load_checkpoint, read_description
from search_engine.data import SplitDataset, load_dataset
from search_engine.search.evaluation import Evaluated, Evaluator
from search_engine.search.folder import SearchFolder
from search_engine.search.runner import Listener, Runner
from search_engine.search.trials import EndedTrial, Trial
from search_engine.spec import DenseNetConfig, ImageShape
from search_engine.spec.errors import CheckpointError, TrainingStopped
from search_engine.spec.presets import preset
from search_engine.spec.recipe import Recipe
from search_engine.spec.search_config import Budget, Confirmation, SearchConfig
from search_engine.spec.start_training import ONE_ROUND, StartRounds
from search_engine.spec.training_events import Event
from search_engine.spec.trial import TrialResult
from search_engine.training.metrics import evaluate
from tests.devices import DEVICE

pytestmark = pytest.mark.thorough

SETTINGS = (("hidden", 8.0), ("batch", 2.0))


def small_config(**changes: object) -> SearchConfig:
    """A search of five one-epoch trials on few digits."""
    config = preset("digits-demo")
    config = replace(
        config,
        data=replace(config.data, train_limit=200, validation=200, calibration=50),
        skeleton=DenseNetConfig(blocks=1, growth=8, groups=2, image=ImageShape(1, 8, 8)),
        start_recipe=Recipe(epochs=2, learning_rate=0.1),
        start_rounds=ONE_ROUND,
        recipe=Recipe(epochs=1, learning_rate=0.05),
        strategy_settings=SETTINGS,
        budget=Budget(max_trials=5),
        control=0,
        confirmation=Confirmation(finalists=0),
        keep=2,
    )
    return replace(config, **changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def data() -> SplitDataset:
    """The digits, divided for `small_config`."""
    return SplitDataset(load_dataset("digits"), small_config().data, seed=0, device=DEVICE)


def record(folder: Path) -> list[dict[str, object]]:
    """The record of trials without what depends on the clock."""
    lines = [json.loads(line) for line in (folder / "trials.jsonl").read_text().splitlines()]
    for line in lines:
        for name in ("seconds", "images_per_second"):
            del line["result"][name]
    return lines


def run(config: SearchConfig, data: SplitDataset, folder: Path, stop: Callable[[], bool]) -> None:
    """Run a search until `stop` says so, and again until it is done."""
    while True:
        try:
            Runner(config, data, SearchFolder(folder), devices=(DEVICE,), should_stop=stop).run()
        except TrainingStopped:
            continue
        return


@pytest.fixture(scope="module")
def searched(data: SplitDataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of `small_config`'s search, which nothing has stopped; copied, never used."""
    folder = tmp_path_factory.mktemp("searched")
    run(small_config(), data, folder, lambda: False)
    return folder


@pytest.fixture
def finished(searched: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(searched, tmp_path / "finished")


@pytest.mark.parametrize("parallel", [1, 3])
def test_a_search_that_is_stopped_and_resumed_is_the_one_that_never_stopped(
    parallel: int, data: SplitDataset, tmp_path: Path
) -> None:
    recipe = Recipe(epochs=4, learning_rate=0.1)
    rounds = StartRounds(max_rounds=2)
    config = small_config(parallel=parallel, start_recipe=recipe, start_rounds=rounds)
    steps = 0

    def now_and_then() -> bool:
        nonlocal steps
        steps += 1
        return steps % 13 == 0

    run(config, data, tmp_path / "whole", lambda: False)
    run(config, data, tmp_path / "stopped", now_and_then)
    assert len(record(tmp_path / "whole")) == 5
    assert record(tmp_path / "whole") == record(tmp_path / "stopped")


def test_two_processes_come_to_what_one_comes_to(data: SplitDataset, tmp_path: Path) -> None:
    config = small_config(parallel=2)
    run(config, data, tmp_path / "one", lambda: False)
    heard: set[int] = set()
    stopping, folder, both = False, SearchFolder(tmp_path / "two"), (DEVICE, DEVICE)

    class Ear(Listener):
        def trial_training(self, trial: Trial, event: Event) -> None:
            heard.add(trial.number)

    class Hasty(Listener):
        def trial_started(self, trial: Trial) -> None:
            nonlocal stopping
            stopping = trial.number == 3

    with pytest.raises(TrainingStopped):
        Runner(
            config, data, folder, devices=both, listener=Hasty(), should_stop=lambda: stopping
        ).run()
    Runner(config, data, folder, devices=both, listener=Ear()).run()
    assert record(tmp_path / "two") == record(tmp_path / "one")
    assert heard and not (tmp_path / "two" / "under-way").exists()


def test_the_best_checkpoints_are_kept_and_load(data: SplitDataset, finished: Path) -> None:
    folders = sorted((finished / "trials").iterdir())
    assert len(folders) == 2
    description = read_description(folders[0])
    network = load_checkpoint(folders[0])
    accuracy = description.metrics["accuracy"]
    assert evaluate(network, data.validation()).accuracy == pytest.approx(accuracy)
    assert description.lineage is not None and description.trained_on is not None
    assert description.trained_on.name == "digits"
    assert load_checkpoint(finished / "start").architecture.cell.height == 1


def test_a_failing_child_does_not_stop_the_search(
    data: SplitDataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Evaluator.evaluate

    def failing(self: Evaluator, trial: Trial, **options: object) -> Evaluated:
        if trial.number == 2:
            return Evaluated(TrialResult(failure="training diverged in epoch 1"), None)
        return whole(self, trial, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Evaluator, "evaluate", failing)
    run(small_config(), data, tmp_path, lambda: False)
    states = [line["state"] for line in record(tmp_path)]
    assert states == ["completed", "failed", "completed", "completed", "completed"]


def test_listeners_hear_everything_in_order(data: SplitDataset, tmp_path: Path) -> None:
    heard: list[str] = []

    class Ear(Listener):
        def start_training(self, event: Event) -> None:
            heard.append("start")

        def trial_started(self, trial: Trial) -> None:
            heard.append(f"begin {trial.number}")

        def trial_ended(self, ended: EndedTrial, best: EndedTrial | None) -> None:
            heard.append(f"end {ended.trial.number}")
            assert best is not None

    Runner(small_config(), data, SearchFolder(tmp_path), devices=(DEVICE,), listener=Ear()).run()
    trials = [word for word in heard if word != "start"]
    assert heard[0] == "start"
    assert trials == [f"{word} {n}" for n in range(1, 6) for word in ("begin", "end")]


def test_another_search_is_not_run_in_the_same_folder(data: SplitDataset, finished: Path) -> None:
    with pytest.raises(CheckpointError, match="another search"):
        Runner(small_config(seed=1), data, SearchFolder(finished))


def test_a_larger_budget_goes_on(data: SplitDataset, finished: Path) -> None:
    run(small_config(budget=Budget(max_trials=7)), data, finished, lambda: False)
    assert [line["trial"] for line in record(finished)] == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("content", [b"", b"no tensors here", b"\x80\x04\x95pickle"])
def test_a_damaged_state_is_named(content: bytes, data: SplitDataset, finished: Path) -> None:
    (finished / "state.safetensors").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"state\.safetensors"):
        Runner(small_config(), data, SearchFolder(finished))


def test_kill_9_loses_at_most_the_trial_in_flight(
    data: SplitDataset, searched: Path, tmp_path: Path
) -> None:
    killed = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "killed")],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
    )
    assert killed.stdout is not None
    for line in killed.stdout:
        if line.strip() == "training 3":
            break
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert len(record(tmp_path / "killed")) == 2
    run(small_config(), data, tmp_path / "killed", lambda: False)
    assert record(tmp_path / "killed") == record(searched)


SCRIPT = """
import sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from search_engine.data import SplitDataset, load_dataset
from search_engine.search.runner import Listener, Runner
from search_engine.search.folder import SearchFolder
from tests.devices import DEVICE
from tests.search_engine.search.test_runner import small_config

class Talker(Listener):
    def trial_training(self, trial, event):
        print("training", trial.number, flush=True)

data = SplitDataset(load_dataset("digits"), small_config().data, seed=0, device=DEVICE)
folder = SearchFolder(Path(sys.argv[1]))
Runner(small_config(), data, folder, devices=(DEVICE,), listener=Talker()).run()
"""
