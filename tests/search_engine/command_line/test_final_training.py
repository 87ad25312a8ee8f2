"""`train`: presets, grown weights, and one of several processes."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from search_engine.checkpoint import load_checkpoint, read_description, save_checkpoint
from search_engine.command_line.main import main
from search_engine.networks import build_network
from search_engine.networks.adopted import adopt, outline_exported
from search_engine.spec import (
    Architecture,
    DenseNetConfig,
    ImageShape,
    Lineage,
    Merge,
    SetMerge,
    parse_cell,
)
from search_engine.spec.final_training import Weights
from search_engine.training.final_folder import FinalFolder
from search_engine.transforms import inherit
from tests.devices import DEVICE
from tests.end_to_end.hosts import INSTALL, network
from tests.exporting import export_to, own_net

pytestmark = pytest.mark.thorough

SHORT = ["train", "--device", str(DEVICE), "--data", "digits", "--epochs", "1"]
SKELETON = DenseNetConfig(blocks=1, growth=4, image=ImageShape(1, 8, 8))
SMALL = ["--network", "densenet", "--blocks", "1", "--growth", "4"]
ROOT = Path(__file__).parents[3]


@pytest.fixture
def trial(tmp_path: Path) -> Path:
    """The checkpoint of a trial."""
    cell = parse_cell("add[G3x3, G3x3 -> [sep3]]")
    network = build_network(Architecture(SKELETON, cell), seed=9)
    save_checkpoint(network, tmp_path / "trial")
    return tmp_path / "trial"


def test_grown_weights_go_on_in_the_trials_network(trial: Path, tmp_path: Path) -> None:
    still = ["--learning-rate", "1e-30", "--drop-path", "0.1", "--weights", "grown"]
    assert main([*SHORT, *still, "--found", str(trial), "--out", str(tmp_path / "out")]) == 0
    trained, found = load_checkpoint(tmp_path / "out"), load_checkpoint(trial)
    assert trained.architecture.skeleton.drop_path == 0.1
    for mine, before in zip(trained.parameters(), found.parameters(), strict=True):
        torch.testing.assert_close(mine, before)


def test_folds_begin_with_the_weights_of_a_network_that_was_brought_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = export_to(own_net(), tmp_path / "own.pt2")
    skeleton = outline_exported(path).config(["first", "down"])
    grown = inherit(adopt(skeleton, weights=path), Lineage((SetMerge((), Merge.ADD, 2),)))
    save_checkpoint(grown, tmp_path / "trial")
    brought = ["--network", f"exported:{path}", "--found", str(tmp_path / "trial")]
    assert main([*SHORT, *brought, "--folds", "2", "--out", str(tmp_path / "out")]) == 0
    assert "tested once, in 2 folds" in capsys.readouterr().out
    config = FinalFolder(tmp_path / "out").read_config()
    assert (config.weights, config.cell) == (Weights.ADOPTED, grown.architecture.cell)
    assert [block.name for block in config.skeleton.layout()] == ["first", "down"]


def test_a_preset_brings_its_network_and_recipe(trial: Path, tmp_path: Path) -> None:
    options = ["--preset", "digits", "--found", str(trial), "--cutout", "2", "--epochs", "1"]
    assert main(["train", "--device", str(DEVICE), *options, "--out", str(tmp_path / "out")]) == 0
    config = FinalFolder(tmp_path / "out").read_config()
    assert config.skeleton.family == "pyramidnet"
    assert config.cell == read_description(trial).architecture.cell
    assert (config.recipe.epochs, config.cutout, config.data.validation) == (1, 2, 150)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--weights", "grown"], "--found"),
        (["--preset", "digits", "--blocks", "3"], "the network is that of --preset"),
        (["--weights", "published"], "--weights: published ones go with torchvision:NAME"),
        (["--distributed"], "start it with torchrun"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    options: list[str], reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*SHORT, *options, "--out", str(tmp_path)]) == 2
    assert reason in capsys.readouterr().err


def test_several_processes_must_be_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert main([*SHORT, "--out", str(tmp_path)]) == 2
    assert "this option must be given" in capsys.readouterr().err


def test_torchrun_starts_two_processes_that_train_together(tmp_path: Path) -> None:
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command = [*torchrun, "-m", "search_engine", *SHORT, *SMALL, "--distributed", "--threads", "1"]
    ended = subprocess.run(
        [*command, "--out", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ended.stdout.count("Test accuracy") == 1
    assert read_description(tmp_path).metrics["test_accuracy"] > 0
    result = FinalFolder(tmp_path).read_result()
    assert result is not None and len(result.curve) == 1


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes network namespaces")
@pytest.mark.skipif(shutil.which("ip") is None, reason=f"there is no `ip`: {INSTALL}")
def test_torchrun_starts_processes_on_two_hosts_that_train_together(tmp_path: Path) -> None:
    out, environment = tmp_path / "shared", {"GLOO_SOCKET_IFNAME": "eth0"}
    with network(tmp_path, ["a", "b"]) as (_, hosts):
        for rank, host in enumerate(hosts):
            command = [sys.executable, "-m", "torch.distributed.run", "--nnodes=2"]
            command += [f"--node-rank={rank}", f"--master-addr={hosts[0].address}"]
            command += ["--nproc-per-node=1", "-m", "search_engine", *SHORT, *SMALL]
            command += ["--distributed", "--threads", "1", "--out", str(out)]
            host.start(shlex.join(command), environment)
        statuses = [host.started[0].wait(timeout=300) for host in hosts]
        said = [(host.folder / "said.log").read_text() for host in hosts]
    assert statuses == [0, 0], said
    assert ["Test accuracy" in text for text in said] == [True, False]
    result = FinalFolder(out).read_result()
    assert result is not None and len(result.curve) == 1
