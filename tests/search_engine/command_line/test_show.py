"""`python -m search_engine show`: what it prints."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from search_engine import GROUPED_START_CELL, TREE_CELL_A, Architecture, cell_to_json, format_cell
from search_engine.command_line.main import main

IMAGE = "--image 3,32,32 --classes 10"
CONTRACT = {
    "densenet": (
        f"--network densenet --blocks 16 --growth 48 --groups 2 --cell tree-cell-a {IMAGE}",
        (13_116_010, 5_088_646_512, 48),
    ),
    "pyramidnet": (
        f"--network pyramidnet --blocks 18 --alpha 84 --groups 2 --cell tree-cell-a {IMAGE}",
        (5_724_330, 1_159_171_360, 54),
    ),
    "wide pyramidnet": (
        f"--network pyramidnet --blocks 18 --alpha 150 --groups 2 --cell tree-cell-a {IMAGE}",
        (14_273_454, 2_592_618_736, 54),
    ),
    "condensenet": ("--network condensenet --cell tree-cell-b", (5_645_496, 594_212_672, 19)),
    # Weights: stem 18, stages 36 + 36, 72 + 144, 288 + 576. Norms come first, so the six cells
    # have 4, 4, 4, 8, 8 and 16, the stem none, the head 16. The classifier has 27.
    "chainnet": (
        "--network chainnet --blocks 2 --channels 2 --image 1,4,4 --classes 3",
        (18 + 72 + 216 + 864 + 4 + 4 + 4 + 8 + 8 + 16 + 16 + 27, 288 + 1152 + 864 + 864 + 24, 6),
    ),
}


def show(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["show", *arguments]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def show_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(show(capsys, *arguments, "--json"))
    return document


@pytest.mark.parametrize("name", CONTRACT)
def test_json_has_the_costs_and_sites(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, numbers = CONTRACT[name]
    document = show_json(capsys, *arguments.split())
    assert (document["parameters"], document["multiply_adds"], document["sites"]) == numbers


def test_json_has_the_cell_in_both_forms(capsys: pytest.CaptureFixture[str]) -> None:
    document = show_json(capsys, "--cell", "tree-cell-a", "--blocks", "1")
    assert document["cell"] == cell_to_json(TREE_CELL_A)
    assert document["notation"] == format_cell(TREE_CELL_A)
    assert Architecture.from_json(document["architecture"]).cell == TREE_CELL_A


def test_start_is_the_familys_start_cell(capsys: pytest.CaptureFixture[str]) -> None:
    grouped = show_json(capsys, "--cell", "start", "--groups", "2")
    assert grouped["cell"] == cell_to_json(GROUPED_START_CELL)
    assert show_json(capsys, "--groups", "1")["notation"] == "[conv3x3]"
    assert show_json(capsys, "--network", "chainnet")["notation"] == "[conv3x3]"


def test_a_cell_may_be_a_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "cell with spaces.json"
    path.write_text(json.dumps(cell_to_json(TREE_CELL_A)))
    assert show_json(capsys, "--cell", str(path))["notation"] == format_cell(TREE_CELL_A)


def test_a_cell_may_be_typed(capsys: pytest.CaptureFixture[str]) -> None:
    document = show_json(capsys, "--cell", "add[G3x3, G3x3->[sep_conv_3x3]]", "--growth", "8")
    assert document["notation"] == "add[G3x3, G3x3 -> [sep3]]"


def test_the_order_is_the_architectures(capsys: pytest.CaptureFixture[str]) -> None:
    counted = {}
    for order in ("weight-bn-act", "act-weight-bn", "bn-act-weight"):
        document = show_json(capsys, "--network", "chainnet", "--order", order)
        assert document["architecture"]["skeleton"]["order"] == order
        counted[order] = document["parameters"]
    # Norms of 32, then twice 32, 64 and 128; or the stem has none and each has its input's width.
    after = 32 + 2 * (32 + 64 + 128)
    before = 32 + 32 + 32 + 64 + 64 + 128
    assert counted["weight-bn-act"] - counted["bn-act-weight"] == 2 * (after - before)
    assert counted["act-weight-bn"] == counted["weight-bn-act"]


def test_condensenet_takes_blocks_for_each_stage(capsys: pytest.CaptureFixture[str]) -> None:
    document = show_json(capsys, "--network", "condensenet", "--blocks", "4,6,8,10,9")
    assert document["architecture"]["skeleton"]["blocks"] == [4, 6, 8, 10, 9]


def test_the_text_has_drawing_notation_and_costs(capsys: pytest.CaptureFixture[str]) -> None:
    arguments, _ = CONTRACT["chainnet"]
    assert show(capsys, *arguments.split()).splitlines() == [
        "── conv3x3 ──",
        "",
        "notation       [conv3x3]",
        "network        chainnet, cell at 6 sites",
        "parameters     1,257  (1.3 k)",
        "multiply-adds  3,192  (3.2 k) for an image of 1 x 4 x 4",
    ]


def test_space_prints_both_sizes(capsys: pytest.CaptureFixture[str]) -> None:
    out = show(capsys, "--space")
    assert "ordered trees                 29,986,678,769,403,186,482,832,715,562,496" in out
    assert "(3.0e+31)" in out
    assert "up to the order under add     3,609,253,142,367,276,352,699,296" in out
    assert "(3.6e+24)" in out


def test_space_as_json_follows_the_groups(capsys: pytest.CaptureFixture[str]) -> None:
    document = show_json(capsys, "--space", "--groups", "1")
    assert document["ordered"] == 29_986_678_769_403_186_482_832_715_562_496
    assert document["canonical"] == 3_609_253_142_367_276_352_699_296
    assert document["search_space"]["start_edge"] == "conv_3x3"
    odd = show_json(capsys, "--space", "--groups", "3", "--growth", "12")
    assert odd["ordered"] < document["ordered"]


def run_python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def test_the_module_runs_without_torch() -> None:
    done = run_python("-X", "importtime", "-m", "search_engine", "show", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["sites"] == 9
    imported = {line.rsplit("|")[-1].strip() for line in done.stderr.splitlines()}
    assert "search_engine.command_line.drawing" in imported
    assert not imported & {"torch", "numpy", "torchvision"}


def test_importing_the_engine_imports_no_torch() -> None:
    done = run_python("-c", "import search_engine, sys; assert 'torch' not in sys.modules")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_terminal_without_the_characters_gets_a_drawing_all_the_same() -> None:
    done = run_python("-m", "search_engine", "show", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("?? G3x3 ??\n")
