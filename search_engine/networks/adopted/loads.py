"""Counts what torchvision's classifiers come to, for estimates that are made without torch.

    python -m search_engine.networks.adopted.loads

It writes the table in `search_engine/spec/torchvision_loads.py` anew. Nothing is computed: weights
and images are on the meta device.
"""

from pathlib import Path
from typing import Any

import torch
from torch import nn

from search_engine.networks.adopted.adopting import outline_torchvision
from search_engine.networks.adopted.torchvision_nets import empty_torchvision
from search_engine.spec import TORCHVISION_MODELS, ImageShape, torchvision_loads
from search_engine.spec.torchvision_loads import SIDE

BATCH = 2
CLASSES = 10
_BEGUN = (nn.modules.conv._ConvNd, nn.modules.batchnorm._BatchNorm, nn.LayerNorm, nn.Linear)

FILE = Path(torchvision_loads.__file__)
FIRST, LAST = "TORCHVISION_LOADS = {\n", "}\n# fmt: on\n"


def counted(model: str) -> tuple[int, int, int, int, int]:
    """A row of the table: parameters, multiply-adds, features, numbers, layers."""
    image = ImageShape(3, SIDE, SIDE)
    outline = outline_torchvision(model, image, CLASSES)
    head = outline.head.cost(CLASSES)
    module = empty_torchvision(model, image, CLASSES).train()
    layers = sum(isinstance(layer, _BEGUN) for layer in module.modules())
    return (
        outline.cost.parameters - head.parameters,
        outline.cost.multiply_adds - head.multiply_adds,
        outline.head.features,
        kept_numbers(module, image) // BATCH,
        layers,
    )


def kept_numbers(module: nn.Module, image: ImageShape) -> int:
    """What the backward pass keeps of a batch, its weights apart."""
    own = {tensor.untyped_storage()._cdata for tensor in module.state_dict().values()}
    kept: dict[int, torch.Tensor] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        place = tensor.untyped_storage()._cdata
        if place not in own and tensor.is_floating_point():
            kept.setdefault(place, tensor)
        return tensor

    images = torch.empty(BATCH, image.channels, image.height, image.width, device="meta")
    unpack: Any = lambda tensor: tensor  # noqa: E731
    with torch.autograd.graph.saved_tensors_hooks(keep, unpack):
        logits = module(images)
    assert logits.shape == (BATCH, CLASSES)
    return sum(tensor.numel() for tensor in kept.values())


def main() -> None:
    """Write the table anew, and leave what stands around it."""
    head, _, _ = FILE.read_text(encoding="utf-8").partition(FIRST)
    rows = []
    for model in TORCHVISION_MODELS:
        numbers = ", ".join(f"{number:_}" for number in counted(model))
        rows.append(f'    "{model}": Counted({numbers}),\n')
    FILE.write_text("".join((head, FIRST, *rows, LAST)), encoding="utf-8")


if __name__ == "__main__":
    main()
