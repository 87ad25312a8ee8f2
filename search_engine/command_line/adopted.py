"""Networks that were not built here, as options name them."""

import argparse
from fnmatch import fnmatchcase
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from search_engine.spec import (
    FAMILIES,
    NORMALISATIONS,
    AdoptedConfig,
    ImageShape,
    Outline,
    PublishedWeights,
)
from search_engine.spec.errors import InvalidConfig

if TYPE_CHECKING:
    from search_engine.networks import AdoptedNetwork

_TORCHVISION, _TIMM, _EXPORTED, _ONNX = "torchvision:", "timm:", "exported:", "onnx:"
_NAMED, _FILES = (_TORCHVISION, _TIMM), (_EXPORTED, _ONNX)
NETWORKS = "torchvision:NAME, timm:NAME, exported:FILE.pt2 or onnx:FILE.onnx"
_PUBLISHED = "published"


def add_adopted_options(parser: argparse.ArgumentParser, *, default: str | None) -> None:
    """Add `--network` and `--sites`.

    Args:
        default: family of the network where none is given.
    """
    parser.add_argument(
        "--network",
        type=_network,
        default=default,
        metavar="NETWORK",
        help=f"{', '.join(FAMILIES)}, {NETWORKS}",
    )
    parser.add_argument(
        "--sites",
        metavar="PATTERNS",
        help="where the cell stands in a network that was not built here: names such as"
        " 'layer1.*,layer2.0.conv2'; a sensible choice by default",
    )


def add_weights_options(parser: argparse.ArgumentParser, others: str = "") -> None:
    """Add what says from which weights such a network starts.

    Args:
        others: what else `--weights` may say.
    """
    parser.add_argument(
        "--weights",
        metavar="WEIGHTS",
        help=f"{others}of such a network: a FILE of safetensors, or .pth with tensors only; or"
        " published, published:NAME for one of several, which torchvision and timm give: the images"
        " have then the size and the normalisation that those want. Training begins with them",
    )
    parser.add_argument(
        "--normalisation",
        choices=NORMALISATIONS,
        help="of images, that weights in a file want; the training images' own by default",
    )
    parser.add_argument(
        "--fine-tune",
        action=argparse.BooleanOptionalAction,
        help="train as one does a pretrained network: small rates for what it knows, its last layer"
        " first, crops, mirror images and colours; usual with published weights",
    )
    parser.add_argument(
        "--weights-folder",
        type=Path,
        metavar="DIR",
        help="where published weights are kept, var/weights by default; --download fetches them",
    )
    parser.add_argument(
        "--weights-mirror",
        default="",
        metavar="URL",
        help="address in place of https://download.pytorch.org and https://huggingface.co",
    )


def is_adopted(network: str) -> bool:
    """Whether the option names a network that was not built here."""
    return network.startswith((*_NAMED, *_FILES))


def read_adopted(
    arguments: argparse.Namespace, image: ImageShape | None, classes: int | None
) -> tuple[AdoptedConfig, Outline]:
    """The network that the options name, with the cell at its sites, and its outline.

    Args:
        arguments: with the options of `add_adopted_options`.
        image: shape of its input; colours of 224 x 224 pixels where None, which torchvision's
            networks are made for. A file's network has its own.
        classes: how many it tells apart; 1,000, or those of the file's network, where None.

    Raises:
        SearchEngineError: there is no such network, or it has no such sites.
    """
    with TemporaryDirectory(prefix="espalier-") as folder:
        outline = _outline(arguments.network, image, classes, _program(Path(folder)))
    return _config(arguments, outline), outline


def read_start(
    arguments: argparse.Namespace, image: ImageShape, classes: int, seed: int
) -> tuple[AdoptedConfig, "AdoptedNetwork | None"]:
    """The network that the options name, and that network itself where it has weights.

    Args:
        arguments: with the options of `add_weights_options`, too.
        seed: of a last layer that is drawn anew.

    Raises:
        SearchEngineError: there is no such network, or it has no such sites or weights.
    """
    from search_engine.networks.adopted import adopt

    network: str = arguments.network
    with TemporaryDirectory(prefix="espalier-") as folder:
        program = _program(Path(folder))
        outline = _outline(network, image, classes, program)
        published = published_of(arguments)
        weights: Path | None
        if published is not None:
            weights, published = _file(arguments, published)
            outline = outline.with_weights(published)
        elif arguments.weights:
            weights = Path(arguments.weights)
        else:
            weights = program if network.startswith(_TIMM) else _own_file(network)
        config = _config(arguments, outline)
        return config, adopt(config, weights=weights, seed=seed) if weights else None


