"""The preprocessing inside an ONNX file makes the pixels that Python makes, to the bit."""

from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper
from PIL import Image

from search_engine.export import parity
from search_engine.export.format import About
from search_engine.export.onnx_preprocessing import PIXELS, with_preprocessing
from search_engine.export.trial_pictures import seen_as_wide
from search_engine.loading import normalise, pixels_of
from search_engine.spec import ImageShape
from search_engine.spec.errors import ExportError
from search_engine.spec.pictures import Fit, Rendering

MEAN, STD = (0.5, 0.4, 0.3), (0.25, 0.2, 0.3)
SIZES = [(24, 32), (100, 60), (33, 40), (16, 12), (5, 9), (640, 480), (1, 300), (401, 7)]
LEVELS = (700, 50000)


def about(channels: int, fit: Fit = Fit.STRETCH, **rendering: Any) -> About:
    names = tuple(map(str, range(channels)))
    shape = ImageShape(channels, 32, 24)
    how = Rendering(fit=fit, **rendering)
    return About(shape, names, MEAN[:channels], STD[:channels], how)


def noise(size: tuple[int, int], channels: int = 3, most: int = 256) -> NDArray[Any]:
    kind = np.uint8 if most == 256 else np.uint16
    return np.random.default_rng(0).integers(0, most, (size[1], size[0], channels), dtype=kind)


def session(told: About) -> onnxruntime.InferenceSession:
    """The preprocessing before a network that only adds everything up."""
    channels, image = told.image.channels, told.image
    add = helper.make_node("ReduceSum", ["images", "axes"], ["logits"], keepdims=0)
    axes = helper.make_tensor("axes", TensorProto.INT64, [2], [2, 3])
    sizes: list[str | int | None] = ["batch", channels, image.height, image.width]
    taken = helper.make_tensor_value_info("images", TensorProto.FLOAT, sizes)
    given = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", channels])
    graph = helper.make_graph([add], "sum", [taken], [given], [axes])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    made = with_preprocessing(model, told)
    onnx.checker.check_model(made, full_check=True)
    for name in (PIXELS, "images"):
        made.graph.output.append(helper.make_empty_tensor_value_info(name))
    return onnxruntime.InferenceSession(made.SerializeToString())


@pytest.mark.parametrize("fit", Fit)
@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_come_to_their_size_as_in_python(channels: int, fit: Fit) -> None:
    told = about(channels, fit, ground="#204060")
    ran = session(told)
    for size in SIZES:
        taken = noise(size)
        expected = pixels_of(Image.fromarray(taken), told.image, told.rendering)
        pixels, images = ran.run([PIXELS, "images"], {"pictures": taken[None]})
        assert np.array_equal(pixels[0], expected.numpy()), size
        assert np.array_equal(images, normalise(expected[None], told.trained_on).numpy()), size


@pytest.mark.parametrize("fit", [Fit.STRETCH, Fit.PAD])
@pytest.mark.parametrize("channels", [1, 3])
def test_what_is_see_through_lies_on_the_ground(channels: int, fit: Fit) -> None:
    told = about(channels, fit, ground="#c08010")
    taken = noise((45, 31), 4)
    expected = pixels_of(Image.fromarray(taken), told.image, told.rendering)
    (pixels,) = session(told).run([PIXELS], {"pictures": taken[None]})
    assert np.array_equal(pixels[0], expected.numpy())


@pytest.mark.parametrize(("channels", "fit"), [(1, Fit.PAD), (3, Fit.CROP), (3, Fit.PAD)])
def test_sixteen_bits_are_scaled_by_the_levels_of_the_set(channels: int, fit: Fit) -> None:
    told = about(channels, fit, levels=LEVELS)
    taken = noise((45, 31), 1, 65536)
    expected = pixels_of(Image.fromarray(taken[..., 0]), told.image, told.rendering)
    (pixels,) = session(told).run([PIXELS], {"pictures": taken[None]})
    assert np.array_equal(pixels[0], expected.numpy())


def test_several_pictures_at_once_are_each_as_alone() -> None:
    told = about(3, Fit.CROP)
    ran, pictures = session(told), np.stack([noise((45, 31)), 255 - noise((45, 31))])
    (both,) = ran.run([PIXELS], {"pictures": pictures})
    alone = [ran.run([PIXELS], {"pictures": one[None]})[0][0] for one in pictures]
    assert np.array_equal(both, np.stack(alone)) and not np.array_equal(*both)


def test_images_that_were_grey_levels_of_16_bits_stay_what_they_are_seen_as() -> None:
    images = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16)
    assert torch.equal(seen_as_wide(images, Rendering(levels=LEVELS)), images)
    few = Rendering(levels=(1000, 1100))
    once = seen_as_wide(images, few)
    assert len(once.unique()) == 101 and torch.equal(seen_as_wide(once, few), once)


def test_an_export_with_one_other_pixel_is_not_kept() -> None:
    expected = torch.zeros(1, 4, 4, dtype=torch.uint8)
    parity.check_pixels(expected[None], expected)
    found = expected.clone()
    found[0, 2, 1] = 1
    with pytest.raises(ExportError, match="1 of 16 that are up to 1 grey level"):
        parity.check_pixels(found[None], expected)
