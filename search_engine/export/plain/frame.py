"""What stands around the classes of a generated file."""

from search_engine.export.about import About
from search_engine.export.plain.text import constant, literal
from search_engine.version import __version__


def opening(title: str, note: str, about: About, weights: str, body: str) -> str:
    """What stands before the classes: docstring, imports, constants.

    Args:
        title: what network it is; `A ChainNet`.
        note: sentences that end the docstring.
        about: class names and what images are normalised with.
        weights: name of the weights' file.
        body: the classes, which say what is imported.
    """
    ordered = "from collections import OrderedDict\n" if "OrderedDict(" in body else ""
    functional = "from torch.nn import functional as F\n" if "F." in body else ""
    image = about.image
    shape = f"{image.channels}, {image.height}, {image.width}"
    return f'''"""{title} in plain PyTorch: it needs nothing but torch.

    network = load()                      # with its weights, in eval mode
    logits = network(preprocess(images))  # images: uint8, (N, {shape})
    names = [CLASS_NAMES[index] for index in logits.argmax(dim=1).tolist()]

Written by Espalier {__version__}. {note}
"""

import json
import math
{ordered}from pathlib import Path

import torch
from torch import Tensor, nn
{functional}
WEIGHTS = Path(__file__).with_name({literal(weights)})
{constant("CLASS_NAMES", [literal(class_name) for class_name in about.class_names])}
IMAGE_SHAPE = ({shape})  # channels, height, width
# Of the training images, scaled to 0 .. 1.
{constant("MEAN", [repr(value) for value in about.mean])}
{constant("STD", [repr(value) for value in about.std])}
'''


def closing(name: str) -> str:
    """What stands after the classes: it reads images and weights.

    Args:
        name: of the network's class.
    """
    return f'''
def preprocess(images: Tensor) -> Tensor:
    """What the network takes of images: uint8, (N, C, H, W), of IMAGE_SHAPE."""
    mean = torch.tensor(MEAN, device=images.device).view(1, -1, 1, 1)
    std = torch.tensor(STD, device=images.device).view(1, -1, 1, 1)
    return (images.float() / 255 - mean) / std


def read_weights(path: Path | str = WEIGHTS) -> dict[str, Tensor]:
    """Read a safetensors file: a length, a JSON table of the tensors, their bytes. No pickle."""
    data = bytearray(Path(path).read_bytes())
    start = 8 + int.from_bytes(data[:8], "little")
    table = json.loads(data[8:start])
    table.pop("__metadata__", None)
    types = {{"F32": torch.float32, "I64": torch.int64, "BOOL": torch.bool}}
    state = {{}}
    for name, entry in table.items():
        state[name] = torch.frombuffer(
            data,
            dtype=types[entry["dtype"]],
            count=math.prod(entry["shape"]),
            offset=start + entry["data_offsets"][0],
        ).view(entry["shape"])
    return state


def load(path: Path | str = WEIGHTS) -> {name}:
    """The network with its weights, in eval mode."""
    network = {name}()
    network.load_state_dict(read_weights(path))
    return network.eval()


if __name__ == "__main__":
    count = sum(parameter.numel() for parameter in load().parameters())
    print(f"{name}: {{count:,}} parameters, {{len(CLASS_NAMES)}} classes, images {{IMAGE_SHAPE}}")
'''.lstrip("\n")