def published_of(arguments: argparse.Namespace) -> PublishedWeights | None:
    """The published weights that the options name, if they name any.

    Raises:
        InvalidConfig: there are none such.
    """
    from search_engine.networks.adopted import timm_weights, torchvision_weights

    kind, _, name = (arguments.weights or "").partition(":")
    if kind != _PUBLISHED:
        return None
    source, _, model = (arguments.network or "").partition(":")
    match f"{source}:":
        case "torchvision:":
            return torchvision_weights(model, name) if name else torchvision_weights(model)
        case "timm:":
            return timm_weights(f"{model}.{name}" if name else model)
    raise InvalidConfig("--weights", "published ones go with torchvision:NAME and timm:NAME")


def size_of(arguments: argparse.Namespace) -> tuple[int, int] | None:
    """Height and width that the network wants, where the images can be resized to them."""
    published = published_of(arguments)
    if published is not None:
        return published.image.height, published.image.width
    network: str | None = arguments.network
    if network is None or not network.startswith(_FILES):
        return None
    image = _outline(network, None, None, Path()).image
    return image.height, image.width


def _outline(network: str, image: ImageShape | None, classes: int | None, program: Path) -> Outline:
    # Only who adopts a network waits for torch.
    from search_engine.networks.adopted import (
        outline_exported,
        outline_onnx,
        outline_timm,
        outline_torchvision,
    )

    file = _own_file(network)
    if file is not None:
        read = outline_onnx if network.startswith(_ONNX) else outline_exported
        outline = read(file, classes)
        if image is not None and image != outline.image:
            raise InvalidConfig("image", f"{file.name} takes {outline.image}, got {image}")
        return outline
    model = network.partition(":")[2]
    image = ImageShape(3, 224, 224) if image is None else image
    classes = 1000 if classes is None else classes
    if network.startswith(_TIMM):
        return outline_timm(model, image, classes, program)
    return outline_torchvision(model, image, classes)


def _program(folder: Path) -> Path:
    return folder / "program.pt2"


def _own_file(network: str) -> Path | None:
    """The file that holds the network, where one does."""
    return Path(network.partition(":")[2]) if network.startswith(_FILES) else None


def _file(
    arguments: argparse.Namespace, published: PublishedWeights
) -> tuple[Path, PublishedWeights]:
    from search_engine.networks.adopted import DEFAULT_FOLDER, weights_file

    return weights_file(
        published,
        arguments.weights_folder or DEFAULT_FOLDER,
        download=arguments.download,
        mirror=arguments.weights_mirror,
    )


def _config(arguments: argparse.Namespace, outline: Outline) -> AdoptedConfig:
    normalisation = getattr(arguments, "normalisation", None)
    if normalisation is not None:
        outline = outline.with_normalisation(NORMALISATIONS[normalisation])
    sites = None if arguments.sites is None else _matching(arguments.sites, outline)
    return outline.config(sites)


def _matching(patterns: str, outline: Outline) -> list[str]:
    """Names of the sites that fit one of the patterns."""
    names: list[str] = []
    for pattern in patterns.split(","):
        found = [s.name for s in outline.sites if fnmatchcase(s.name, pattern.strip())]
        if not found:
            raise InvalidConfig(
                "--sites",
                f"{outline.model} has no site {pattern.strip()[:60]!r}; `show` lists its sites",
            )
        names += found
    return names


def _network(text: str) -> str:
    if text in FAMILIES or is_adopted(text):
        return text
    expected = f"{', '.join(FAMILIES)}, {NETWORKS}"
    raise argparse.ArgumentTypeError(f"expected one of {expected}, got {text[:60]!r}")
