"""timm's classifiers, where timm is installed: as exported programs, and the weights it publishes.

A network that has become a program needs timm no more, here or elsewhere.
"""

import importlib
import importlib.util
import warnings
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import torch

from search_engine.spec import ImageShape, Normalisation, PublishedWeights
from search_engine.spec.errors import InvalidConfig

_MISSING = "timm is not installed here: pip install 'timm>=1.0,<2'"
_HUB = "https://huggingface.co"
_STATED_NOWHERE = "not stated by the publisher"


def timm_weights(model: str) -> PublishedWeights:
    """What timm says of the weights that it publishes for a network, without their file.

    The digest is known once the file is there: its publisher tells it where it is fetched.

    Args:
        model: such as `resnet18`, or `resnet18.a1_in1k` for one of several.

    Raises:
        InvalidConfig: timm is not installed, or has no such network or no weights for it.
    """
    timm = _timm(model)
    given = timm.get_pretrained_cfg(model, allow_unregistered=False)
    if given is None or not given.hf_hub_id:
        raise InvalidConfig("weights", f"timm publishes none for {model[:60]}")
    name = f"{given.architecture}.{given.tag}" if given.tag else given.architecture
    channels, height, width = given.input_size
    repository = given.hf_hub_id if "/" in given.hf_hub_id else f"timm/{given.hf_hub_id}"
    return PublishedWeights(
        name=name,
        file=f"{name}.safetensors",
        address=f"{_HUB}/{repository}/resolve/main/model.safetensors",
        sha256="",
        licence=given.license or _STATED_NOWHERE,
        image=ImageShape(channels, height, width),
        normalisation=Normalisation(tuple(given.mean), tuple(given.std)),
        classes=given.num_classes,
    )


def export_timm(model: str, image: ImageShape, classes: int, path: Path) -> None:
    """Write a network with fresh weights as a program of `torch.export`.

    Args:
        image: shape of its input; the stem takes its channels.

    Raises:
        InvalidConfig: timm is not installed or has no such network, or it cannot be exported or
            cannot take such images.
    """
    timm = _timm(model)
    images = torch.zeros(2, image.channels, image.height, image.width)
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.manual_seed(0)
        try:
            made = timm.create_model(
                model, pretrained=False, num_classes=classes, in_chans=image.channels
            )
            # A batch of any size, so that more than one image can be trained on.
            dynamic = ({0: torch.export.Dim("batch")},)
            program = torch.export.export(made.eval(), (images,), dynamic_shapes=dynamic)
            torch.export.save(program, path)
        except Exception as error:  # whatever a network of somebody else's raises
            reason = " ".join(str(error).split())[:200]
            size = f"{image.height} x {image.width}"
            raise InvalidConfig(
                "model", f"{model} cannot be exported for images of {size} pixels: {reason}"
            ) from None


def _timm(model: str) -> Any:
    """timm, if it has such a network."""
    if importlib.util.find_spec("timm") is None:
        raise InvalidConfig("model", _MISSING)
    timm = importlib.import_module("timm")
    name = model.partition(".")[0]
    if not timm.is_model(name):
        near = get_close_matches(name, timm.list_models(), n=3)
        advice = f"; there is {', '.join(near)}" if near else ""
        raise InvalidConfig("model", f"timm has no network {model[:60]!r}{advice}")
    return timm
