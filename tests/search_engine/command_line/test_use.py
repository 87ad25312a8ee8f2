"""`export` and `predict`, and what they say where something is wrong."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from PIL import Image

from search_engine.command_line.main import main
from search_engine.networks.adopted import adopt, outline_exported
from search_engine.spec.description import TrainedOn
from search_engine.spec.export_form import ExportKind, why_not_offered
from tests.exporting import export_to, own_net
from tests.search_engine.export.exporting import DIGITS, NAMES, pictures, saved, small_network


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return saved(small_network("chainnet"), tmp_path / "checkpoint")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Images in folders of any depth, with a text among them."""
    (tmp_path / "images" / "more").mkdir(parents=True)
    for number, image in enumerate(pictures(5)):
        name = "more" if number % 2 else "."
        Image.fromarray(image[0].numpy()).save(tmp_path / "images" / name / f"{number}.png")
    (tmp_path / "images" / "licence.txt").write_text("free")
    return tmp_path / "images"


def test_an_export_is_compared_on_the_test_images_of_its_data_set(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["export", str(checkpoint), "--to", "pytorch", "--out", str(out), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["images_compared"] == 256 and printed["images_are_real"]
    assert sorted(path.name for path in out.iterdir()) == ["network.py", "network.safetensors"]


def test_an_export_can_be_compared_on_any_images(
    checkpoint: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = shutil.make_archive(str(tmp_path / "a"), "zip", checkpoint)
    out = ["--out", str(tmp_path / "out"), "--images", str(folder)]
    assert main(["export", archive, "--to", "safetensors", *out]) == 0
    printed = capsys.readouterr().out
    assert "compared on 5 images: same class on all of them" in printed
    assert "ms for 64" in printed and "MiB for 1 image" in printed


@pytest.mark.thorough
def test_a_program_is_exported_with_its_options_by_name(
    checkpoint: Path, folder: Path, tmp_path: Path
) -> None:
    out = ["--out", str(tmp_path / "out"), "--images", str(folder)]
    assert main(["export", str(checkpoint), "--to", "torch-export", *out]) == 0
    program = torch.export.load(tmp_path / "out" / "network.pt2")
    assert program.module()(torch.zeros(3, 1, 8, 8)).shape == (3, 10)


def test_an_export_that_there_is_not_of_a_network_is_refused_with_its_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = export_to(own_net(), tmp_path / "own.pt2")
    network = adopt(outline_exported(program).config(), weights=program)
    checkpoint = saved(network, tmp_path / "checkpoint", trained_on=None)
    out = tmp_path / "out"
    assert main(["export", str(checkpoint), "--to", "pytorch", "--out", str(out)]) == 2
    reason = why_not_offered(ExportKind.PYTORCH, network.architecture.skeleton)
    assert reason and reason in capsys.readouterr().err
    assert not out.exists()


def test_a_data_set_that_is_gone_is_named_with_the_way_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = TrainedOn("flowers", NAMES, DIGITS.mean, DIGITS.std)
    checkpoint = saved(small_network("chainnet"), tmp_path / "checkpoint", gone)
    out = tmp_path / "out"
    assert main(["export", str(checkpoint), "--to", "onnx", "--out", str(out)]) == 2
    assert "flowers" in (said := capsys.readouterr().err) and "--images DIR" in said
    assert not out.exists()


def test_a_folder_without_images_is_refused(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    out = ["--out", str(tmp_path / "out"), "--images", str(tmp_path / "empty")]
    assert main(["export", str(checkpoint), "--to", "onnx", *out]) == 2
    assert "expected a folder with images" in capsys.readouterr().err


def test_a_form_that_there_is_not_is_refused(
    checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["export", str(checkpoint), "--to", "pickle", "--out", "out"])
    assert "onnx" in capsys.readouterr().err


def test_prediction_prints_the_likeliest_classes_first(
    checkpoint: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images = [str(folder / "0.png"), str(folder / "2.png")]
    assert main(["predict", str(checkpoint), *images, "--device", "cpu", "--top", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [lines[0], lines[3]] == images and len(lines) == 6
    first, second = (float(line.split()[-1].rstrip("%")) for line in lines[1:3])
    assert 100 >= first >= second >= 0


def test_prediction_as_json_has_all_classes_where_asked(
    checkpoint: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["predict", str(checkpoint), str(folder / "0.png"), "--device", "cpu"]
    assert main([*arguments, "--json", "--top", "99"]) == 0
    (entry,) = json.loads(capsys.readouterr().out)
    assert {item["class"] for item in entry["classes"]} == set(NAMES)
    assert sum(item["probability"] for item in entry["classes"]) == pytest.approx(1)


@pytest.mark.parametrize(
    ("name", "reason"),
    [("licence.txt", "cannot be decoded as an image"), ("missing.png", "No such file")],
)
def test_an_image_that_cannot_be_read_is_named(
    checkpoint: Path, folder: Path, name: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", str(checkpoint), str(folder / name), "--device", "cpu"]) == 2
    assert name in (said := capsys.readouterr().err) and reason in said


def test_an_exported_file_is_not_a_checkpoint(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "network.onnx").write_bytes(b"")
    assert main(["predict", str(tmp_path / "network.onnx"), str(folder / "0.png")]) == 2
    assert "run it with onnxruntime" in capsys.readouterr().err
