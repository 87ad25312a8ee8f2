"""torchvision's classifiers as plain modules, on no device or with torchvision's own fresh weights.

Auxiliary classifiers are left out, so that a network gives logits in training mode too.
"""

import importlib
import re
import warnings
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from search_engine.networks.adopted.published import digest_in
from search_engine.spec import (
    NORMALISATIONS,
    TORCHVISION_MODELS,
    ImageShape,
    Normalisation,
    PublishedWeights,
)
from search_engine.spec.errors import InvalidConfig

COLOURS = 3
"""Channels of the images that torchvision's stems take."""
_WITHOUT_AUXILIARY = ("googlenet", "inception_v3")
BEST = "DEFAULT"
"""The weights that torchvision recommends."""
_WITHOUT_CLASSES = "FEATURES"
"""What the name of weights without a last layer contains."""
_LICENCE = "BSD 3-Clause, as torchvision; trained on ImageNet, whose own terms are for research"
_OLD_DENSENET = re.compile(r"(.*denselayer\d+\.(?:norm|conv))\.([12]\..*)")

State = dict[str, Tensor]
"""A network's tensors by name."""


def empty_torchvision(model: str, image: ImageShape, classes: int) -> nn.Module:
    """A classifier whose weights are on the `meta` device.

    Args:
        image: shape of its input; the stem takes its channels.

    Raises:
        InvalidConfig: torchvision has no such classifier, or it cannot be made for such images.
    """
    # Not on the meta device altogether: RegNet computes its widths by tensors, and reads them.
    with torch.device("cpu"), EmptyOnMeta():
        module = _make(model, image, classes, init_weights=False)
    stem = stem_of(module)
    with torch.device("meta"):
        _set_channels(module, stem, image.channels)
    return module.to("meta")


def fresh_torchvision(model: str, image: ImageShape, classes: int, seed: int) -> State:
    """The weights that torchvision would give a new classifier, by a seed, on the CPU.

    Args:
        seed: of the draws; torch's own generators are left as they were.
    """
    with torch.random.fork_rng(devices=[]), torch.device("cpu"):
        torch.manual_seed(seed)
        module = _make(model, image, classes, init_weights=True)
    state = module.state_dict()
    name = f"{stem_of(module)}.weight"
    state[name] = fold_stem(state[name], image.channels)
    return dict(state)


def torchvision_arguments(
    model: str, image: ImageShape, classes: int, *, init_weights: bool = False
) -> dict[str, Any]:
    """What torchvision's function of the model's name is called with, to make it.

    Args:
        init_weights: draw weights where it can be told not to, which saves much time.
    """
    arguments: dict[str, Any] = {"num_classes": classes}
    if model in _WITHOUT_AUXILIARY:
        arguments |= {"aux_logits": False, "init_weights": init_weights}
    if model == "maxvit_t":
        arguments["input_size"] = (image.height, image.width)
    return arguments


def check_torchvision(model: str) -> None:
    """Check that it is a torchvision classifier that can be adopted.

    Raises:
        InvalidConfig: it is not.
    """
    if model not in TORCHVISION_MODELS:
        raise InvalidConfig(
            "model",
            "expected a torchvision classifier with 3x3 convolutions, such as resnet18,"
            f" got {model[:60]!r}",
        )


def torchvision_weights(model: str, name: str = BEST) -> PublishedWeights:
    """What is known of weights that torchvision publishes, without their file.

    Args:
        model: one of `TORCHVISION_MODELS`.
        name: torchvision's, such as `IMAGENET1K_V1`; `BEST` for what it recommends.

    Raises:
        InvalidConfig: there is no such classifier, or there are no such weights for it.
    """
    check_torchvision(model)
    known = importlib.import_module("torchvision.models").get_model_weights(model)
    names = [member.name for member in known if _WITHOUT_CLASSES not in member.name]
    if name not in (BEST, *names):
        raise InvalidConfig(
            "weights", f"expected one of {', '.join(names)} for {model}, got {name[:60]!r}"
        )
    found = getattr(known, name)
    file = found.url.rpartition("/")[2]
    presets = found.transforms()
    (side,) = presets.crop_size
    given = Normalisation(tuple(presets.mean), tuple(presets.std))
    return PublishedWeights(
        name=found.name,
        file=file,
        address=found.url,
        sha256=digest_in(file),
        licence=found.meta.get("license", _LICENCE),
        image=ImageShape(COLOURS, side, side),
        # With them torchvision has these two turn ImageNet's normalisation into this one.
        normalisation=NORMALISATIONS["half"] if model in _WITHOUT_AUXILIARY else given,
        classes=len(found.meta["categories"]),
    )


def stem_of(module: nn.Module) -> str:
    """Name of the convolution that sees the image: the first."""
    return next(name for name, layer in module.named_modules() if isinstance(layer, nn.Conv2d))


def fold_stem(weight: Tensor, channels: int) -> Tensor:
    """The stem's filters for images of another number of channels.

    On one channel the result computes what the filters compute on a grey picture in colours; on
    more, what they compute where the colours repeat, scaled to the same sum.

    Args:
        weight: `(C_out, 3, k, k)`; what has `channels` already is returned as it is.
    """
    if weight.shape[1] == channels:
        return weight
    if channels == 1:
        return weight.sum(dim=1, keepdim=True)
    repeated = torch.arange(channels) % weight.shape[1]
    return weight[:, repeated] * (weight.shape[1] / channels)


def own_names(state: State) -> State:
    """A state dict with the names that torchvision uses today, without auxiliary classifiers."""
    renamed = {_OLD_DENSENET.sub(r"\1\2", name): tensor for name, tensor in state.items()}
    auxiliary = ("AuxLogits.", "aux1.", "aux2.")
    return {name: tensor for name, tensor in renamed.items() if not name.startswith(auxiliary)}


class EmptyOnMeta(TorchFunctionMode):
    """Makes what `torch.empty` makes on the meta device: weights, but no numbers to reckon with."""

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if func is torch.empty:
            kwargs["device"] = "meta"
        return func(*args, **kwargs)


def _make(model: str, image: ImageShape, classes: int, *, init_weights: bool) -> nn.Module:
    check_torchvision(model)
    arguments = torchvision_arguments(model, image, classes, init_weights=init_weights)
    # torchvision takes as long to import as torch itself: only who adopts a network pays for it.
    models = importlib.import_module("torchvision.models")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MaxVit's meshgrid
        try:
            module: nn.Module = models.get_model(model, weights=None, **arguments)
        except ValueError as error:
            raise InvalidConfig("image", f"{model} cannot be made for it: {error}") from None
    return module


def _set_channels(module: nn.Module, name: str, channels: int) -> None:
    """Give the stem another number of input channels; its weights are empty."""
    old = module.get_submodule(name)
    assert isinstance(old, nn.Conv2d)
    if old.in_channels == channels:
        return
    new = nn.Conv2d(
        channels,
        old.out_channels,
        old.kernel_size,  # type: ignore[arg-type]
        stride=old.stride,  # type: ignore[arg-type]
        padding=old.padding,  # type: ignore[arg-type]
        bias=old.bias is not None,
    )
    module.set_submodule(name, new)
