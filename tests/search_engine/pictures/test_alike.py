"""What training, `predict` and a program that was written out see of odd pictures is the same.

What the browser sees: tests/end_to_end/test_pictures_alike.py.
"""

import types
from pathlib import Path

import numpy as np
import pytest
import torch

from search_engine.data import read_folder
from search_engine.export.format import About
from search_engine.export.plain import write_program
from search_engine.loading import pixels_of
from search_engine.networks import build_network
from search_engine.pictures.pixels import opened
from search_engine.spec import Architecture, DenseNetConfig, ImageShape
from search_engine.spec.pictures import Answers, Fit
from tests.search_engine.pictures.odd_pictures import colour, odd_pictures, other_pictures

PICTURES = odd_pictures() | other_pictures()


def exported(about: About) -> types.ModuleType:
    """The program that an export would write, as a module."""
    network = build_network(Architecture.start(DenseNetConfig(image=about.image)), seed=0)
    module = types.ModuleType("network")
    module.__file__ = "network.py"
    exec(write_program(network, about, "network.safetensors"), vars(module))
    return module


@pytest.mark.parametrize(
    ("fit", "ground"), [(Fit.STRETCH, "#ffffff"), (Fit.CROP, "#204060"), (Fit.PAD, "#808000")]
)
def test_a_picture_is_the_same_to_training_and_to_who_uses_the_network(
    fit: Fit, ground: str, tmp_path: Path
) -> None:
    for folder in ("one", "other"):
        (tmp_path / folder).mkdir()
        for name, content in PICTURES.items():
            (tmp_path / folder / name).write_bytes(content)
    answers = Answers(height=24, width=32, fit=fit, ground=ground)
    dataset = read_folder(tmp_path, answers=answers)
    assert dataset.image_shape == (3, 24, 32)
    shape, rendering = ImageShape(3, 24, 32), dataset.rendering
    program = exported(About(shape, ("a", "b"), (0.5,) * 3, (0.5,) * 3, rendering))
    for row, name in enumerate(sorted(PICTURES)):
        with opened(PICTURES[name], name) as image:
            used = pixels_of(image, shape, rendering)
            assert torch.equal(used, program.pixels(image)[0]), name
        assert torch.equal(dataset.images[row], used), name


def test_16_bits_are_scaled_over_the_range_of_the_whole_set(tmp_path: Path) -> None:
    wide = {name: PICTURES[name] for name in ("wide.png", "wide_filtered.png", "wide.tif")}
    for folder in ("one", "other"):
        (tmp_path / folder).mkdir()
        for name, content in wide.items():
            (tmp_path / folder / name).write_bytes(content)
    dataset = read_folder(tmp_path, answers=Answers(height=10, width=40))
    assert dataset.image_shape == (1, 10, 40)
    levels = [(np.arange(400) * 163 % 60000).astype(int), colour()[..., 0].astype(int) * 190 + 700]
    highest = max(int(levels[0].max()), int(levels[1].max()), int(colour()[..., 0].max()) * 200)
    assert dataset.rendering.levels == (0, highest)
    expected = np.floor(levels[0] * (255 / highest) + 0.5).reshape(10, 40)
    # In order of path: wide.png, wide.tif, wide_filtered.png
    assert np.array_equal(dataset.images[2, 0].numpy(), expected)


def test_transparency_lies_on_white() -> None:
    with opened(PICTURES["transparent.png"], "transparent.png") as image:
        seen = pixels_of(image, ImageShape(3, 31, 45))
    rgb = torch.from_numpy(colour()).permute(2, 0, 1).float()
    alpha = torch.tensor(
        [[(row + column) * 255 // 74 for column in range(45)] for row in range(31)]
    )
    assert (seen - (rgb * alpha + 255 * (255 - alpha)) / 255).abs().max() <= 0.5


def test_a_very_large_jpeg_is_decoded_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search_engine.pictures.pixels.DECODED_SMALL", 10_000)
    with opened(PICTURES["large.jpg"], "large.jpg") as image:
        seen = pixels_of(image, ImageShape(3, 4, 5))
        assert image.size == (325, 12)
    with opened(PICTURES["large.jpg"], "large.jpg") as image:
        image.load()
        whole = pixels_of(image, ImageShape(3, 4, 5))
    assert (seen.float() - whole.float()).abs().mean() < 8
