"""timm's networks, and ONNX files as torch writes them, as start networks; beside originals."""

import logging
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torchvision import models as torchvision_models

from search_engine.networks.adopted import adopt, outline_onnx, outline_timm
from search_engine.networks.adopted.torchvision_nets import torchvision_arguments
from search_engine.spec import ImageShape, Outline
from search_engine.spec.errors import InvalidConfig
from tests.adopting import LARGER
from tests.growing import relative_change

CLASSES = 10
SIDE = 64

TIMM_MODELS = (
    "cspresnet50.ra_in1k",
    "darknet53.c2ns_in1k",
    "densenet121.ra_in1k",
    "dla34.in1k",
    "efficientnet_b0.ra_in1k",
    "ghostnet_100.in1k",
    "hrnet_w18_small.gluon_in1k",
    "inception_v3.tv_in1k",
    "mixnet_s.ft_in1k",
    "mobilenetv2_050.lamb_in1k",
    "mobilenetv3_small_100.lamb_in1k",
    "mobilenetv4_conv_small.e2400_r224_in1k",
    "regnetx_004.pycls_in1k",
    "regnety_004.pycls_in1k",
    "repvgg_a0.rvgg_in1k",
    "res2net50_26w_4s.in1k",
    "resnet18.a1_in1k",
    "resnet50.a1_in1k",
    "resnext50_32x4d.a1h_in1k",
    "rexnet_100.nav_in1k",
    "selecsls42b.in1k",
    "seresnet50.a1_in1k",
    "tf_efficientnetv2_b0.in1k",
    "vgg11_bn.tv_in1k",
    "wide_resnet50_2.tv_in1k",
    "xception41.tf_in1k",
)
ONNX_MODELS = (
    "alexnet",
    "densenet121",
    "efficientnet_b0",
    "efficientnet_v2_s",
    "googlenet",
    "inception_v3",
    "mnasnet0_5",
    "mobilenet_v2",
    "mobilenet_v3_small",
    "regnet_x_400mf",
    "regnet_y_400mf",
    "resnet18",
    "resnet50",
    "resnext50_32x4d",
    "shufflenet_v2_x0_5",
    "squeezenet1_1",
    "vgg11_bn",
    "wide_resnet50_2",
)
"""torchvision's, one or two of each family, written by `torch.onnx.export`."""
TOLD_APART = 1e-3
"""By so much logits must differ between images, or a comparison of them says nothing."""
_LARGER = {**LARGER, "alexnet": 224, "vgg11_bn": 224, "inception_v3.tv_in1k": 80}
"""On smaller images AlexNet and VGG pool to a larger map, which as ONNX is not read."""


def adopted_file(source: str, model: str, folder: Path) -> tuple[Outline, Path, float]:
    """A network as it is read from a file.

    Args:
        source: `timm` or `onnx`.
        folder: in which its file is written.

    Returns:
        Its outline, its file, and how far its logits are from the original's.
    """
    side = _LARGER.get(model, SIDE)
    image = ImageShape(3, side, side)
    if source == "timm":
        path = folder / "program.pt2"
        outline = outline_timm(model, image, CLASSES, path)
        original = _timm(model)
    else:
        path = folder / f"{model}.onnx"
        original = _torchvision(model, image)
        if not _are_told_apart(original, image):
            _measure_norms(original, image)
        _write_onnx(original, image, path)
        outline = outline_onnx(path)
    network = adopt(outline.config(), weights=path).eval()
    if not _are_told_apart(original, image):
        raise InvalidConfig(model, "nothing of an image is left in its logits")
    images = _images(image)
    with torch.no_grad():
        return outline, path, relative_change(original(images), network(images))


def _images(image: ImageShape, count: int = 2) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(count, image.channels, image.height, image.width, generator=generator)


@torch.no_grad()
def _are_told_apart(network: nn.Module, image: ImageShape) -> bool:
    first, second = network(_images(image)).split(1)
    return relative_change(first, second) >= TOLD_APART


@torch.no_grad()
def _measure_norms(network: nn.Module, image: ImageShape) -> None:
    """Batch norms that have seen images: with fresh ones nothing of an image reaches the logits."""
    norms = [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)]
    usual = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 1.0
    network.train()(_images(image, 16))
    network.eval()
    for norm, momentum in zip(norms, usual, strict=True):
        norm.momentum = momentum


def _timm(model: str) -> nn.Module:
    """With the weights that `export_timm` draws."""
    import timm

    torch.manual_seed(0)
    made: Any = timm.create_model(model, pretrained=False, num_classes=CLASSES)
    return made.eval()


def _torchvision(model: str, image: ImageShape) -> nn.Module:
    torch.manual_seed(0)
    arguments = torchvision_arguments(model, image, CLASSES, init_weights=True)
    made: Any = torchvision_models.get_model(model, weights=None, **arguments)
    return made.eval()


def _write_onnx(network: nn.Module, image: ImageShape, path: Path) -> None:
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    images = torch.zeros(2, image.channels, image.height, image.width)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            (images,),
            path,
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            external_data=False,
            verbose=False,
        )
