"""The browser sees images exactly as the engine does: the same code runs here under Node."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from search_engine.loading import Loaded
from search_engine.networks import build_network
from search_engine.spec import Architecture, DenseNetConfig, ImageShape
from search_engine.spec.description import Description, TrainedOn

MODULE = Path(__file__).parents[3] / "static/js/domain/preprocess.js"
SCRIPT = f"""
import {{ readFileSync }} from "node:fs";
import {{ normalised, seen }} from "{MODULE.as_uri()}";
const {{ data, width, height, shape, mean, std }} = JSON.parse(readFileSync(0));
const pixels = seen({{ data: Uint8ClampedArray.from(data), width, height }}, shape);
console.log(JSON.stringify([...normalised(pixels, mean, std)]));
"""
MEAN, STD = (0.5, 0.4, 0.3), (0.25, 0.2, 0.3)


def in_browser(image: Image.Image, shape: ImageShape) -> list[float]:
    given = {
        "data": np.asarray(image.convert("RGBA")).ravel().tolist(),
        "width": image.width,
        "height": image.height,
        "shape": [shape.channels, shape.height, shape.width],
        "mean": MEAN[: shape.channels],
        "std": STD[: shape.channels],
    }
    command = ["node", "--input-type=module", "--eval", SCRIPT]
    ran = subprocess.run(
        command, input=json.dumps(given), capture_output=True, text=True, check=True
    )
    return list(json.loads(ran.stdout))


@pytest.mark.parametrize(
    ("size", "shape"),
    [
        ((37, 29), ImageShape(1, 8, 8)),
        ((5, 9), ImageShape(1, 28, 28)),
        ((100, 60), ImageShape(3, 32, 32)),
        ((640, 480), ImageShape(3, 24, 32)),
        ((32, 32), ImageShape(3, 32, 32)),
    ],
)
def test_what_the_network_gets_is_the_same_to_the_last_bit(
    size: tuple[int, int], shape: ImageShape
) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    image = Image.fromarray(noise)
    architecture = Architecture.start(DenseNetConfig(image=shape))
    trained_on = TrainedOn("noise", ("a",), MEAN[: shape.channels], STD[: shape.channels])
    network = build_network(architecture, seed=0)
    loaded = Loaded(network, Description(architecture, trained_on=trained_on), trained_on)
    found = torch.tensor(in_browser(image, shape)).view(shape.channels, shape.height, shape.width)
    # One bit of float32: the browser divides in double precision.
    assert torch.allclose(found, loaded.preprocess(image), rtol=0, atol=1e-6)
