"""`show` and `search` with a network of one's own."""

import json
from argparse import Namespace
from pathlib import Path

import pytest
from safetensors.torch import save_file

from search_engine.checkpoint import save_checkpoint
from search_engine.command_line.main import main
from search_engine.command_line.search import _brought
from search_engine.networks.adopted import adopt, outline_torchvision
from search_engine.search.folder import SearchFolder
from search_engine.spec import NORMALISATIONS, ImageShape
from search_engine.spec.plan import Facts
from tests.devices import DEVICE
from tests.exporting import export_to, own_net

pytestmark = pytest.mark.thorough

SMALL = "torchvision:shufflenet_v2_x0_5"
ON_DIGITS = ("--network", SMALL, "--image", "1,8,8", "--classes", "10")


@pytest.fixture
def program(tmp_path: Path) -> Path:
    return export_to(own_net(), tmp_path / "own.pt2")


def test_show_draws_the_network_with_its_sites(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "--network", "torchvision:resnet18", "--image", "3,32,32"]) == 0
    drawn = capsys.readouterr().out
    lines = [" ".join(line.split()) for line in drawn.splitlines()]
    assert lines[0] == "conv1 7x7 conv 3 → 64 16 x 16 stride 2"
    assert lines[2:4] == ["layer1.0", "● layer1.0.conv1 3x3 conv 64 → 64 8 x 8"]
    assert "network resnet18, cell at 16 sites" in lines
    assert "parameters 11,689,512 (11.7 M)" in lines  # what torchvision says of it


def test_show_marks_the_sites_that_are_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", *ON_DIGITS, "--sites", "stage2.*.branch2.3,conv1.0"]) == 2
    assert "conv1.0, which is plain" in capsys.readouterr().err
    assert main(["show", *ON_DIGITS, "--sites", "stage2.*.branch2.3"]) == 0
    drawn = capsys.readouterr().out
    marks = [line.split()[:2] for line in drawn.splitlines() if "branch2.3 " in line]
    chosen = [name for mark, name in marks if mark == "●"]
    assert chosen == [f"stage2.{number}.branch2.3" for number in range(4)]
    assert len([name for mark, name in marks if mark == "○"]) == 12


def test_show_prints_the_outline_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", *ON_DIGITS, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["outline"]["model"] == "shufflenet_v2_x0_5"
    assert document["architecture"]["skeleton"]["family"] == "adopted"
    assert document["parameters"] == document["outline"]["parameters"]


def test_show_knows_the_size_of_the_space(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", *ON_DIGITS, "--space", "--json"]) == 0
    space = json.loads(capsys.readouterr().out)["search_space"]
    # 24, 48, 96 and 192 channels, each a group of its own, have 24 in common.
    assert (space["start_edge"], space["groups"]) == ("group_conv_3x3", 24)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--network", "torchvision:resnet"], "expected a torchvision classifier"),
        (["--network", "resnet18"], "exported:FILE.pt2 or onnx:FILE.onnx, got 'resnet18'"),
        (["--network", "exported:nothing.pt2"], "nothing.pt2: No such file"),
        ([*ON_DIGITS, "--blocks", "3"], "--blocks: torchvision:shufflenet_v2_x0_5 has no such"),
        ([*ON_DIGITS, "--sites", "layer9.*"], "has no site 'layer9.*'"),
        (["--sites", "layer9.*"], "--sites: densenet has a cell in every block"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    options: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status = main(["show", *options])
    except SystemExit as exit:
        status = int(exit.code or 0)
    assert status == 2
    assert reason in capsys.readouterr().err


def search(out: Path, *options: str) -> int:
    short = ("--trials", "3", "--epochs", "1", "--device", str(DEVICE), "--threads", "1")
    alone = ("--control", "0", "--confirm", "0", "--start-rounds", "1")
    return main(["search", "--out", str(out), *short, *alone, *options])


def test_three_trials_from_a_program(program: Path, tmp_path: Path) -> None:
    out = tmp_path / "search"
    assert search(out, "--network", f"exported:{program}", "--sites", "first,down") == 0
    lines = (out / "trials.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["state"] for line in lines] == ["completed"] * 3
    skeleton = SearchFolder(out).read_config().skeleton
    assert [block.name for block in skeleton.layout()] == ["first", "down"]
    assert (out / "report.html").exists()


def test_three_trials_from_a_torchvision_network_with_weights(tmp_path: Path) -> None:
    skeleton = outline_torchvision("shufflenet_v2_x0_5", ImageShape(1, 8, 8)).config()
    state = adopt(skeleton).original_tensors()
    save_file({n: t.contiguous() for n, t in state.items()}, tmp_path / "w.safetensors")
    out = tmp_path / "search"
    options = ("--network", SMALL, "--weights", str(tmp_path / "w.safetensors"))
    assert search(out, *options, "--sites", "stage2.*") == 0
    kept = SearchFolder(out).read_start()
    assert kept is not None
    assert len(kept[0].cells()) == 5


def test_a_checkpoint_brings_its_own_network(program: Path, tmp_path: Path) -> None:
    skeleton = outline_torchvision("shufflenet_v2_x0_5", ImageShape(1, 8, 8)).config(
        ["stage2.1.branch2.3", "stage2.2.branch2.3"]
    )
    save_checkpoint(adopt(skeleton), tmp_path / "start")
    out = tmp_path / "search"
    assert search(out, "--start", str(tmp_path / "start")) == 0
    assert SearchFolder(out).read_config().skeleton == skeleton
    assert search(tmp_path / "x", "--start", str(tmp_path / "start"), "--network", SMALL) == 2


@pytest.mark.parametrize(
    "options", [["--weights", "w.safetensors"], ["--sites", "a"], ["--network", "densenet"]]
)
def test_search_refuses_options_that_go_with_others(options: list[str], tmp_path: Path) -> None:
    assert search(tmp_path / "search", *options) == 2


def test_a_plan_is_made_for_the_network_that_the_options_name() -> None:
    named = {"network": "torchvision:shufflenet_v2_x0_5", "sites": None, "normalisation": None}
    facts = Facts("leaves", ImageShape(3, 64, 64), classes=5, images=1040)
    start = _brought(Namespace(weights="published", **named), facts)
    assert start is not None and start.skeleton.image == facts.image
    assert start.skeleton.own_normalisation == NORMALISATIONS["imagenet"]
    fresh = _brought(Namespace(weights=None, **named), facts)
    assert fresh is not None and fresh.skeleton.own_normalisation is None
    assert _brought(Namespace(network="densenet"), facts) is None
