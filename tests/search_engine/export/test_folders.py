"""An export is there complete or not at all."""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from search_engine.export import ExportKind, ExportReport, build, build_export
from search_engine.export.format import Source
from search_engine.export.torch_formats import PytorchFormat
from search_engine.spec.errors import CheckpointError, ExportError
from tests.search_engine.export.exporting import pictures, saved, small_network


class Wrong(PytorchFormat):
    """Writes a network whose head adds one to a logit."""

    def write(self, source: Source, folder: Path) -> tuple[str, ...]:
        bias = source.plain.get_parameter("head.linear.bias").data
        bias[0] += 1
        names = super().write(source, folder)
        bias[0] -= 1
        return names


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return saved(small_network("chainnet"), tmp_path / "checkpoint")


def test_an_export_that_computes_something_else_is_removed(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(build._FORMATS, ExportKind.PYTORCH, Wrong())
    with pytest.raises(ExportError, match=r"within 1e-05 of their scale, got a difference of \d"):
        build_export(checkpoint, ExportKind.PYTORCH, tmp_path / "out", pictures())
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint"]


def test_a_missing_library_is_named(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ExportError, match=r"needs onnxruntime.*pip install onnx"):
        build_export(checkpoint, ExportKind.ONNX, tmp_path / "out", pictures())
    assert not (tmp_path / "out").exists()


def test_a_folder_in_use_is_left_alone(checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "letter.txt").write_text("mine")
    with pytest.raises(ExportError, match="in use"):
        build_export(checkpoint, ExportKind.PYTORCH, tmp_path / "out", pictures())
    assert (tmp_path / "out" / "letter.txt").read_text() == "mine"


def test_an_empty_folder_is_filled(checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    report = build_export(checkpoint, ExportKind.PYTORCH, tmp_path / "out", pictures())
    for file in report.files:
        data = (tmp_path / "out" / file.name).read_bytes()
        assert file.bytes == len(data) and file.sha256 == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("name", ["weights.safetensors", "checkpoint.json"])
def test_a_damaged_checkpoint_leaves_nothing(checkpoint: Path, name: str, tmp_path: Path) -> None:
    (checkpoint / name).write_bytes(b"rubbish")
    with pytest.raises(CheckpointError, match=name):
        build_export(checkpoint, ExportKind.PYTORCH, tmp_path / "out", pictures())
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint"]


@pytest.mark.thorough
def test_a_process_that_dies_leaves_nothing_under_the_name(
    checkpoint: Path, tmp_path: Path
) -> None:
    script = """
import os, sys
from pathlib import Path
from search_engine.export import ExportKind, build, build_export
from search_engine.export.torch_formats import PytorchFormat

class Dying(PytorchFormat):
    def reopen(self, folder):
        os._exit(9)

build._FORMATS[ExportKind.PYTORCH] = Dying()
build_export(Path(sys.argv[1]), ExportKind.PYTORCH, Path(sys.argv[2]), None)
"""
    out = tmp_path / "out"
    command = [sys.executable, "-c", script, str(checkpoint), str(out)]
    assert subprocess.run(command, check=False).returncode == 9
    assert not out.exists()
    build_export(checkpoint, ExportKind.PYTORCH, out, pictures())
    assert sorted(path.name for path in out.iterdir()) == ["network.py", "network.safetensors"]


def test_a_zip_is_exported_like_a_folder(checkpoint: Path, tmp_path: Path) -> None:
    archive = shutil.make_archive(str(tmp_path / "found"), "zip", tmp_path, "checkpoint")
    from_zip = build_export(Path(archive), ExportKind.PYTORCH, tmp_path / "a", pictures())
    from_folder = build_export(checkpoint, ExportKind.PYTORCH, tmp_path / "b", pictures())
    assert from_zip.sha256 == from_folder.sha256


def test_a_report_round_trips_through_json(checkpoint: Path, tmp_path: Path) -> None:
    report = build_export(checkpoint, ExportKind.PYTORCH, tmp_path / "out", pictures())
    document = json.loads(json.dumps(report.to_json()))
    assert ExportReport.from_json(document) == report
    assert document["bytes"] == sum(file["bytes"] for file in document["files"])
    (tmp_path / "out" / "SHA256SUMS").write_text(report.sums)
    checked = ["sha256sum", "--check", "--quiet", "SHA256SUMS"]
    assert subprocess.run(checked, cwd=tmp_path / "out", check=False).returncode == 0
