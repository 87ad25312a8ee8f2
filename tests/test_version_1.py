"""What the engine wrote at version 1 is still read, and what was interrupted then goes on."""

import json
import shutil
from pathlib import Path
from typing import Any

import onnxruntime
import pytest
import torch
from torch import Tensor

import search_engine
from search_engine import PRESETS, SearchConfig, preset
from search_engine.command_line.main import main
from search_engine.spec.final_presets import FINAL_PRESETS, final_preset
from search_engine.spec.final_training import FinalTrainingConfig
from tests.version_1 import unpacked_in

pytestmark = pytest.mark.thorough

RUN = ["--device", "cpu", "--threads", "1"]
ONE_IMAGE = 1 / 359
"""As a share of the test images: how far an accuracy may be on another processor."""
CHECKPOINTS = ["searches/complete/start", "searches/complete/trials/0001", "torchvision"]
CHECKPOINTS += ["exported", "checkpoint.zip"]
EXPORTED = "searches/complete/trials/0001"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What version 1 wrote; nothing writes there."""
    return unpacked_in(tmp_path_factory.mktemp("version-1")) / "engine"


@pytest.fixture
def own(written: Path, tmp_path: Path) -> Path:
    """A copy to go on in."""
    return shutil.copytree(written, tmp_path / "engine")


def read(path: Path) -> Any:
    return json.loads(path.read_text())


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def as_before(found: Any, before: Any) -> Any:
    """What was found, without the fields that version 1 did not have."""
    match before:
        case dict():
            return {name: as_before(found[name], value) for name, value in before.items()}
        case list() if len(found) == len(before):
            return [as_before(*pair) for pair in zip(found, before, strict=True)]
    return found


def test_configs_of_searches_keep_their_values(written: Path) -> None:
    configs = {path.stem: read(path) for path in (written / "configs" / "search").iterdir()}
    assert {config["strategy"] for config in configs.values()} >= {
        "reinforce",
        "random",
        "evolution",
    }
    for name, config in configs.items():
        assert as_before(SearchConfig.from_json(config).to_json(), config) == config, name
    kept = [name for name in PRESETS if f"preset-{name}" in configs]
    assert set(PRESETS) - set(kept) == {"clothing-demo"}  # which came later
    for name in kept:
        # Since then a search has as many trials at once as there are workers, unless it says so.
        before = {**configs[f"preset-{name}"], "parallel": 0}
        assert as_before(preset(name).to_json(), before) == before


def test_configs_from_before_latency_was_measured_are_read(written: Path) -> None:
    config = read(written / "configs" / "search" / "densenet-reinforce.json")
    del config["measure_latency"]
    config["objective"][1]["cost"] = "latency_seconds"
    found = SearchConfig.from_json(config).to_json()
    assert found["measure_latency"] is False
    assert [term["cost"] for term in found["objective"]] == ["parameters", "latency_1"]


def test_configs_of_final_trainings_keep_their_values(written: Path) -> None:
    configs = {path.stem: read(path) for path in (written / "configs" / "final_training").iterdir()}
    for name, config in configs.items():
        found = FinalTrainingConfig.from_json(config).to_json()
        assert as_before(found, config) == config, name
    presets = {name: f"preset-{name}" for name in FINAL_PRESETS if f"preset-{name}" in configs}
    assert set(presets.values()) == set(configs) - {"full"}
    for name, stem in presets.items():
        before = configs[stem]
        assert as_before(final_preset(name).to_json(), before) == before


def test_a_completed_search_goes_on_with_a_larger_budget(own: Path) -> None:
    folder = own / "searches" / "complete"
    before = lines(folder / "trials.jsonl")
    assert main(["search", "--resume", str(folder), "--trials", "4", *RUN]) == 0
    after = lines(folder / "trials.jsonl")
    assert as_before(after[:3], before) == before
    assert [trial["trial"] for trial in after] == [1, 2, 3, 4]
    assert (folder / "report.html").exists()


def test_a_search_that_was_killed_completes(own: Path) -> None:
    folder = own / "searches" / "interrupted"
    before = lines(folder / "trials.jsonl")
    assert [trial["trial"] for trial in before] == [1, 2]
    assert main(["search", "--resume", str(folder), *RUN]) == 0
    after = lines(folder / "trials.jsonl")
    assert as_before(after[:2], before) == before
    assert [(trial["trial"], trial["state"]) for trial in after] == [
        (number, "completed") for number in (1, 2, 3, 4)
    ]


def test_a_final_training_that_was_killed_goes_on_after_its_last_epoch(own: Path) -> None:
    folder = own / "final_training"
    before = lines(folder / "training" / "epochs.jsonl")
    assert 3 <= len(before) < 12
    assert main([*read(own / "final_training.json"), "--out", str(folder)]) == 0
    curve = read(folder / "training" / "result.json")["curve"]
    assert as_before(curve[: len(before)], before) == before
    assert [epoch["epoch"] for epoch in curve] == list(range(1, 13))


@pytest.mark.parametrize("place", CHECKPOINTS)
def test_checkpoints_are_as_good_as_they_were(
    place: str, written: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(written / place), "--json", "--device", "cpu"]) == 0
    found, expected = json.loads(capsys.readouterr().out), read(written / "evaluated.json")[place]
    assert found["accuracy"] == pytest.approx(expected["accuracy"], abs=2 * ONE_IMAGE)
    assert found["images"] == expected["images"]


@pytest.mark.parametrize("kind", ["onnx", "torch-export", "pytorch", "safetensors"])
def test_exports_compute_what_their_checkpoint_does(kind: str, written: Path) -> None:
    network = search_engine.load(written / EXPORTED).network
    images = torch.rand(5, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        found = logits(kind, written / "exports" / kind, images)
        torch.testing.assert_close(found, network(images), rtol=1e-4, atol=1e-5)


def logits(kind: str, folder: Path, images: Tensor) -> Tensor:
    """What an export says of images, run as docs/exports.md tells its user to."""
    if kind == "onnx":
        session = onnxruntime.InferenceSession(folder / "network.onnx")
        (given,) = session.get_inputs()
        return torch.from_numpy(session.run(None, {given.name: images.numpy()})[0])
    if kind == "torch-export":
        return torch.export.load(folder / "network.pt2").module()(images)
    if kind == "pytorch":
        program: dict[str, Any] = {"__name__": "network", "__file__": str(folder / "network.py")}
        exec(compile((folder / "network.py").read_text(), "network.py", "exec"), program)
        return program["load"](folder / "network.safetensors")(images)
    return search_engine.load(folder).network(images)
