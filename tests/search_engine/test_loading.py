"""A checkpoint or a downloaded zip, ready to classify images."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import search_engine
from search_engine.checkpoint import open_checkpoint
from search_engine.data import Batches, DeviceImages, Statistics, load_dataset
from search_engine.loading import Picture
from search_engine.spec.errors import CheckpointError, DatasetError
from tests.search_engine.export.exporting import DIGITS, NAMES, pictures, saved, small_network


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return saved(small_network("densenet"), tmp_path / "found" / "trial-3")


@pytest.fixture
def downloaded(checkpoint: Path, tmp_path: Path) -> Path:
    """As the application gives it: all files in one folder, others beside them."""
    (checkpoint / "metrics.json").write_text("{}")
    (checkpoint / "load.py").write_text("raise SystemExit('never run')")
    return Path(shutil.make_archive(str(tmp_path / "a"), "zip", checkpoint.parent, "trial-3"))


def test_the_package_loads_without_torch() -> None:
    script = "import search_engine, sys; search_engine.load; print('torch' in sys.modules)"
    command = [sys.executable, "-c", script]
    assert subprocess.run(command, capture_output=True, text=True).stdout == "False\n"


def test_folder_and_zip_give_the_same_network(checkpoint: Path, downloaded: Path) -> None:
    images = pictures(5)
    folder, archive = (search_engine.load(path) for path in (checkpoint, str(downloaded)))
    assert torch.equal(folder.predict(images), archive.predict(images))
    assert folder.class_names == NAMES and folder.description == archive.description


def test_probabilities_add_up_to_one(checkpoint: Path) -> None:
    shares = search_engine.load(checkpoint).predict(pictures(130))
    assert shares.shape == (130, 10)
    torch.testing.assert_close(shares.sum(dim=1), torch.ones(130))


def test_images_are_normalised_as_in_training(checkpoint: Path) -> None:
    dataset = load_dataset("digits")
    statistics = Statistics(DIGITS.mean, DIGITS.std)
    batches = Batches(DeviceImages(dataset, "cpu"), torch.arange(8), 8, statistics=statistics)
    (expected, _), *_ = batches.in_order()
    loaded = search_engine.load(checkpoint)
    got = torch.stack([loaded.preprocess(image[0].numpy()) for image in dataset.images[:8]])
    torch.testing.assert_close(got, expected, rtol=0, atol=1e-5)


def test_an_image_may_be_an_array_or_of_pillow_and_of_any_size(checkpoint: Path) -> None:
    loaded = search_engine.load(checkpoint)
    pixels = pictures(1)[0, 0].numpy()
    tripled = np.repeat(pixels[..., None], 3, axis=2)
    several: list[Picture] = [
        pixels,
        Image.fromarray(pixels),
        pixels[..., None],
        Image.fromarray(tripled),
    ]
    shares = loaded.predict(several)
    torch.testing.assert_close(shares, loaded.predict(pictures(1)).expand(4, -1))
    assert loaded.predict(Image.new("RGBA", (300, 200))).shape == (1, 10)


@pytest.mark.parametrize(
    "image",
    [np.zeros((8, 8)), np.zeros((8,), np.uint8), np.zeros((8, 8, 2), np.uint8), "picture.png"],
)
def test_what_is_no_image_is_refused(checkpoint: Path, image: object) -> None:
    with pytest.raises(DatasetError, match="expected"):
        search_engine.load(checkpoint).preprocess(image)  # type: ignore[arg-type]


def test_a_tensor_of_another_shape_is_refused(checkpoint: Path) -> None:
    with pytest.raises(DatasetError, match=r"expected uint8 of shape \(N, 1, 8, 8\)"):
        search_engine.load(checkpoint).predict(torch.zeros(2, 3, 8, 8, dtype=torch.uint8))


def test_a_network_that_was_never_trained_is_not_loaded(tmp_path: Path) -> None:
    folder = saved(small_network("chainnet"), tmp_path / "fresh", trained_on=None)
    with pytest.raises(CheckpointError, match="trained on"):
        search_engine.load(folder)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("network.onnx", "onnxruntime"),
        ("network.pt2", r"torch\.export\.load"),
        ("network.py", "import it"),
        ("a.zip", "folder or zip"),
    ],
)
def test_what_is_no_checkpoint_says_what_it_is(name: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"something else")
    with pytest.raises(CheckpointError, match=reason):
        search_engine.load(tmp_path / name)


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"nowhere.checkpoint\.json.*No such file"):
        search_engine.load(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        ([], "one checkpoint.json in it, got 0"),
        (["a/checkpoint.json", "b/checkpoint.json"], "one checkpoint.json in it, got 2"),
        (["a/checkpoint.json", "weights.safetensors"], "weights.safetensors is missing"),
    ],
)
def test_a_zip_holds_one_checkpoint(names: list[str], reason: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in names:
            archive.writestr(name, "{}")
    with pytest.raises(CheckpointError, match=reason):
        search_engine.load(tmp_path / "a.zip")


def test_names_in_a_zip_choose_no_path_on_the_disk(checkpoint: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for path in checkpoint.iterdir():
            archive.write(path, f"../../{path.name}")
    with open_checkpoint(tmp_path / "a.zip") as folder:
        assert sorted(p.name for p in folder.iterdir()) == [
            "checkpoint.json",
            "weights.safetensors",
        ]
    assert not folder.exists()
    assert not list(tmp_path.parent.glob("checkpoint.json"))


def test_a_damaged_zip_is_named(downloaded: Path) -> None:
    data = bytearray(downloaded.read_bytes())
    data[len(data) // 2] ^= 0xFF
    downloaded.write_bytes(data)
    with pytest.raises(CheckpointError, match=r"a\.zip"):
        search_engine.load(downloaded)


def test_a_description_that_unpacks_too_large_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("checkpoint.json", b" " * 10_000_000)
    with pytest.raises(CheckpointError, match=r"checkpoint\.json is larger than"):
        search_engine.load(tmp_path / "a.zip")
