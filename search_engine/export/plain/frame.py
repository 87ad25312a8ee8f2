"""What stands around the classes of a generated file."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from search_engine.export.format import About
from search_engine.export.plain import picture
from search_engine.export.plain.text import WIDTH, constant, literal
from search_engine.version import __version__


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What the docstring, the imports and `load` of a generated file say of its network.

    Args:
        title: what network it is; `A ChainNet`.
        note: sentences that end the docstring.
        name: of the network in the line that the file prints as a script.
        needs_torchvision: that library makes it.
        keeps_version: its weights are loaded only with the version number of their layout.
    """

    title: str
    note: str
    name: str
    made: str
    annotation: str
    needs_torchvision: bool = False
    keeps_version: bool = False

    def around(self, pieces: Sequence[str], about: About, weights: str) -> str:
        """The whole file.

        Args:
            pieces: the classes and functions of the network.
            about: class names and what images are normalised with.
        """
        body = "\n\n".join(piece.strip("\n") + "\n" for piece in pieces)
        made = picture.function(about.rendering)
        return f"{self._opening(body, about, weights)}\n\n{body}\n{made}\n{self._closing()}"

    def _opening(self, body: str, about: About, weights: str) -> str:
        ordered = "from collections import OrderedDict\n" if self.keeps_version else ""
        functional = "from torch.nn import functional as F\n" if "F." in body else ""
        library = "import torchvision\n" if self.needs_torchvision else ""
        needs = "torch and torchvision" if self.needs_torchvision else "nothing but torch"
        written = f"Written by Espalier {__version__}. {self.note}"
        image = about.image
        shape = f"{image.channels}, {image.height}, {image.width}"
        return f'''"""{self.title} in plain PyTorch: it needs {needs}.

    network = load()                      # with its weights, in eval mode
    logits = network(preprocess(images))  # images: uint8, (N, {shape});
                                          # pixels(image) of an image of Pillow's
    names = [CLASS_NAMES[index] for index in logits.argmax(dim=1).tolist()]

{textwrap.fill(written, WIDTH - 4)}
"""

import json
import math
{ordered}from pathlib import Path

import torch
{library}from torch import Tensor, nn
{functional}
WEIGHTS = Path(__file__).with_name({literal(weights)})
{constant("CLASS_NAMES", [literal(class_name) for class_name in about.class_names])}
IMAGE_SHAPE = ({shape})  # channels, height, width
# Of the training images, scaled to 0 .. 1.
{constant("MEAN", [repr(value) for value in about.mean])}
{constant("STD", [repr(value) for value in about.std])}
{picture.constants(about.rendering)}'''

    def _closing(self) -> str:
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


def load(path: Path | str = WEIGHTS) -> {self.annotation}:
    """The network with its weights, in eval mode."""
    model = {self.made}
{self._loading()}
    return model.eval()


if __name__ == "__main__":
    count = sum(parameter.numel() for parameter in load().parameters())
    about = f"{{count:,}} parameters, {{len(CLASS_NAMES)}} classes, images {{IMAGE_SHAPE}}"
    print(f"{self.name}: {{about}}")
'''.lstrip("\n")

    def _loading(self) -> str:
        if not self.keeps_version:
            return "    model.load_state_dict(read_weights(path))"
        return """    state = OrderedDict(read_weights(path))
    state._metadata = model.state_dict()._metadata  # a safetensors file has no version number
    model.load_state_dict(state)"""
